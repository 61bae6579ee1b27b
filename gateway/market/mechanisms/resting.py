"""Divisible steps that cross nobody, sorted by price and time: what an arriving one meets.

A side is a sorted list of its prices and a sorted level for each.  Adding, removing and meeting
the best are a binary search each.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator

from gateway.model.clearing import MarginalTender
from gateway.model.tender import Side
from gateway.ports.mechanism import Step

_Entry = tuple[int, bool, Step]
"""Order of arrival; then the step."""


class _Half:
    """One side; ``eager`` is the larger, the better a price is for the other side: best last."""

    __slots__ = ("eagers", "levels")

    def __init__(self) -> None:
        self.eagers: list[int] = []
        self.levels: dict[int, list[_Entry]] = {}

    def add(self, eager: int, step: Step) -> None:
        level = self.levels.get(eager)
        if level is None:
            insort(self.eagers, eager)
            self.levels[eager] = [(step.sequence, step.closing, step)]
        else:
            insort(level, (step.sequence, step.closing, step))

    def remove(self, eager: int, step: Step) -> None:
        level = self.levels[eager]
        if len(level) == 1:
            del self.levels[eager]
            del self.eagers[bisect_left(self.eagers, eager)]
        else:
            del level[bisect_left(level, (step.sequence, step.closing))]

    def __iter__(self) -> Iterator[Step]:
        return (entry[2] for eager in self.eagers for entry in self.levels[eager])


class RestingBook:
    """Both sides; no BUY in it reaches a SELL."""

    def __init__(self) -> None:
        self._buys, self._sells = _Half(), _Half()
        self._eagers: dict[Step, int] = {}
        self._newest = 0

    def __iter__(self) -> Iterator[Step]:
        return iter(self._eagers)

    def add(self, step: Step, place: int) -> None:
        """Let a step rest that meets nobody."""
        if not self._eagers or step.sequence > self._newest:
            self._newest = step.sequence
        if step.side is Side.BUY:
            self._eagers[step] = place
            self._buys.add(place, step)
        else:
            self._eagers[step] = -place
            self._sells.add(-place, step)

    def remove(self, step: Step) -> None:
        """Take a resting step out."""
        half = self._buys if step.side is Side.BUY else self._sells
        half.remove(self._eagers.pop(step), step)

    def meets(self, step: Step, place: int) -> bool:
        """Whether the best of the other side would trade with it."""
        if step.side is Side.BUY:
            eagers = self._sells.eagers
            return bool(eagers) and -eagers[-1] < place
        eagers = self._buys.eagers
        return bool(eagers) and eagers[-1] > place

    def serves(self, step: Step) -> bool:
        """Whether the step arrived after all that rest, and is divisible."""
        return not step.all_or_none and (not self._eagers or step.sequence > self._newest)

    def meet(self, step: Step, place: int) -> list[tuple[Step, int]] | None:
        """(who rests, quantity) of each trade, best first; None: one's own other side is there."""
        buying = step.side is Side.BUY
        half, limit = (self._sells, -place) if buying else (self._buys, place)
        trades, wanted = list[tuple[Step, int]](), step.quantity
        for eager in reversed(half.eagers):
            if eager <= limit:
                break
            for _, _, other in half.levels[eager]:
                if other.party == step.party:
                    return None
                quantity = other.quantity
                if quantity >= wanted:
                    trades.append((other, wanted))
                    return trades
                trades.append((other, quantity))
                wanted -= quantity
        return trades

    def best(self, side: Side) -> MarginalTender | None:
        """The first that rests on a side."""
        half = self._buys if side is Side.BUY else self._sells
        return _shown(half.levels[half.eagers[-1]][0][2]) if half.eagers else None

    def after(self, step: Step) -> MarginalTender | None:
        """The one that rests behind a resting step."""
        half = self._buys if step.side is Side.BUY else self._sells
        eager = self._eagers[step]
        level = half.levels[eager]
        if level[-1][2] is not step:
            return _shown(level[bisect_left(level, (step.sequence, step.closing)) + 1][2])
        index = bisect_left(half.eagers, eager)
        return _shown(half.levels[half.eagers[index - 1]][0][2]) if index else None


def _shown(step: Step) -> MarginalTender:
    return MarginalTender(
        party=step.party.id,
        tender=step.tender_id,
        side=step.side,
        price=step.price,
        quantity=step.quantity,
        filled=0,
    )
