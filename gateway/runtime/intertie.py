"""The intertie: the area trades with the market above, and goes on where that does not answer.

Up: before the parent's gate the area's aggregate, as one requirement.  Down: what the parent
awarded, as a must-run tender at the own gate.  Where no answer came in time the connection trades
on the contract's standing terms: losing messages is not losing the wire.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from gateway.agents.intertie import (
    Offer,
    as_tenders,
    coming_down,
    delivered,
    landed,
    net,
    revision_of,
    tendered,
)
from gateway.agents.tie_rows import passed
from gateway.model.clearing import Clearing
from gateway.model.demand import Demand
from gateway.model.errors import BrokerUnavailable
from gateway.model.event import EnergyCounted, Fact, FaultChanged
from gateway.model.intertie import (
    Bounds,
    Contract,
    OnBreach,
    ParentTerms,
    TieMode,
    TiePosition,
    TieRow,
    TieState,
)
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.site import GridLimits
from gateway.model.tender import Party, Side, Tender, TenderSet, TieClass
from gateway.model.time import MILLISECOND, Duration, Instant, Interval, short_duration
from gateway.ports.agent import Gate
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.parent import Award, Cleared, Parent, Session
from gateway.runtime.breach import BreachWatch, has_no_voltage

_LOOK_EVERY = Duration(100 * MILLISECOND)
_KEPT = 4  # instruments of which everything is remembered


@dataclass(slots=True)
class _Instrument:
    """What is known of one interval.

    Attributes:
        told: how often its aggregate was sent up: 0, early 1, before the gate 2.
        revision: the newest that the parent took; None: none.
        cleared: what the parent's clearing said.
        awards: taken ones by id; ``judged``: every one, with why it was refused.
        held: whether our own gate is past; ``due``: an award came after it.
    """

    told: int = 0
    revision: int | None = None
    cleared: Cleared | None = None
    awards: dict[str, Award] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    held: bool = False
    due: bool = False

    @property
    def answered(self) -> bool:
        return self.revision is not None and bool(self.cleared or self.awards)

    @property
    def award(self) -> int:
        return sum(award.quantity for award in self.awards.values())

    @property
    def price(self) -> int | None:
        """Of the parent; the clearing tells it, and so does every award."""
        if self.cleared is not None and self.cleared.price is not None:
            return self.cleared.price
        return next((award.price for award in reversed(self.awards.values())), None)


class Intertie:
    """The connection's party in its product's market.

    Args:
        contract: what was agreed.
        product: of this area.
        parent: the market above.
        demand: everybody else's, in an interval, as of now.
        auction: clears the running interval again; says why.
        grid: the meter of the connection; None: nobody measures.
        tolerance_w: a flow so much beyond an award is noise.
    """

    def __init__(
        self,
        *,
        contract: Contract,
        product: Product,
        parent: Parent,
        demand: Callable[[Interval], Demand],
        auction: Callable[[str], object],
        grid: str | None,
        tolerance_w: float,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.contract = contract
        self._product = product
        self._parent = parent
        self._demand = demand
        self._auction = auction
        self._grid = grid
        self._bus = bus
        self._clock = clock
        self._watch = BreachWatch(notice=contract.notice, tolerance_w=tolerance_w)
        self._instruments: dict[Instant, _Instrument] = {}
        self._revision = 0
        self._dead = False
        self._told: set[str] = set()
        self._away: str | None = None
        now = clock.now()
        self._position = TiePosition(contract=contract, at=now, steps=())
        self._state = TieState(
            contract=contract, at=now, mode=TieMode.STANDING, limit=contract.bounds_at(now)
        )
        self._log = structlog.get_logger().bind(intertie=contract.tie)
        parent.on_award, parent.on_cleared = self._on_award, self._on_cleared
        bus.listen(self._hear)

    @property
    def party(self) -> Party:
        """Its name in the own market."""
        return Party(id=self.contract.tie, tie_class=TieClass.INTERTIE)

    @property
    def state(self) -> TieState:
        """As it was told last."""
        return self._state

    async def run(self) -> None:
        """Trade with the parent until cancelled."""
        self._publish()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._parent.run(), name=f"parent[{self.contract.tie}]")
            tasks.create_task(self._follow(), name=f"aggregate[{self.contract.tie}]")

    def limits(self, configured: GridLimits, now: Instant) -> GridLimits:
        """What the connection may carry now."""
        if self._grid is None:
            return configured
        bounds = self._in_w(self.contract.bounds_at(now))
        most, least = configured.import_w, configured.export_w
        return GridLimits(
            import_w=bounds.imports if most is None else min(most, bounds.imports),
            export_w=bounds.exports if least is None else min(least, bounds.exports),
        )

    # Up.

    async def _follow(self) -> None:
        while True:
            self._tell_away()
            self._take_late()
            session, terms = self._parent.session, self._parent.terms
            if session is not None and terms is not None and self._fits(terms):
                await self._tell_aggregate(session, terms)
            await self._clock.sleep(_LOOK_EVERY)

    async def _tell_aggregate(self, session: Session, terms: ParentTerms) -> None:
        """Once as soon as it is traded, for markets in between, and once before the gate."""
        interval, instrument = session.interval, self._instrument(session.interval)
        last = Instant(session.gate - self.contract.ahead)
        wanted = 2 if self._clock.now() + _LOOK_EVERY >= last else 1
        if instrument.told >= wanted or self._clock.now() >= session.gate:
            return
        instrument.told = wanted
        if wanted > 1:
            await self._clock.sleep_until(last)
        demand = self._demand(interval)
        bounds = self.contract.bounds_at(interval.start)
        halted = self._mode(interval) in {TieMode.DEAD, TieMode.HALTED} or self._watch.text
        offers = () if halted else tendered(demand, self.contract, bounds, terms)
        await self._state_up(interval, offers)

    async def _state_up(self, interval: Interval, offers: tuple[Offer, ...]) -> None:
        self._revision = max(self._revision + 1, self._clock.now() // MILLISECOND)
        revision, instrument = self._revision, self._instrument(interval)
        tenders = TenderSet(
            party=self.contract.area,
            product=self.contract.parent_product,
            interval=interval,
            tenders=as_tenders(offers, interval.start, revision),
            netting=True,
            revision=revision,
        )
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

    # Down.

    def _on_cleared(self, cleared: Cleared) -> None:
        self._instrument(cleared.instrument).cleared = cleared

    def _on_award(self, award: Award) -> None:
        interval = self._product.interval_at(award.interval.start)
        instrument = self._instrument(interval)
        if award.id not in instrument.judged:
            why = instrument.judged[award.id] = self._refusal(award, instrument)
            if why:
                self._log.warning("intertie.award_refused", transaction=award.id, reason=why)
                self._change(replace(self._state, refused=why))
            else:
                instrument.awards[award.id] = award
                instrument.due = instrument.held
        self._parent.acknowledge(award, instrument.judged[award.id])

    def _refusal(self, award: Award, instrument: _Instrument) -> str:
        """Why an award is not taken; empty if it is."""
        contract, newest = self.contract, instrument.revision
        answers = revision_of(award.tender)
        if answers is not None and newest is not None and answers < newest:
            return f"it answers revision {answers} of the aggregate, the parent had {newest}"
        low, high = contract.collar_min, contract.collar_max
        if (low is not None and award.price < low) or (high is not None and award.price > high):
            return f"its price {award.price} is outside the collar {low} to {high}"
        here = delivered(contract, instrument.award + award.quantity, self._product.lot)
        bounds = contract.bounds_at(award.interval.start)
        if here > bounds.imports:
            return f"with it the import is {here}, the contract allows {bounds.imports}"
        if -here > bounds.exports:
            return f"with it the export is {-here}, the contract allows {bounds.exports}"
        return ""

    def _take_late(self) -> None:
        """Awards that came after the own gate count from now on."""
        now = self._clock.now()
        for start, instrument in self._instruments.items():
            if instrument.due and start <= now:
                instrument.due = False
                if now < start + self._product.interval:
                    self._auction(f"an award of {self.contract.tie} came after the gate")

    # In the own market.

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """The connection's whole requirement, at the own gate or auction."""
        instrument = self._instrument(gate.interval)
        instrument.held = True
        mode = self._mode(gate.interval)
        steps: tuple[Offer, ...] = ()
        if mode is TieMode.AWARD:
            steps = self._must_run(instrument)
        elif mode is TieMode.STANDING:
            steps = self._standing(gate.interval)
        return as_tenders(steps, gate.interval.start, gate.now // MILLISECOND)

    def cleared(self, clearing: Clearing, position: int) -> Clearing:
        """The clearing with the shadow price of the limit, where it binds.

        ``position``: the connection's in the own market, BUY +.
        """
        contract, interval = self.contract, clearing.instrument
        instrument, bounds = self._instrument(interval), contract.bounds_at(interval.start)
        mode = self._mode(interval)
        parent = instrument.price if mode is TieMode.AWARD else None
        dear, cheap = self._both_prices(mode, parent)
        congestion = _shadow(clearing.price, -position, bounds, dear, cheap)
        rows: tuple[TieRow, ...] = ()
        if parent is not None and clearing.price is not None:
            rows = passed(
                contract,
                instrument.award,
                -position,
                parent,
                clearing.price,
                clearing.interval.duration,
                self._product.lot,
            )
        self._change(
            replace(
                self._state,
                mode=mode,
                interval=clearing.interval,
                award=instrument.award if instrument.answered else None,
                parent_price=parent,
                landed=dear,
                net=cheap,
                price=clearing.price,
                limit=bounds,
                congestion=congestion,
                refused=next((why for why in instrument.judged.values() if why), ""),
                rows=rows,
            )
        )
        return replace(clearing, congestion=congestion) if congestion else clearing

    def _must_run(self, instrument: _Instrument) -> tuple[Offer, ...]:
        own = self._product
        down = coming_down(self.contract, instrument.award, own.lot)
        return tuple(
            Offer(o.side, own.price_floor if o.side is Side.SELL else own.price_cap, o.quantity)
            for o in down
        )

    def _standing(self, interval: Interval) -> tuple[Offer, ...]:
        contract, bounds = self.contract, self.contract.bounds_at(interval.start)
        both = (
            Offer(Side.SELL, contract.standing_import, bounds.imports),
            Offer(Side.BUY, contract.standing_export, bounds.exports),
        )
        return tuple(offer for offer in both if offer.quantity)

    def _mode(self, interval: Interval) -> TieMode:
        if self._dead:
            return TieMode.DEAD
        if not self.contract.is_valid(interval.start):
            return TieMode.HALTED
        if self._watch.text:
            halts = self.contract.on_breach is OnBreach.HALT
            return TieMode.HALTED if halts else TieMode.STANDING
        answered = self._instrument(interval).answered
        return TieMode.AWARD if answered else TieMode.STANDING

    def _both_prices(self, mode: TieMode, parent: int | None) -> tuple[int | None, int | None]:
        """What one more unit in costs, and one more out earns."""
        if mode is TieMode.STANDING:
            return self.contract.standing_import, self.contract.standing_export
        if parent is None:
            return None, None
        return landed(self.contract, parent), net(self.contract, parent)

    def _instrument(self, interval: Interval) -> _Instrument:
        found = self._instruments.get(interval.start)
        if found is None:
            found = self._instruments[interval.start] = _Instrument()
            for start in sorted(self._instruments)[:-_KEPT]:
                if start < interval.start:
                    del self._instruments[start]
        return found

    # The wire itself.

    def _hear(self, fact: Fact) -> None:
        match fact:
            case Reading(device=device) if device == self._grid:
                self._measured(fact)
            case EnergyCounted(device=device) if device == self._grid:
                counted = replace(
                    self._position,
                    at=fact.at,
                    delivered_in_wh=fact.in_wh,
                    delivered_out_wh=fact.out_wh,
                )
                self._show(counted)
            case Position(party=party, product=product) if (
                party == self.contract.tie and product == self._product.id
            ):
                steps = tuple((step.interval, -step.quantity) for step in fact.steps)
                self._show(replace(self._position, at=self._clock.now(), steps=steps))
            case _:
                pass

    def _measured(self, reading: Reading) -> None:
        if reading.quality is not Quality.GOOD:
            return
        dead = has_no_voltage(reading)
        if dead is not None and dead is not self._dead:
            self._dead = dead
            text = "the meter of the connection measures no voltage" if dead else ""
            self._fault("INTERTIE_DEAD", text)
            self._change(replace(self._state, mode=TieMode.DEAD if dead else TieMode.STANDING))
        if reading.power_w is None:
            return
        now = self._clock.now()
        contract = self._in_w(self.contract.bounds_at(now))
        award = self._in_w(self._awarded(now))
        if self._watch.look(reading.power_w, award, contract, self._clock.monotonic()):
            self._fault("INTERTIE_BREACH", self._watch.text)
            self._change(replace(self._state, breach=self._watch.text))

    def _awarded(self, now: Instant) -> Bounds:
        """What may flow now by what was agreed for now."""
        running = self._product.interval_at(now)
        instrument = self._instruments.get(running.start)
        if instrument is None or not instrument.answered:
            return self.contract.bounds_at(now)
        here = delivered(self.contract, instrument.award, self._product.lot)
        return Bounds(imports=max(0, here), exports=max(0, -here))

    def _in_w(self, bounds: Bounds) -> Bounds:
        real = self._product.real_quantity
        return Bounds(imports=int(real(bounds.imports)), exports=int(real(bounds.exports)))

    # What the world is told.

    def _fault(self, code: str, text: str) -> None:
        match code, bool(text):
            case "INTERTIE_BREACH", True:
                self._log.error("intertie.breach", reason=text)
            case "INTERTIE_BREACH", False:
                self._log.info("intertie.breach_over")
            case _, True:
                self._log.error("intertie.dead", reason=text)
            case _:
                self._log.info("intertie.dead_over")
        fault = FaultChanged(
            device="gateway", code=code, active=bool(text), at=self._clock.now(), text=text
        )
        self._bus.publish(fault)

    def _tell_away(self) -> None:
        away = self._parent.away
        if away == self._away:
            return
        self._away = away
        if away:
            self._log.warning("intertie.away", reason=away, effect="standing terms hold")
        else:
            self._log.info("intertie.connected", parent=self.contract.parent)
        self._change(replace(self._state, away=away))

    def _change(self, state: TieState) -> None:
        if state != self._state:
            self._state = replace(state, at=self._clock.now())
            self._publish()

    def _publish(self) -> None:
        self._bus.publish(self._state)
        self._bus.publish(self._position)

    def _show(self, position: TiePosition) -> None:
        if position != self._position:
            self._position = position
            self._bus.publish(position)


def _shadow(
    price: int | None, imported: int, bounds: Bounds, dear: int | None, cheap: int | None
) -> int:
    """What one more unit through a limit that binds would be worth; import +, export -."""
    if price is None:
        return 0
    if dear is not None and bounds.imports and imported == bounds.imports:
        return max(0, price - dear)
    if cheap is not None and bounds.exports and -imported == bounds.exports:
        return min(0, price - cheap)
    return 0
