"""Numbers of orders and transactions, contiguous over restarts.

An order's number is also its sequence in the tie rule; its id names the epoch it was given in.
"""

from bisect import bisect_right
from typing import NotRequired, TypedDict


class NumbersDump(TypedDict):
    """The counters between two starts."""

    eras: list[list[int]]
    order: int
    transaction: int
    tag: NotRequired[str]


class Numbers:
    """Gives numbers and names them ``<area>-o-<epoch>-<seq>`` and ``<area>-tx-<epoch>-<seq>``.

    The ids of an area's further markets end in ``.<tag>``, for each market counts by itself.

    >>> numbers = Numbers("home", epoch=7)
    >>> numbers.order(numbers.take(2)), numbers.transaction()
    ('home-o-7-1', 'home-tx-7-1')
    """

    def __init__(self, area: str, epoch: int, tag: str = "") -> None:
        self._area, self._epoch = area, epoch
        self._tag = tag
        self._order = self._transaction = 1
        # (first order number, epoch), ascending: which start gave which order.
        self._eras = [(1, epoch)]

    @property
    def next_order(self) -> int:
        """The number the next order gets."""
        return self._order

    def resume(self, dump: NumbersDump) -> None:
        """Go on from an earlier start's numbers, in this epoch."""
        self._order, self._transaction = dump["order"], dump["transaction"]
        self._tag = dump.get("tag", "")
        self._eras = [(first, epoch) for first, epoch in dump["eras"]]
        if self._eras[-1][1] != self._epoch:
            self._eras.append((self._order, self._epoch))

    def named(self, kind: str, number: int) -> str:
        """The id of what is counted elsewhere, ``<area>-<kind>-<epoch>-<number>``."""
        return f"{self._area}-{kind}-{self._epoch}-{number}{self._end}"

    def take(self, count: int) -> int:
        """The first of ``count`` consecutive order numbers."""
        first = self._order
        self._order += count
        return first

    def order(self, number: int) -> str:
        """The id of an order number."""
        first, epoch = self._eras[-1]  # almost all are of this start
        if number < first:
            index = bisect_right(self._eras, number, key=lambda era: era[0]) - 1
            epoch = self._eras[index][1]
        return f"{self._area}-o-{epoch}-{number}{self._end}"

    def transaction(self) -> str:
        """The id of the next transaction."""
        number = self._transaction
        self._transaction += 1
        return f"{self._area}-tx-{self._epoch}-{number}{self._end}"

    def dump(self, oldest: int) -> NumbersDump:
        """What ``resume`` needs; eras before order number ``oldest`` are forgotten."""
        index = max(0, bisect_right(self._eras, oldest, key=lambda era: era[0]) - 1)
        dump = NumbersDump(
            eras=[list(era) for era in self._eras[index:]],
            order=self._order,
            transaction=self._transaction,
        )
        return dump | {"tag": self._tag} if self._tag else dump

    @property
    def _end(self) -> str:
        return f".{self._tag}" if self._tag else ""
