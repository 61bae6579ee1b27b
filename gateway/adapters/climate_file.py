"""What was learned of rooms, in the state folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.adapters.state import StateUnusable, explained, load_document, store_document
from gateway.model.comfort import Learned
from gateway.model.time import Instant

# Documents keep thousandths; what was learned is finer.
_SCALE: Final = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """One of them: the numbers of ``Learned`` in billionths, row by row."""

    theta: tuple[int, ...]
    unsure: tuple[int, ...]
    samples: int
    risen: Instant = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """The file."""

    rooms: Mapping[str, _Room] = field(default_factory=dict)
    v: int = 1


class ClimateFile:
    """``climates.json``: what was learned, by device."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "climates.json"

    def load(self) -> Mapping[str, Learned]:
        """What was learned; nothing without the file.

        Raises:
            StateUnusable: it cannot be read; a broken one is set aside.
        """
        try:
            content = load_document(self._path, _Content) or _Content()
            return {name: _read(room) for name, room in content.rooms.items()}
        except ValueError as error:
            aside = self._path.with_name(f"{self._path.name}.broken")
            with explained(self._path):
                self._path.replace(aside)
            message = f"{self._path}: {error}; it is now {aside.name}: rooms are learned anew"
            raise StateUnusable(message) from error

    def store(self, learned: Mapping[str, Learned]) -> None:
        """Replace the file.

        Raises:
            StateUnusable: it is not on the disk.
        """
        rooms = {name: _written(one) for name, one in learned.items()}
        store_document(self._path, _Content(rooms=rooms))


def _written(one: Learned) -> _Room:
    flat = [number for row in one.unsure for number in row]
    return _Room(
        theta=tuple(round(number * _SCALE) for number in one.theta),
        unsure=tuple(round(number * _SCALE) for number in flat),
        samples=one.samples,
        risen=one.risen,
    )


def _read(room: _Room) -> Learned:
    a, b, c = (number / _SCALE for number in room.theta)
    rows = [number / _SCALE for number in room.unsure]
    if len(rows) != 9:  # noqa: PLR2004  three by three
        message = f"unsure: found {len(rows)} numbers, expected 9"
        raise ValueError(message)
    return Learned(
        theta=(a, b, c),
        unsure=(
            (rows[0], rows[1], rows[2]),
            (rows[3], rows[4], rows[5]),
            (rows[6], rows[7], rows[8]),
        ),
        samples=room.samples,
        risen=room.risen,
    )
