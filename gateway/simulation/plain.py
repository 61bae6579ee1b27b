"""Plain self-consumption: what a battery does by its own rule, and what any rule costs."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.agents.value import Store
from gateway.simulation.scenario import HomeBattery, YearTariff


def self_consumption(
    residual_wh: Iterable[float], battery: HomeBattery, hours: float
) -> Iterator[float]:
    """What it takes in each step, Wh at its terminals: from surplus in, into load out."""
    store, stored_wh = battery.store, battery.stored_wh
    for drawn_wh in residual_wh:
        if drawn_wh < 0:
            room_wh = (store.capacity_wh - stored_wh) / store.eta_charge
            flow_wh = min(-drawn_wh, store.charge_w * hours, room_wh)
        else:
            flow_wh = -min(drawn_wh, store.discharge_w * hours, stored_wh * store.eta_discharge)
        stored_wh += stored(store, flow_wh)
        stored_wh = min(max(stored_wh, 0.0), store.capacity_wh)
        yield flow_wh


def stored(store: Store, flow_wh: float) -> float:
    """What a flow at the terminals changes in the cells, Wh."""
    return flow_wh * store.eta_charge if flow_wh > 0 else flow_wh / store.eta_discharge


def cost(
    tariff: YearTariff,
    drawn_wh: Sequence[float],
    flows_wh: Iterable[float] | None = None,
    wear: float = 0.0,
) -> float:
    """At the meter, and the wear of what passes the battery; no flows are none."""
    flows_wh = [0.0] * len(drawn_wh) if flows_wh is None else flows_wh
    total = 0.0
    for step, (own_wh, flow_wh) in enumerate(zip(drawn_wh, flows_wh, strict=True)):
        total += tariff.cost(step, (own_wh + flow_wh) / 1000) + wear * abs(flow_wh) / 1000
    return total
