"""The state folder: one process owns it, and it remembers what the owner wished."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, TypeVar

from gateway.adapters.files import hand_over, remove, write_whole
from gateway.model.canonical import from_json, text, to_json
from gateway.model.energy import Metered
from gateway.model.errors import GridtenderError
from gateway.model.limit import Wishes
from gateway.model.site import OwnerControl

VERSION: Final = 1
_T = TypeVar("_T")


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


class StateMissing(StateUnusable):
    """There is no such folder, and it was not to be made."""


class StateDir:
    """The folder ``path``, created for its owner alone if missing and ``create``.

    Attributes:
        journal: where the journal lies; ``armings``: the folder of the arming records;
            ``known``: of what is remembered of the devices.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        self.path = path
        self.journal = path / "journal.sqlite"
        self.armings = path / "arming"
        self.known = path / "known"
        self._owner = path / "owner.json"
        self._limits = path / "limits.json"
        self._energy = path / "energy.json"
        self._lock = path / "lock"
        with explained(path):
            if create:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            elif not path.is_dir():
                message = f"{path}: there is no such folder"
                raise StateMissing(message)

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
        with explained(self.path):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            file = os.fdopen(os.open(self._lock, flags, 0o600), "a+", encoding="ascii")
            hand_over(file.fileno(), self.path)
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            with explained(self.path):
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

    def is_held(self) -> bool:
        """Whether a process holds the folder now.

        Raises:
            StateUnusable: the lock file cannot be read.
        """
        with explained(self.path):
            try:
                file = self._lock.open(encoding="ascii")
            except FileNotFoundError:
                return False
            with file:
                try:
                    fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
                return False

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

    def store_control(self, control: OwnerControl | None) -> None:
        """Remember it over restarts and power cuts; None forgets what the owner set.

        Raises:
            StateUnusable: it is not on the disk.
        """
        if control is None:
            self.clear_control()
            return
        content = {"v": VERSION, "control": to_json(control)}
        with explained(self._owner):
            write_whole(self._owner, json.dumps(content, sort_keys=True) + "\n")

    def clear_control(self) -> None:
        """Forget what the owner set: the configured mode holds again.

        Raises:
            StateUnusable: the file cannot be removed.
        """
        with explained(self._owner):
            remove(self._owner)

    def load_limits(self) -> Wishes:
        """Limits the owner set by topic.

        Raises:
            StateUnusable: the file is broken; it is left as it is.
        """
        try:
            kept = load_document(self._limits, _Limits)
        except ValueError as error:
            message = f"{self._limits}: {error}; remove the file, or set the limits again"
            raise StateUnusable(message) from error
        return {} if kept is None else kept.limits

    def store_limits(self, wishes: Wishes) -> None:
        """Remember them over restarts and power cuts.

        Raises:
            StateUnusable: they are not on the disk.
        """
        store_document(self._limits, _Limits(limits=wishes))

    def load_energy(self) -> Mapping[str, Metered]:
        """What was counted of each device.

        Raises:
            StateUnusable: the file is broken, or cannot be read; a broken one is set aside.
        """
        try:
            kept = load_document(self._energy, _Energy)
        except ValueError as error:
            aside = self._energy.with_name(f"{self._energy.name}.broken")
            with explained(self._energy):
                self._energy.replace(aside)
            message = f"{self._energy}: {error}; it is now {aside.name}, and counting begins anew"
            raise StateUnusable(message) from error
        return {} if kept is None else kept.devices

    def store_energy(self, meters: Mapping[str, Metered]) -> None:
        """Remember it over restarts and power cuts.

        Raises:
            StateUnusable: it is not on the disk.
        """
        store_document(self._energy, _Energy(devices=meters))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """``limits.json``."""

    limits: Mapping[str, Mapping[str, float]]
    v: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Energy:
    """``energy.json``."""

    devices: Mapping[str, Metered]
    v: int = VERSION


def load_document(path: Path, shape: type[_T]) -> _T | None:
    """What the file holds, None without one.

    Raises:
        ValueError: the file is broken.
        StateUnusable: it cannot be read.
    """
    with explained(path):
        if not path.exists():
            return None
        content = json.loads(path.read_text("ascii"))
    if not isinstance(content, dict) or content.get("v") != VERSION:
        message = f"expected an object with v: {VERSION}"
        raise ValueError(message)
    return from_json(shape, content)


def store_document(path: Path, content: object) -> None:
    """Replace the file, durable when this returns.

    Raises:
        StateUnusable: it is not on the disk.
    """
    with explained(path):
        write_whole(path, text(content) + "\n")


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """A fault of the disk inside, as a sentence.

    Raises:
        StateUnusable: with it.
    """
    try:
        yield
    except PermissionError as error:
        message = (
            f"{path}: {error.strerror}; state_dir must be a folder we can write to: "
            "be the user the gateway runs as, or use sudo"
        )
        raise StateUnusable(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror or error}; state_dir must be a folder we can write to"
        raise StateUnusable(message) from error
