"""Homes through their steps, each with a meter and a market of its own.

The same loads and suns four times: the battery at rest, with plain self-consumption, as the
gateway runs it, and as perfect foresight would.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.model.time import Instant
from gateway.simulation.floor import product_for, utility
from gateway.simulation.home import Done, HomeMarket
from gateway.simulation.optimum import Moment, best_flows
from gateway.simulation.outcome import Costs, Result
from gateway.simulation.outlooks import outlook
from gateway.simulation.plain import cost, self_consumption
from gateway.simulation.scenario import Scenario, SimulatedHome


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of one home as the market ran it: means in W, into the device positive.

    Attributes:
        at: when the step begins.
        soc_wh: in the battery's cells at its end.
        price: what the meter charges for a kWh drawn, or pays for one given, in this step; where
            nothing passes, the clearing's.
    """

    at: Instant
    home: str
    load_w: float
    solar_w: float
    battery_w: float
    soc_wh: float
    grid_w: float
    price: float


Watch = Callable[[tuple[Row, ...]], None]
"""Told the rows of each step, one per home in the scenario's order."""


class Account:
    """What a home's market run has come to so far."""

    def __init__(self, scenario: Scenario, home: SimulatedHome) -> None:
        self._scenario = scenario
        self._soc_wh = 0.0 if home.battery is None else home.battery.stored_wh
        self._wear = 0.0 if home.battery is None else home.battery.store.wear
        self.cost = self.import_kwh = self.export_kwh = self.moved_kwh = 0.0

    def add(self, step: int, row: Row) -> None:
        """Count a step."""
        hours = self._scenario.hours
        grid_kwh = row.grid_w * hours / 1000
        self.cost += self._scenario.tariff.cost(step, grid_kwh)
        self.cost += self._wear * abs(row.battery_w) * hours / 1000
        self.import_kwh += max(grid_kwh, 0.0)
        self.export_kwh += max(-grid_kwh, 0.0)
        self.moved_kwh += abs(row.soc_wh - self._soc_wh) / 1000
        self._soc_wh = row.soc_wh


def run_homes(
    scenario: Scenario, watch: Watch, *, mechanism: str, price_rule: str
) -> dict[str, Result]:
    """Every home by itself; costs are at its own meter."""
    product = product_for(scenario, mechanism, price_rule)
    markets = [HomeMarket(scenario, home, product, utility()) for home in scenario.homes]
    residuals = [home.residual_w for home in scenario.homes]
    accounts = [Account(scenario, home) for home in scenario.homes]
    for step in range(scenario.steps):
        rows = []
        for home, market, residual_w in zip(scenario.homes, markets, residuals, strict=True):
            past_w = residual_w[: step + 1]
            gate = market.open(step, past_w[-1], outlook(scenario, step, past_w))
            rows.append(_row(scenario, home, step, market.close(gate)))
        for account, row in zip(accounts, rows, strict=True):
            account.add(step, row)
        watch(tuple(rows))
    return {
        home.id: _result(scenario, home, account)
        for home, account in zip(scenario.homes, accounts, strict=True)
    }


def _row(scenario: Scenario, home: SimulatedHome, step: int, done: Done) -> Row:
    grid_w = home.load_w[step] - home.solar_w[step] + done.battery_w
    price = scenario.tariff.price(step, grid_w)
    return Row(
        at=scenario.interval(step).start,
        home=home.id,
        load_w=home.load_w[step],
        solar_w=home.solar_w[step],
        battery_w=done.battery_w,
        soc_wh=done.stored_wh,
        grid_w=grid_w,
        price=price if grid_w or done.price is None else done.price,
    )


def _result(scenario: Scenario, home: SimulatedHome, account: Account) -> Result:
    capacity_wh = 0.0 if home.battery is None else home.battery.store.capacity_wh
    return Result(
        cost=_costs(scenario, home, account.cost),
        import_kwh=account.import_kwh,
        export_kwh=account.export_kwh,
        moved_kwh=account.moved_kwh,
        capacity_kwh=capacity_wh / 1000,
    )


def _costs(scenario: Scenario, home: SimulatedHome, market: float) -> Costs:
    tariff, hours, battery = scenario.tariff, scenario.hours, home.battery
    residual_wh = [power_w * hours for power_w in home.residual_w]
    none = cost(tariff, residual_wh, [0.0] * len(residual_wh), 0.0)
    if battery is None:
        return Costs(none=none, self_consumption=none, market=market, optimum=none)
    moments = [
        Moment(*one)
        for one in zip(residual_wh, tariff.import_price, tariff.export_price, strict=True)
    ]
    plain = self_consumption(residual_wh, battery, hours)
    best = best_flows(moments, battery.store, hours, battery.stored_wh)
    return Costs(
        none=none,
        self_consumption=cost(tariff, residual_wh, plain, battery.store.wear),
        market=market,
        optimum=cost(tariff, residual_wh, best, battery.store.wear),
    )
