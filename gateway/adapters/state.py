"""The state folder: one process owns it, and it remembers what the owner wished."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from gateway.adapters.files import remove, write_whole
from gateway.model.canonical import from_json, to_json
from gateway.model.errors import GridtenderError
from gateway.model.site import OwnerControl

VERSION: Final = 1


class StateInUse(GridtenderError):
    """Another process holds the state folder.

    Attributes:
        pid: of that process, None where it could not be read.
    """

    def __init__(self, message: str, *, pid: int | None) -> None:
        super().__init__(message)
        self.pid = pid


class StateUnusable(GridtenderError):
    """The state folder or a file in it cannot be read or written: tell the operator, stop."""


class StateDir:
    """The folder ``path``, created for its owner alone if missing.

    Attributes:
        journal: where the journal lies; ``armings``: the folder of the arming records.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = path / "journal.sqlite"
        self.armings = path / "arming"
        self._owner = path / "owner.json"
        with _explained(path):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; the lock ends with the process, however it ends.

        Raises:
            StateInUse: another process holds it; the message names its pid.
            StateUnusable: the lock file cannot be written.
        """
        with self._acquired():
            yield

    def _acquired(self) -> TextIO:
        with _explained(self.path):
            file = (self.path / "lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            with _explained(self.path):
                file.truncate(0)
                file.write(f"{os.getpid()}\n")
                file.flush()
        except BlockingIOError as error:
            with file:
                raise self._in_use(file) from error
        except BaseException:
            file.close()
            raise
        return file

    def _in_use(self, file: TextIO) -> StateInUse:
        file.seek(0)
        written = file.read().strip()
        pid = int(written) if written.isdecimal() else None
        message = (
            f"{self.path} is in use by process {pid or 'unknown'}: "
            "stop that gridtender first, or name another state_dir"
        )
        return StateInUse(message, pid=pid)

    def load_control(self) -> OwnerControl | None:
        """What the owner set by topic or command, or None.

        Raises:
            StateUnusable: the file is broken; it is left as it is.
        """
        try:
            content = json.loads(self._owner.read_text("ascii"))
            if not isinstance(content, dict) or content.get("v") != VERSION:
                message = f"expected an object with v: {VERSION}"
                raise ValueError(message)  # noqa: TRY301  one sentence for all that is wrong
            return from_json(OwnerControl, content.get("control"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            message = f"{self._owner}: {error}; remove the file to go by the configuration again"
            raise StateUnusable(message) from error

    def store_control(self, control: OwnerControl) -> None:
        """Remember it over restarts and power cuts.

        Raises:
            StateUnusable: it is not on the disk.
        """
        content = {"v": VERSION, "control": to_json(control)}
        with _explained(self._owner):
            write_whole(self._owner, json.dumps(content, sort_keys=True) + "\n")

    def clear_control(self) -> None:
        """Forget what the owner set: the configured mode holds again.

        Raises:
            StateUnusable: the file cannot be removed.
        """
        with _explained(self._owner):
            remove(self._owner)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"{path}: {error.strerror or error}; state_dir must be a folder we can write to"
        raise StateUnusable(message) from error
