"""Positions of all parties in one resource, as step functions of time."""

from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import NotRequired, TypedDict

from gateway.model.position import Position, PositionStep
from gateway.model.time import Instant, Interval


class PositionsDump(TypedDict):
    """Positions between two starts: ``steps[party]`` is [[instant, position from then on], ...].

    ``shared`` 1: each market of the resource dumps the same.
    """

    since: int
    steps: dict[str, list[list[int]]]
    shared: NotRequired[int]


class Positions:
    """Signed quantities (BUY +, SELL -) by party and time.

    Products of one resource may share it: a forward position then stands in every interval of
    the shorter product inside it.

    >>> positions = Positions("power")
    >>> positions.add("roof", Interval(Instant(0), Instant(10)), -500)
    >>> positions.add("roof", Interval(Instant(4), Instant(10)), 200)
    >>> positions.at("roof", Instant(3)), positions.at("roof", Instant(4))
    (-500, -300)

    Attributes:
        revision: grows with every change.
        since: what was before is forgotten.
    """

    def __init__(self, product: str) -> None:
        self.revision = 0
        self.since = Instant(0)
        self._product = product
        # Per party: instants in order, and the position from each until the next.
        self._instants: dict[str, list[Instant]] = {}
        self._values: dict[str, list[int]] = {}

    def add(self, party: str, interval: Interval, quantity: int) -> None:
        """Change the party's position by the signed ``quantity`` over ``interval``."""
        self.revision += 1
        first = self._break(party, interval.start)
        last = self._break(party, interval.end)
        values = self._values[party]
        for index in range(first, last):
            values[index] += quantity

    def at(self, party: str, instant: Instant) -> int:
        """The party's position at ``instant``; 0 for whoever never traded."""
        instants = self._instants.get(party)
        if not instants:
            return 0
        index = bisect_right(instants, instant) - 1
        return self._values[party][index] if index >= 0 else 0

    def all_at(self, instant: Instant) -> dict[str, int]:
        """Every non-zero position at ``instant``, by party."""
        found = ((party, self.at(party, instant)) for party in self._instants)
        return {party: quantity for party, quantity in found if quantity}

    def held(self, interval: Interval) -> tuple[str, ...]:
        """Parties with a position at some time of ``interval``."""
        found = []
        for party, instants in self._instants.items():
            first, last = _inside(instants, interval)
            if any(self._values[party][max(0, first - 1) : last]):
                found.append(party)
        return tuple(found)

    def steps(self, party: str, interval: Interval, product: str = "") -> Position:
        """The party's position over ``interval``, in steps without gaps, equal ones joined.

        ``product`` is as which of those that share it the position is shown.
        """
        instants, values = self._instants.get(party, []), self._values.get(party, [])
        first, last = _inside(instants, interval)
        start, quantity = interval.start, values[first - 1] if first else 0
        steps: list[PositionStep] = []
        for end, value in zip(instants[first:last], values[first:last], strict=True):
            if value != quantity:
                steps.append(PositionStep(interval=Interval(start, end), quantity=quantity))
                start, quantity = end, value
        steps.append(PositionStep(interval=Interval(start, interval.end), quantity=quantity))
        return Position(party=party, product=product or self._product, steps=tuple(steps))

    def forget_before(self, instant: Instant) -> None:
        """Drop what ended before ``instant``; ``at`` knows it no longer."""
        self.since = max(self.since, instant)
        for party in list(self._instants):
            instants, values = self._instants[party], self._values[party]
            gone = bisect_right(instants, instant) - 1
            if gone <= 0:
                continue
            del instants[:gone], values[:gone]
            if not any(values):
                del self._instants[party], self._values[party]

    def absorb(self, other: "Positions") -> None:
        """Add all that ``other`` holds."""
        self.since = max(self.since, other.since)
        for party, pairs in other.dump()["steps"].items():
            for (start, value), (end, _) in pairwise(pairs):
                self.add(party, Interval(Instant(start), Instant(end)), value)

    def dump(self) -> PositionsDump:
        """Everything, for ``load``."""
        return PositionsDump(
            since=self.since,
            steps={
                party: [list(pair) for pair in zip(instants, self._values[party], strict=True)]
                for party, instants in sorted(self._instants.items())
            },
        )

    @classmethod
    def load(cls, product: str, dump: PositionsDump) -> "Positions":
        """The inverse of ``dump``."""
        positions = cls(product)
        positions.since = Instant(dump["since"])
        for party, pairs in dump["steps"].items():
            positions._instants[party] = [Instant(instant) for instant, _ in pairs]
            positions._values[party] = [value for _, value in pairs]
        return positions

    def _break(self, party: str, instant: Instant) -> int:
        """Let a step begin at ``instant``; returns its index."""
        instants = self._instants.setdefault(party, [])
        values = self._values.setdefault(party, [])
        index = bisect_left(instants, instant)
        if index == len(instants) or instants[index] != instant:
            instants.insert(index, instant)
            values.insert(index, values[index - 1] if index else 0)
        return index


def _inside(instants: list[Instant], interval: Interval) -> tuple[int, int]:
    """The indices [first, last) of the instants after the interval's start and before its end."""
    return bisect_right(instants, interval.start), bisect_left(instants, interval.end)
