"""The agent port: who turns a snapshot into tenders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.model.device import Device
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Party, Tender
from gateway.model.time import Instant, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """All that an agent may know when it tenders for ``interval``.

    Attributes:
        snapshot: the site now.
        positions: standing positions (integer quantity, BUY +) in the interval by party.
        unmetered: the sum of positions of parties that have no meter here.
        outlook: what may come after the interval; None = nothing is known of it.
        meanwhile: what each party is to draw and to give until the interval begins, Wh >= 0 each;
            only where it is traded ahead, and then the snapshot is what is foreseen.
    """

    now: Instant
    product: Product
    interval: Interval
    snapshot: Snapshot
    positions: Mapping[str, int] = field(default_factory=dict)
    unmetered: int = 0
    outlook: Outlook | None = None
    meanwhile: Mapping[str, tuple[float, float]] = field(default_factory=dict)


class Agent(Protocol):
    """Pure: the same gate gives the same tenders, byte for byte.

    Attributes:
        party: who it tenders for.
    """

    @property
    def party(self) -> Party:
        """Who it tenders for."""
        ...

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """The party's whole requirement for the gate's interval, as steps (netting)."""
        ...


class AgentMaker(Protocol):
    """What an entry point of the group ``gridtender.agents`` names."""

    def __call__(self, device: Device, /) -> Agent:
        """The agent of a device that says its name behind ``agent:``."""
        ...
