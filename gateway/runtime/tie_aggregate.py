"""What the market above is told of an area: its aggregate, as one requirement per interval."""

from collections.abc import Callable
from typing import Final

import structlog

from gateway.agents.intertie import Offer, as_tenders, tendered
from gateway.model.demand import Demand
from gateway.model.errors import BrokerUnavailable
from gateway.model.intertie import Contract, ParentTerms
from gateway.model.product import Product
from gateway.model.tender import TenderSet
from gateway.model.time import MILLISECOND, Duration, Instant, Interval, short_duration
from gateway.ports.clock import Clock
from gateway.ports.parent import Parent, Session
from gateway.runtime.tie_awards import Awards

LOOK_EVERY: Final = Duration(100 * MILLISECOND)


class Aggregate:
    """Sends it up twice for each interval: early, and just before the parent's gate.

    Args:
        demand: everybody else's of the area, in an interval, as of now.
        awards: where it is noted what was offered.
    """

    def __init__(
        self,
        *,
        contract: Contract,
        product: Product,
        parent: Parent,
        demand: Callable[[Interval], Demand],
        awards: Awards,
        clock: Clock,
    ) -> None:
        self._contract = contract
        self._product = product
        self._parent = parent
        self._demand = demand
        self._awards = awards
        self._clock = clock
        self._revision = 0
        self._told: set[str] = set()
        self._log = structlog.get_logger().bind(intertie=contract.tie)

    async def look(self, halted: Callable[[Interval], bool]) -> None:
        """Tell what is due; where it is ``halted``, that nothing is wanted."""
        session, terms = self._parent.session, self._parent.terms
        if session is not None and terms is not None and self._fits(terms):
            await self._tell(session, terms, halted)

    async def _tell(
        self, session: Session, terms: ParentTerms, halted: Callable[[Interval], bool]
    ) -> None:
        """Once as soon as it is traded, for markets in between, and once before the gate."""
        interval, instrument = session.interval, self._awards.of(session.interval)
        last = Instant(session.gate - self._contract.ahead)
        wanted = 2 if self._clock.now() + LOOK_EVERY >= last else 1
        if instrument.told >= wanted or self._clock.now() >= session.gate:
            return
        instrument.told = wanted
        if wanted > 1:
            await self._clock.sleep_until(last)
        demand = self._demand(interval)
        bounds = self._contract.bounds_at(interval.start)
        nothing = halted(interval)
        offers = () if nothing else tendered(demand, self._contract, bounds, terms)
        await self._state_up(interval, offers)

    async def _state_up(self, interval: Interval, offers: tuple[Offer, ...]) -> None:
        self._revision = max(self._revision + 1, self._clock.now() // MILLISECOND)
        revision, instrument = self._revision, self._awards.of(interval)
        tenders = TenderSet(
            party=self._contract.area,
            product=self._contract.parent_product,
            interval=interval,
            tenders=as_tenders(offers, interval.start, revision),
            netting=True,
            revision=revision,
        )
        instrument.offered |= {tender.id: tender for tender in tenders.tenders}
        try:
            why = await self._parent.state(tenders)
        except BrokerUnavailable as fault:
            why = str(fault)
        if not why:
            instrument.revision = max(revision, instrument.revision or 0)
            self._told.discard("tender")
        elif "tender" not in self._told:
            self._told.add("tender")
            self._log.warning("intertie.tender_refused", reason=why)

    def _fits(self, terms: ParentTerms) -> bool:
        """Whether both mean the same by a number and an interval; says it once if not."""
        own = self._product
        pairs = (
            ("interval", short_duration(own.interval), short_duration(terms.interval)),
            ("unit", own.unit, terms.unit),
            ("currency", own.currency, terms.currency),
            ("priceScale", str(own.price_scale), str(terms.price_scale)),
            ("quantityScale", str(own.quantity_scale), str(terms.quantity_scale)),
        )
        for name, ours, theirs in pairs:
            if ours != theirs:
                return self._misfit(f"{name} here is {ours}, there {theirs}: make them the same")
        if terms.lead <= own.gate_lead:
            theirs, ours = short_duration(terms.lead), short_duration(own.gate_lead)
            text = f"the parent's gate closes {theirs} before delivery, the own one {ours}"
            return self._misfit(f"{text}: set dispatch.gate_lead here to less")
        return True

    def _misfit(self, why: str) -> bool:
        if why not in self._told:
            self._told.add(why)
            self._log.error("intertie.misfit", reason=why, effect="it trades on standing terms")
        return False
