"""``restore``: a backup becomes state and configuration again; what stood there is kept aside."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.adapters.archive import Archive, BackupFailed, NotABackup
from gateway.adapters.clock import real_now
from gateway.adapters.journal_copy import check_whole
from gateway.adapters.journal_file import NewerJournal, NotAJournal
from gateway.adapters.plugins import own_version
from gateway.adapters.state import StateDir
from gateway.app.backup import STATE
from gateway.app.restore_config import changed, restore_config
from gateway.app.restore_state import occupied, restore_state
from gateway.model.errors import GridtenderError
from gateway.model.time import topic_time

Say = Callable[[str], None]


class RestoreRefused(GridtenderError):
    """Something stands where the backup would go."""


def restore(
    source: Path, *, state_dir: Path | None, config: Path | None, force: bool, say: Say
) -> None:
    """Put state and configuration back, by default to where they were.

    Raises:
        NotABackup: the file is not whole, or of a newer version.
        StateInUse: a gateway runs on the state folder.
        RestoreRefused: something would be overwritten and ``force`` was not given.
        BackupFailed: the disk does not let us.
    """
    with tempfile.TemporaryDirectory(prefix="gridtender-restore-") as folder:
        archive = Archive(source, Path(folder))
        _check_version(source, archive)
        state, file = _targets(source, archive, state_dir, config)
        if STATE in _folders(archive):
            _check_journal(archive)
        try:
            with _held(state):
                _check_free(state, file, archive, force=force)
                now = topic_time(real_now())
                if file is not None:
                    restore_config(archive, file, now, say)
                restore_state(archive, state, now, say)
        except OSError as error:
            message = f"{error.filename}: {error.strerror}; be the user of that folder, or use sudo"
            raise BackupFailed(message) from error


def _folders(archive: Archive) -> set[str]:
    return {name.partition("/")[0] for name in archive.names}


def _check_version(source: Path, archive: Archive) -> None:
    found, ours = str(archive.about.get("version")), own_version()
    if _numbers(found) > _numbers(ours):
        message = (
            f"{source}: the backup was written by gridtender {found}, this is {ours}: "
            "upgrade before you restore it"
        )
        raise NotABackup(message)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _targets(
    source: Path, archive: Archive, state_dir: Path | None, config: Path | None
) -> tuple[Path, Path | None]:
    about = archive.about
    state, file = state_dir or about.get("state"), config or about.get("config")
    if not isinstance(state, str | Path):
        message = f"{source}: the backup does not say where its state lay; use --state-dir DIR"
        raise NotABackup(message)
    return Path(state), None if file is None else Path(file)


def _check_journal(archive: Archive) -> None:
    """Raises JournalFailed where the journal's chain does not hold, or a newer one wrote it.

    An older one is as it was backed up, and is brought forward at the next start.
    """
    name = f"{STATE}/journal.sqlite"
    if name not in archive.names:
        return
    try:
        check_whole(archive.file(name))
    except NewerJournal:
        raise
    except NotAJournal:
        return


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """No gateway runs on the folder, and none can start meanwhile."""
    if not folder.is_dir():
        yield
        return
    with StateDir(folder, create=False).lock():
        yield


def _check_free(state: Path, config: Path | None, archive: Archive, *, force: bool) -> None:
    in_the_way = [f"{state} (state of a gateway)"] if occupied(state) else []
    if config is not None:
        in_the_way += [str(path) for path, _ in changed(archive, config) if path.exists()]
    if in_the_way and not force:
        message = (
            f"in the way: {', '.join(in_the_way)}. With --force it is kept aside and the backup "
            "takes its place"
        )
        raise RestoreRefused(message)
