"""Where a party asks for its position."""

from collections.abc import Mapping

from gateway.market import Market
from gateway.model.request import AskPosition
from gateway.model.time import Instant
from gateway.runtime.counters.counter import Decision, replied


class PositionCounter:
    """Takes AskPosition; it only reads, also while the journal has failed."""

    def __init__(self, markets: Mapping[str, Market]) -> None:
        self._markets = markets

    def closed(self, _request: AskPosition, _now: Instant) -> str:
        """It is always open."""
        return ""

    def decide(self, request: AskPosition, now: Instant) -> Decision:
        """The party's own position over the interval."""
        position = self._markets[request.product].position(request.party, request.interval)
        return Decision(replied(request, now, (position,)))

    def take_back(self, request: AskPosition) -> None:
        """There is nothing to undo."""

    def withdraw(self, party: str) -> None:
        """There is nothing to withdraw."""
