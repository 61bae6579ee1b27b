"""A string of panels that stopped while its sisters give: a fuse, a connector, a shadow for good.

Strings of one roof differ by nature in size and in where they look, so weak ones are not judged.
Only one that gave before in this run, and now gives next to nothing for an hour in which its
sisters give well, is named.  An input without panels never gave.
"""

import re
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from gateway.model.event import Fact, FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.model.time import HOUR, Duration, Instant
from gateway.ports.bus import Bus

LOW: Final = "STRING_LOW"
_POWER = re.compile(r"160\.(\d+)\.DCW")
_GIVES_WELL_W: Final = 300.0
_NOTHING: Final = 0.05  # of the median of its sisters
_SOMETHING: Final = 0.20
_PATIENCE: Final = Duration(HOUR)


@dataclass(slots=True)
class _String:
    """One string: whether it ever gave, and since when it does not."""

    gave: bool = False
    low_since: Instant | None = None
    expected: float = 0.0
    observed: float = 0.0


@dataclass(slots=True)
class _Roof:
    strings: dict[str, _String] = field(default_factory=dict)
    told: tuple[str, ...] = ()


class Strings:
    """Hears readings with the points of model 160."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._roofs: dict[str, _Roof] = {}
        bus.listen(self._hear)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, Reading) and "160.1.DCW" in fact.points:
            powers = _powers(fact)
            if len(powers) > 1 and fact.quality is Quality.GOOD:
                self._look(fact, powers)

    def _look(self, reading: Reading, powers: dict[str, float]) -> None:
        roof = self._roofs.setdefault(reading.device, _Roof())
        for name, power in powers.items():
            sisters = median(other for key, other in powers.items() if key != name)
            if sisters >= _GIVES_WELL_W:
                found = roof.strings.setdefault(name, _String())
                _judge(found, power, sisters, reading.at)
        low = tuple(name for name, one in roof.strings.items() if _is_low(one, reading.at))
        if low != roof.told:
            roof.told = low
            self._tell(reading, roof, low)

    def _tell(self, reading: Reading, roof: _Roof, low: tuple[str, ...]) -> None:
        one = roof.strings[low[0]] if low else None
        named = " and ".join(f"string {name}" for name in low)
        text = (
            ""
            if one is None
            else (f"{named} gave {one.observed:.0f} W where its sisters give {one.expected:.0f} W")
        )
        self._bus.publish(
            FaultChanged(
                device=reading.device,
                code=LOW,
                active=one is not None,
                at=reading.at,
                text=text,
                expected=None if one is None else one.expected,
                observed=None if one is None else one.observed,
            )
        )


def _powers(reading: Reading) -> dict[str, float]:
    """W by the number of the module; one that tells none is left out."""
    found = {}
    for point, value in reading.points.items():
        named = _POWER.fullmatch(point)
        if named is not None and isinstance(value, int | float):
            found[named[1]] = float(value)
    return found


def _judge(one: _String, power: float, sisters: float, at: Instant) -> None:
    if power >= _SOMETHING * sisters:
        one.gave, one.low_since = True, None
    elif power < _NOTHING * sisters and one.gave:
        one.low_since = at if one.low_since is None else one.low_since
        one.expected, one.observed = sisters, power


def _is_low(one: _String, at: Instant) -> bool:
    return one.low_since is not None and at - one.low_since >= _PATIENCE
