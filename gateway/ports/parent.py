"""The parent port: a market above, met as one of its parties."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.model.intertie import ParentTerms
from gateway.model.tender import TenderSet
from gateway.model.time import Instant, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the parent trades next: ``interval``, until its ``gate``."""

    interval: Interval
    gate: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A transaction of the parent's market, in its integers.

    Attributes:
        tender: of the set it fills, empty for what a requirement had to trade back.
        quantity: BUY +, SELL -.
    """

    id: str
    tender: str
    interval: Interval
    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """The parent cleared an instrument; ``price`` None: nothing was traded."""

    instrument: Interval
    price: int | None


class Parent(Protocol):
    """Connects when it is run, and again for ever; it hands on what it hears at once.

    Attributes:
        on_award, on_cleared: called for each; they return at once and never raise.
    """

    on_award: Callable[[Award], None]
    on_cleared: Callable[[Cleared], None]

    @property
    def away(self) -> str:
        """Why the parent does not hear us; empty while it does."""
        ...

    @property
    def terms(self) -> ParentTerms | None:
        """Of its product; None before they were heard."""
        ...

    @property
    def session(self) -> Session | None:
        """The newest that was heard."""
        ...

    async def run(self) -> None:
        """Be connected, until cancelled."""
        ...

    async def state(self, tenders: TenderSet) -> str:
        """State the whole requirement for an interval, instead of what stands; empty: none.

        Returns:
            Why the parent refused it; empty where it stands.

        Raises:
            BrokerUnavailable: nobody heard it, or nobody answered in time.
        """
        ...

    def acknowledge(self, award: Award, refused: str) -> None:
        """Tell the parent that the award was taken, or why it was not."""
        ...
