"""The drills port: where the owner asks for drills, and hears of them."""

from typing import Protocol

from gateway.model.drill import DrillProgress, DrillRequest, DrillResult


class DrillBook(Protocol):
    """One request at a time.

    Raises (of ``tell``, ``keep`` and ``clear``):
        GridtenderError: the place of requests cannot be written.
    """

    def request(self) -> DrillRequest | None:
        """The request that stands."""
        ...

    def clear(self) -> None:
        """It was answered."""
        ...

    def tell(self, progress: DrillProgress) -> None:
        """Say how far the newest drill came."""
        ...

    def keep(self, result: DrillResult) -> None:
        """Remember what was measured."""
        ...

    def results(self) -> dict[str, DrillResult]:
        """What was measured of each device."""
        ...
