"""A small transport problem: how much of each kind can be sent on to places that take it.

Kinds and places are few (the different sets of warrants in a book), so augmenting paths found
breadth first are quick.

Source: L. Ford, D. Fulkerson, Maximal flow through a network, 1956.
"""

from collections import deque
from collections.abc import Callable, Mapping

Kind = frozenset[str]
Fits = Callable[[Kind, Kind], bool]
"""Whether what is of the first kind may go to the second."""


class Transport:
    """Flows so far; what was sent stays sent, but may be sent elsewhere.

    >>> green, plain = frozenset({"green"}), frozenset()
    >>> transport = Transport({green: 10, plain: 10}, lambda buy, sell: buy <= sell)
    >>> transport.send(plain, 15), transport.send(green, 10), transport.left
    (15, 5, 0)
    """

    def __init__(self, capacity: Mapping[Kind, int], fits: Fits) -> None:
        self._free = dict(capacity)
        self._fits = fits
        self._flow: dict[tuple[Kind, Kind], int] = {}

    @property
    def left(self) -> int:
        """Capacity that nothing was sent to."""
        return sum(self._free.values())

    def send(self, kind: Kind, quantity: int) -> int:
        """Send as much as goes, up to ``quantity``; how much went."""
        sent = 0
        while sent < quantity and (path := self._path(kind)):
            amount = min(quantity - sent, self._free[path[-1]], *self._moved(path))
            self._free[path[-1]] -= amount
            for index in range(0, len(path), 2):
                pair = path[index], path[index + 1]
                self._flow[pair] = self._flow.get(pair, 0) + amount
                if index:
                    self._flow[path[index], path[index - 1]] -= amount
            sent += amount
        return sent

    def _moved(self, path: list[Kind]) -> list[int]:
        """What each kind on the way has where it would be taken from."""
        return [self._flow[path[i], path[i - 1]] for i in range(2, len(path), 2)]

    def _path(self, kind: Kind) -> list[Kind]:
        """kind, place, kind that is moved from there, place, ... to a free place; or nothing."""
        queue, seen = deque([[kind]]), {kind}
        reached: set[Kind] = set()
        while queue:
            path = queue.popleft()
            for place in self._free:
                if place in reached or not self._fits(path[-1], place):
                    continue
                reached.add(place)
                if self._free[place]:
                    return [*path, place]
                for (other, there), flow in self._flow.items():
                    if there == place and flow and other not in seen:
                        seen.add(other)
                        queue.append([*path, place, other])
        return []
