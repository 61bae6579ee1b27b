"""Programmes: what a dishwasher or a washing machine draws once it has begun, minute by minute."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.model.time import HOUR, MINUTE, Duration, parse_duration, short_duration

ALLOWED: Final = "stretches such as 2000 W for 20min, 100 W for 40min"
# Door, water, heating up: a programme takes a little longer than its label says.
_SPARE: Final = Duration(5 * MINUTE)
_STRETCH: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) *W (?:for )?([0-9]+(?:ms|s|min|h|d))")


@dataclass(frozen=True, slots=True)
class Stretch:
    """So much for so long: W >= 0."""

    power_w: float
    lasts: Duration


@dataclass(frozen=True, slots=True)
class Programme:
    """Stretches in order."""

    stretches: tuple[Stretch, ...]

    @property
    def lasts(self) -> Duration:
        """From its begin to its end."""
        return Duration(sum(stretch.lasts for stretch in self.stretches))

    @property
    def takes(self) -> Duration:
        """From its latest begin to its deadline."""
        return Duration(self.lasts + _SPARE)

    def within(self, start: int, end: int) -> Iterator[tuple[int, int, float]]:
        """(from, to, W) of its stretches inside a window, ns since its begin."""
        at = 0
        for stretch in self.stretches:
            low, high = max(at, start), min(at + stretch.lasts, end)
            if low < high:
                yield low, high, stretch.power_w
            at += stretch.lasts

    def energy_wh(self, start: int, end: int) -> float:
        """What it draws inside a window, ns since its begin."""
        return sum((high - low) * power_w for low, high, power_w in self.within(start, end)) / HOUR

    def __str__(self) -> str:
        """In the words that ``programme_of`` takes."""
        return ", ".join(f"{s.power_w:g} W for {short_duration(s.lasts)}" for s in self.stretches)


def programme_of(said: object) -> Programme:
    """A programme from its words.

    Raises:
        ValueError: anything else.
    """
    stretches = []
    for part in str(said).split(","):
        match = _STRETCH.fullmatch(part.strip())
        if match is None:
            raise ValueError(ALLOWED)
        stretches.append(Stretch(float(match[1]), parse_duration(match[2])))
    programme = Programme(tuple(stretches))
    if not programme.lasts or not programme.energy_wh(0, programme.lasts):
        raise ValueError(ALLOWED)
    return programme
