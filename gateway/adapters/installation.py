"""What tells this installation from every other one: machine and state folder."""

import hashlib
import secrets
from pathlib import Path
from typing import Final

from gateway.adapters.files import write_whole

_MACHINE_ID: Final = Path("/etc/machine-id")
_KEPT: Final = "installation"
_UNSET: Final = frozenset({"", "uninitialized"})


def installation(state_dir: str, machine_id: Path = _MACHINE_ID) -> str:
    """Eight hexadecimal digits, the same at every start.

    Many containers have no machine id and the same state folder: there a word is made once and
    kept in the state folder.
    """
    machine = _read(machine_id)
    if machine in _UNSET:
        machine = _kept(Path(state_dir) / _KEPT)
    return hashlib.sha256(f"{machine}\n{state_dir}".encode()).hexdigest()[:8]


def client_id(area: str, state_dir: str, machine_id: Path = _MACHINE_ID) -> str:
    """The MQTT client id of this area's gateway on this machine and state directory."""
    return f"gridtender-{area}-{installation(state_dir, machine_id)}"


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""


def _kept(path: Path) -> str:
    """With a disk that takes nothing another one at each start."""
    if known := _read(path):
        return known
    made = secrets.token_hex(8)
    try:
        write_whole(path, made + "\n")
    except OSError:
        return made
    return made
