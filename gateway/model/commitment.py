"""Commitments: what loads have bought ahead, as a person reads it in a calendar."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model.time import HOUR, Instant, Interval, topic_time

LEAST_WH: Final = 100.0
"""Less is not worth an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A stretch of time in which a load draws what it has bought, Wh > 0."""

    device: str
    interval: Interval
    energy_wh: float

    @property
    def name(self) -> str:
        """In the words of a wish: whoever moves the event wishes it there."""
        return f"{self.device}: {self.energy_wh / 1000:.1f} kWh"

    def differs(self, other: "Commitment") -> bool:
        """Whether a person would see it."""
        return self.interval != other.interval or self.name != other.name

    def uid(self, area: str) -> str:
        """What its event is known by."""
        return f"{area}.{self.device}.{topic_time(self.interval.start)}@gridtender"


def commitments(
    device: str, steps: Iterable[tuple[Interval, float]], now: Instant
) -> Iterator[Commitment]:
    """Stretches without a gap that begin after ``now``, of a device's power ahead, W in order."""
    for run in _runs(steps):
        begin, end = run[0][0].start, run[-1][0].end
        energy_wh = sum(power_w * one.duration / HOUR for one, power_w in run)
        if begin > now and energy_wh >= LEAST_WH:
            yield Commitment(device=device, interval=Interval(begin, end), energy_wh=energy_wh)


def _runs(steps: Iterable[tuple[Interval, float]]) -> Iterator[Sequence[tuple[Interval, float]]]:
    run: list[tuple[Interval, float]] = []
    for interval, power_w in steps:
        if run and (power_w <= 0 or interval.start != run[-1][0].end):
            yield run
            run = []
        if power_w > 0:
            run.append((interval, power_w))
    if run:
        yield run
