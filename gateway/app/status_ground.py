"""What the state folder tells of its gateway, whether or not one runs."""

from dataclasses import dataclass
from pathlib import Path

from gateway.adapters.armory import FileArmory
from gateway.adapters.party_file import PartyFile
from gateway.adapters.presence import Presence, find
from gateway.adapters.state import StateDir, StateUnusable
from gateway.app.party_page import asking
from gateway.model.site import OwnerControl
from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A state folder.

    Attributes:
        running: whether a process holds it.
        control: what topic or command said last, None when nothing; ``control_broken``: why it
            cannot be read, else empty.
        armed: devices that were written to and not let go; ``broken``: a sentence per record
            that cannot be used.
        written: when the journal's file was written last, None without one.
        presence: what the last gateway left of itself.
        asking: a sentence for each that waits for the owner's consent.
    """

    path: Path
    running: bool
    control: OwnerControl | None
    control_broken: str
    armed: tuple[str, ...]
    broken: tuple[str, ...]
    written: Instant | None
    presence: Presence | None
    asking: tuple[str, ...] = ()


def read_ground(state: StateDir) -> Ground:
    """Look; nothing is written.

    Raises:
        StateUnusable: it may not be looked into.
        JournalFailed: the folder of the arming records may not be.
    """
    control, control_broken = None, ""
    try:
        control = state.load_control()
    except StateUnusable as fault:
        control_broken = str(fault)
    armory = FileArmory(state.armings) if state.armings.is_dir() else None
    return Ground(
        path=state.path,
        running=state.is_held(),
        control=control,
        control_broken=control_broken,
        armed=() if armory is None else tuple(one.device for one in armory.all()),
        broken=() if armory is None else armory.broken,
        written=_written(state.journal),
        presence=find(state.path),
        asking=_asking(state.path),
    )


def nothing_at(path: Path) -> Ground:
    """A folder that is not there: no gateway has run with it."""
    return Ground(
        path=path,
        running=False,
        control=None,
        control_broken="",
        armed=(),
        broken=(),
        written=None,
        presence=None,
    )


def _asking(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(asking(PartyFile(folder).load()))
    except StateUnusable as fault:
        return (str(fault),)


def _written(journal: Path) -> Instant | None:
    """Of the file or its write-ahead log, whichever is newer."""
    times = [path.stat().st_mtime_ns for path in (journal, Path(f"{journal}-wal")) if path.exists()]
    return Instant(max(times)) if times else None
