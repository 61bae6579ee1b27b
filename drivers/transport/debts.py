"""Answers still owed, where an answer does not say which request it is for.

On a serial bus, and behind a bridge that makes transaction numbers up, the late answer to one
read looks like the answer to the next.  So after a request without answer the next one of the
same kind is preceded by a proof: a read of another length, whose answer can be mistaken for
nobody's.  Devices answer in order, so when it is there, whatever was owed before it has come or
never will.
"""

from collections.abc import Callable
from itertools import count as count_from

from drivers.transport.request import ERROR, WRITES, Request, can_answer, reading, size_of
from gateway.ports.line import HOLDING

FORGOTTEN_S = 30.0  # no device answers later than this


class Debts:
    """What was asked of each unit and not answered, oldest first."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._owed: dict[int, list[tuple[float, Request]]] = {}

    def owe(self, request: Request) -> None:
        """It was sent and not answered."""
        self._owed.setdefault(request.unit, []).append((self._now_s(), request))

    def owes(self, request: Request) -> bool:
        """Whether an answer that is still to come could be taken for this request's."""
        return any(owed.function == request.function for owed in self._of(request.unit))

    def proof(self, request: Request) -> Request:
        """A read whose answer is of another length than that of the request and of all owed."""
        function = HOLDING if request.function in WRITES else request.function
        asked = (request, *self._of(request.unit))
        lengths = {size_of(function, owed.registers) for owed in asked}
        count = next(n for n in count_from(1) if size_of(function, n) not in lengths)
        return reading(request.unit, request.address, count, function)

    def proven(self, unit: int, answer: bytes) -> None:
        """Take what a proof was answered: nothing is owed any more.

        A refusal has no length, so where several answers are owed it may be that of any one.
        """
        if answer[0] & ERROR and len(owed := self._owed.get(unit, [])) > 1:
            del owed[0]
        else:
            self._owed.pop(unit, None)

    def came(self, unit: int, answer: bytes) -> None:
        """An answer that nobody waits for pays the oldest debt that it fits."""
        for index, request in enumerate(self._of(unit)):
            if can_answer(request.body, answer):
                del self._owed[unit][: index + 1]
                return

    def _of(self, unit: int) -> list[Request]:
        """What the unit owes; what is too old is forgotten."""
        since_s = self._now_s() - FORGOTTEN_S
        owed = [one for one in self._owed.pop(unit, []) if one[0] > since_s]
        if owed:
            self._owed[unit] = owed
        return [request for _, request in owed]
