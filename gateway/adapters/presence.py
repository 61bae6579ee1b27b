"""Where a running gateway can be heard, for commands on the same machine.

One small file in the state folder, written when a broker is there.  It holds no password: what
the gateway says of the house, anybody may read.
"""

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from gateway.adapters.files import write_whole

VERSION: Final = 1
_NAME: Final = "running.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """A gateway and its broker.

    Attributes:
        kind: of the broker: external, mosquitto or embedded.
        scale: of its clock, ``epoch_real,epoch_sim,speed``; empty in real time.
    """

    area: str
    kind: str
    host: str
    port: int
    username: str
    version: str
    scale: str = ""


def announce(folder: Path, presence: Presence) -> None:
    """Leave it in the state folder; a disk that does not take it is no reason to stop."""
    path, text = folder / _NAME, json.dumps({"v": VERSION, **asdict(presence)}) + "\n"
    with contextlib.suppress(OSError):
        if not path.exists() or path.read_text("utf-8") != text:
            write_whole(path, text)


def find(folder: Path) -> Presence | None:
    """What the last gateway on the folder left, or None."""
    try:
        content = json.loads((folder / _NAME).read_text("utf-8"))
        if content.pop("v") != VERSION:
            return None
        return Presence(**content)
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return None
