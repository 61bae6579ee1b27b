"""All promises of an agent, tried out on many random gates."""

import copy
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from gateway.model.device import Capabilities, Control, Device, DeviceState, Limits, Role
from gateway.model.outlook import Outlook, Scenario
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER, WATER_FLOW
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import Side, Tender
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.model.wish import Errand, Wish, WishMode
from gateway.ports.agent import AgentMaker, Gate

_NOW = Instant(1_782_043_200 * SECOND)
_LOT, _TICK = 2, 5


class AgentPromise(StrEnum):
    """What every agent promises, as a sentence (``gateway.ports.agent``)."""

    PORT = "it tenders for the party with its device's id"
    ERRORS = "nothing is raised, whatever is unknown at a gate"
    BLIND = "nothing is tendered for a device that is away, unmeasured or takes no setpoints"
    RESOURCE = "nothing is tendered for a resource that it does not know"
    TERMS = "prices lie on ticks between floor and cap, quantities are whole lots above 0"
    IDS = "every tender of a set has an id of its own"
    CROSSED = "it never buys as dear as it sells"
    LIMITS = "it tenders no more than the device, and its owner, allow"
    YIELDS = "it never pays the highest price, so that load that must run goes first"
    PURE = "the same gate gives the same tenders, and is left as it was"


@dataclass(frozen=True, slots=True)
class BrokenAgentPromise:
    """One promise that was not kept, and at what gate."""

    promise: AgentPromise
    seen: str


class AgentBreaksPromises(AssertionError):
    """The agent does not keep what its port promises.

    Attributes:
        broken: one finding per promise, in their order.
    """

    def __init__(self, found: Iterable[BrokenAgentPromise]) -> None:
        order = list(AgentPromise)
        self.broken = tuple(sorted(found, key=lambda one: order.index(one.promise)))
        lines = [f"{one.promise}:\n  {one.seen}" for one in self.broken]
        super().__init__("\n".join(["the agent breaks its promises", *lines]))


def check_agent(
    maker: AgentMaker, *, role: Role | str = Role.LOAD, gates: int = 300, seed: int = 1
) -> None:
    """Prove the promises of ``gateway.ports.agent`` on random gates.

    Called from an ordinary test.  The same seed makes the same gates.

    Args:
        maker: what the entry point names: makes the agent of a device.
        role: of the devices it is meant for.
        gates: how many; seed: of them.
        seed: of the gates.

    Raises:
        AgentBreaksPromises: names each promise that was not kept, with a gate that shows it.
    """
    dice = random.Random(seed)  # noqa: S311 - repeatable gates
    trial = _Trial(maker)
    for _ in range(gates):
        device = _device(dice, Role(role))
        trial.judge(device, _gate(dice, device))
    if trial.found:
        raise AgentBreaksPromises(trial.found.values())


class _Trial:
    """Finds, per promise, the first gate that shows it broken."""

    def __init__(self, maker: AgentMaker) -> None:
        self._maker = maker
        self.found: dict[AgentPromise, BrokenAgentPromise] = {}

    def judge(self, device: Device, gate: Gate) -> None:
        """Everything about one gate."""
        try:
            agent = self._maker(device)
            if agent.party.id != device.id or agent.party.outside:
                self._broken(AgentPromise.PORT, gate, str(agent.party))
            before = copy.deepcopy(gate)
            tenders = agent.tenders(gate)
            again = self._maker(device).tenders(before)
            water = agent.tenders(replace(gate, product=_water(gate.product)))
        except Exception as error:  # noqa: BLE001 - an agent on trial may raise anything
            self._broken(AgentPromise.ERRORS, gate, repr(error))
            return
        if tenders != again or gate != before:
            self._broken(AgentPromise.PURE, gate, f"{_told(tenders)}; then {_told(again)}")
        if water:
            self._broken(AgentPromise.RESOURCE, gate, _told(water))
        for promise in _unkept(device, gate, tenders):
            self._broken(promise, gate, _told(tenders))

    def _broken(self, promise: AgentPromise, gate: Gate, seen: str) -> None:
        (view,) = gate.snapshot.devices.values()
        where = f"state {view.state.value}, {view.power_w} W, errand {view.errand}"
        self.found.setdefault(promise, BrokenAgentPromise(promise, f"{where}: {seen}"))


def _unkept(device: Device, gate: Gate, tenders: tuple[Tender, ...]) -> Iterator[AgentPromise]:
    """Promises that this set of tenders does not keep."""
    product, view = gate.product, gate.snapshot.devices[device.id]
    buys = [one for one in tenders if one.side is Side.BUY]
    sells = [one for one in tenders if one.side is Side.SELL]
    known = [w for w in (view.capabilities.rating_w, device.limits.max_w) if w is not None]
    most = product.quantity_up(min(known))
    kept = {
        AgentPromise.BLIND: not tenders or _steerable(view),
        AgentPromise.TERMS: all(_in_terms(one, product) for one in tenders),
        AgentPromise.IDS: len({one.id for one in tenders}) == len(tenders),
        AgentPromise.CROSSED: all(b.price < s.price for b in buys for s in sells),
        AgentPromise.LIMITS: max(_total(buys), _total(sells)) <= most,
        AgentPromise.YIELDS: all(one.price < product.price_cap for one in buys),
    }
    yield from (promise for promise, holds in kept.items() if not holds)


def _steerable(view: DeviceView) -> bool:
    able = view.capabilities.control is not Control.NONE
    return able and view.state is DeviceState.ONLINE and view.power_w is not None


def _in_terms(tender: Tender, product: Product) -> bool:
    on_tick = tender.price % product.tick == 0 and tender.quantity % product.lot == 0
    inside = product.price_floor <= tender.price <= product.price_cap
    return on_tick and inside and tender.quantity > 0


def _total(tenders: Iterable[Tender]) -> int:
    return sum(one.quantity for one in tenders)


def _device(dice: random.Random, role: Role) -> Device:
    limits = Limits(
        max_w=float(dice.randrange(1_000, 12_000, 100)),
        min_w=dice.choice((0.0, 500.0)),
        min_run=Duration(dice.choice((0, 60)) * SECOND),
        min_rest=Duration(dice.choice((0, 60)) * SECOND),
    )
    return Device(
        id="it",
        role=role,
        driver="trial",
        connection="mem://it",
        line="mem://it",
        limits=limits,
        price_cap=dice.choice((None, 0.2, -0.3, 5.0)),
        capacity_wh=dice.choice((None, 10_000.0)),
    )


def _gate(dice: random.Random, device: Device) -> Gate:
    product = Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(dice.choice((10, 3600)) * SECOND),
        lot=_LOT,
        tick=_TICK,
    )
    start = Instant(_NOW + product.interval)
    return Gate(
        now=Instant(start - SECOND),
        product=product,
        interval=Interval(start, Instant(start + product.interval)),
        snapshot=Snapshot(
            at=_NOW,
            devices={device.id: _view(dice, device)},
            import_price=dice.choice((None, 0.3, -0.1)),
            export_price=dice.choice((None, 0.08, -0.2)),
        ),
        outlook=dice.choice((None, _outlook(dice, Instant(start + product.interval)))),
    )


def _view(dice: random.Random, device: Device) -> DeviceView:
    power_w = dice.choice((None, 0.0, 400.0, 3_000.0, -900.0))
    reading = Reading(
        device=device.id,
        at=_NOW,
        flows={} if power_w is None else {POWER: power_w},
        soc_pct=dice.choice((None, 0.0, 55.0, 100.0)),
    )
    ran = Instant(_NOW - dice.choice((5, 5_000)) * SECOND)
    runs = bool(power_w and power_w > 0)
    stages_w = dice.choice(((), (500.0, 900.0)))
    return DeviceView(
        id=device.id,
        state=dice.choice((DeviceState.ONLINE, DeviceState.ONLINE, *DeviceState)),
        capabilities=Capabilities(
            control=dice.choice((Control.TARGET, Control.TARGET, Control.LIMIT, Control.NONE)),
            rating_w=dice.choice((None, 900.0, 20_000.0)),
            stages_w=stages_w,
        ),
        since=ran,
        reading=dice.choice((reading, reading, reading, None)),
        quality=dice.choice((Quality.GOOD, Quality.GOOD, *Quality)),
        running_since=ran if runs else None,
        stopped_since=None if runs else ran,
        no_effect_at=dice.choice((None, None, _NOW)),
        errand=dice.choice((None, _errand(dice))),
    )


def _errand(dice: random.Random) -> Errand:
    return Errand(
        wish=Wish(mode=dice.choice(tuple(WishMode)), price_cap=dice.choice((None, 0.1, 9.0))),
        made=_NOW,
        by=dice.choice((None, Instant(_NOW + dice.randint(-1, 20) * HOUR))),
        left_wh=dice.choice((None, 0.0, 3.0, 20_000.0)),
        started=dice.choice((None, _NOW)),
    )


def _outlook(dice: random.Random, start: Instant) -> Outlook:
    count = dice.randint(1, 30)
    prices = tuple(dice.randint(-20, 60) / 100 for _ in range(count))
    residual_w = tuple(float(dice.randint(-9_000, 9_000)) for _ in range(count))
    return Outlook(
        start=start,
        step=Duration(HOUR),
        import_price=prices,
        export_price=tuple(price - 0.1 for price in prices),
        scenarios=(Scenario(weight=1.0, residual_w=residual_w),),
    )


def _water(product: Product) -> Product:
    return replace(product, resource=WATER_FLOW, unit="l/min")


def _told(tenders: Iterable[Tender]) -> str:
    texts = (f"{one.side.value} {one.quantity}@{one.price} ({one.id})" for one in tenders)
    return ", ".join(texts) or "nothing"
