"""The intertie: the area trades with the market above, and goes on where that does not answer.

Up: before the parent's gate the area's aggregate, as one requirement.  Down: what the parent
awarded, as a must-run tender at the own gate.  Where no answer came in time the connection trades
on the contract's standing terms: losing messages is not losing the wire.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from gateway.agents.intertie import (
    Offer,
    as_tenders,
    coming_down,
    delivered,
    landed,
    net,
)
from gateway.agents.tie_rows import passed
from gateway.model.clearing import Clearing
from gateway.model.demand import Demand
from gateway.model.event import EnergyCounted, Fact, FaultChanged
from gateway.model.intertie import (
    Bounds,
    Contract,
    OnBreach,
    TieMode,
    TiePosition,
    TieRow,
    TieState,
)
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.site import GridLimits
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.model.time import MILLISECOND, Instant, Interval
from gateway.ports.agent import Gate
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.parent import Award, Parent
from gateway.runtime.breach import BreachWatch, has_no_voltage
from gateway.runtime.tie_aggregate import LOOK_EVERY, Aggregate
from gateway.runtime.tie_awards import Awards, Instrument


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
        self._auction = auction
        self._grid = grid
        self._bus = bus
        self._clock = clock
        self._watch = BreachWatch(notice=contract.notice, tolerance_w=tolerance_w)
        self._awards = Awards(contract, product)
        self._dead = False
        self._away: str | None = None
        now = clock.now()
        self._position = TiePosition(contract=contract, at=now, steps=())
        self._state = TieState(
            contract=contract, at=now, mode=TieMode.STANDING, limit=contract.bounds_at(now)
        )
        self._log = structlog.get_logger().bind(intertie=contract.tie)
        self._aggregate = Aggregate(
            contract=contract,
            product=product,
            parent=parent,
            demand=demand,
            awards=self._awards,
            clock=clock,
        )
        parent.on_award, parent.on_cleared = self._on_award, self._awards.cleared
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
            await self._aggregate.look(self._halted)
            await self._clock.sleep(LOOK_EVERY)

    def _halted(self, interval: Interval) -> bool:
        """Whether nothing is to be traded there."""
        return self._mode(interval) in {TieMode.DEAD, TieMode.HALTED} or bool(self._watch.text)

    # Down.

    def _on_award(self, award: Award) -> None:
        why, news = self._awards.take(award, self._clock.now())
        if why and news:
            self._log.warning("intertie.award_refused", transaction=award.id, reason=why)
            self._change(replace(self._state, refused=why))
        self._parent.acknowledge(award, why)

    def _take_late(self) -> None:
        if self._awards.came_late(self._clock.now()):
            self._auction(f"an award of {self.contract.tie} came after the gate")

    # In the own market.

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """The connection's whole requirement, at the own gate or auction."""
        instrument = self._awards.of(gate.interval)
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
        instrument, bounds = self._awards.of(interval), contract.bounds_at(interval.start)
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

    def _must_run(self, instrument: Instrument) -> tuple[Offer, ...]:
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
        answered = self._awards.of(interval).answered
        return TieMode.AWARD if answered else TieMode.STANDING

    def _both_prices(self, mode: TieMode, parent: int | None) -> tuple[int | None, int | None]:
        """What one more unit in costs, and one more out earns."""
        if mode is TieMode.STANDING:
            return self.contract.standing_import, self.contract.standing_export
        if parent is None:
            return None, None
        return landed(self.contract, parent), net(self.contract, parent)

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
        instrument = self._awards.known(running)
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
