"""What stands in the state folder: leftovers of earlier lives, and what a write met last."""

import os
import pwd
from collections.abc import Collection, Iterator
from pathlib import Path

from gateway.app.doctor.catalogue import Finding, found
from gateway.app.status_ground import Ground

_SQLITE = ("-wal", "-shm")


def of_state(ground: Ground, configured: Collection[str] | None) -> Iterator[Finding]:
    """Findings about a folder; ``configured``: ids of devices, None where nobody knows them."""
    path = ground.path
    yield found("GATEWAY_RUNS" if ground.running else "GATEWAY_RESTS", "gateway", path=path)
    foreign = [] if configured is None else [id_ for id_ in ground.armed if id_ not in configured]
    for device in foreign:
        yield found("ARMING_FOREIGN", device, device=device)
    left = [id_ for id_ in ground.armed if id_ not in foreign]
    if left and not ground.running:
        yield found("ARMING_LEFT", "devices", devices=", ".join(left))
    for why in ground.broken:
        yield found("ARMING_BROKEN", "release", why=why)
    if ground.control_broken:
        yield found("OWNER_BROKEN", "control", why=ground.control_broken)
    if path.is_dir():
        yield from _set_aside(path)
        yield from _lock(path, running=ground.running)


def _set_aside(path: Path) -> Iterator[Finding]:
    files = [*path.glob("journal.sqlite*.corrupt-*"), *path.glob("*.broken")]
    for file in sorted(files):
        if not file.name.endswith(_SQLITE):
            yield found("SET_ASIDE", "disk", file=file)


def _lock(path: Path, *, running: bool) -> Iterator[Finding]:
    lock = path / "lock"
    try:
        owner, folder = lock.stat().st_uid, path.stat().st_uid
        pid = lock.read_text("ascii").strip()
    except (OSError, ValueError):
        return
    if owner != folder:
        names = {"owner": _user(owner), "folder": _user(folder)}
        yield found("LOCK_FOREIGN", "state", path=path, **names)
    if not running and pid.isdecimal() and not _is_alive(int(pid)):
        yield found("LOCK_STALE", "state", pid=pid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
