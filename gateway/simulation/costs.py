"""What the same series cost without a battery, by plain self-consumption, with foresight."""

from gateway.agents.value import Store
from gateway.simulation.optimum import Moment, best_flows
from gateway.simulation.optimum_grid import best_flows_on_grid, needed
from gateway.simulation.outcome import Costs
from gateway.simulation.plain import cost, self_consumption
from gateway.simulation.scenario import HomeBattery, Scenario, SimulatedHome


def costs(scenario: Scenario, home: SimulatedHome, market: float) -> Costs:
    """A home's, at a meter of its own; ``market`` is what it came to."""
    drawn_wh = _drawn_wh(scenario, home)
    none = cost(scenario.tariff, drawn_wh)
    if home.battery is None:
        return Costs(none=none, self_consumption=none, market=market, optimum=none)
    wear = home.battery.store.wear
    plain = self_consumption(drawn_wh, home.battery, scenario.hours)
    return Costs(
        none=none,
        self_consumption=cost(scenario.tariff, drawn_wh, plain, wear),
        market=market,
        optimum=_optimum(scenario, drawn_wh, home.battery),
    )


def pooled_costs(scenario: Scenario, market: float) -> Costs:
    """Those of all homes at one meter.

    The optimum is that of one battery with the capacity and power of all.  Where batteries are
    alike no plan for them is better and none worse; where they are not, none is better.
    """
    each_wh = [_drawn_wh(scenario, home) for home in scenario.homes]
    drawn_wh = [sum(step) for step in zip(*each_wh, strict=True)]
    none = cost(scenario.tariff, drawn_wh)
    batteries = [home.battery for home in scenario.homes if home.battery is not None]
    if not batteries:
        return Costs(none=none, self_consumption=none, market=market, optimum=none)
    plain, worn = list(drawn_wh), 0.0
    for home, own_wh in zip(scenario.homes, each_wh, strict=True):
        if home.battery is None:
            continue
        flows_wh = list(self_consumption(own_wh, home.battery, scenario.hours))
        plain = [meter + flow for meter, flow in zip(plain, flows_wh, strict=True)]
        worn += home.battery.store.wear * sum(map(abs, flows_wh)) / 1000
    return Costs(
        none=none,
        self_consumption=cost(scenario.tariff, plain) + worn,
        market=market,
        optimum=_optimum(scenario, drawn_wh, pool(batteries)),
    )


def pool(batteries: list[HomeBattery]) -> HomeBattery:
    """One battery that can do what all of them can together, and at no more loss or wear."""
    stores = [battery.store for battery in batteries]
    return HomeBattery(
        store=Store(
            capacity_wh=sum(store.capacity_wh for store in stores),
            charge_w=sum(store.charge_w for store in stores),
            discharge_w=sum(store.discharge_w for store in stores),
            eta_charge=max(store.eta_charge for store in stores),
            eta_discharge=max(store.eta_discharge for store in stores),
            wear=min(store.wear for store in stores),
        ),
        stored_wh=sum(battery.stored_wh for battery in batteries),
    )


def _drawn_wh(scenario: Scenario, home: SimulatedHome) -> list[float]:
    return [power_w * scenario.hours for power_w in home.residual_w]


def _optimum(scenario: Scenario, drawn_wh: list[float], battery: HomeBattery) -> float:
    tariff = scenario.tariff
    prices = zip(tariff.import_price, tariff.export_price, strict=True)
    moments = [Moment(own_wh, *pair) for own_wh, pair in zip(drawn_wh, prices, strict=True)]
    plans = [best_flows(moments, battery.store, scenario.hours, battery.stored_wh)]
    if needed(moments):
        plans.append(best_flows_on_grid(moments, battery.store, scenario.hours, battery.stored_wh))
    return min(cost(tariff, drawn_wh, plan, battery.store.wear) for plan in plans)
