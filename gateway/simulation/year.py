"""Homes through their steps: each by itself, or together behind one meter.

The same loads and suns four times: the batteries at rest, with plain self-consumption, as the
gateway runs them, and as perfect foresight would.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.time import Instant
from gateway.ports.mechanism import Mechanism
from gateway.simulation.community import CommunityMarket
from gateway.simulation.costs import costs, pooled_costs
from gateway.simulation.floor import Floor, utility
from gateway.simulation.home import Done, HomeMarket
from gateway.simulation.outcome import Result, together
from gateway.simulation.outlooks import outlook
from gateway.simulation.scenario import Scenario, SimulatedHome


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step of one home as the market ran it: means in W, into the device positive.

    Attributes:
        at: when the step begins.
        soc_wh: in the battery's cells at its end.
        grid_w: at the home's own connection.
        price: of a kWh there; what the tariff charges or pays at the meter, and where nothing
            passes the meter, the clearing's.
    """

    at: Instant
    home: str
    load_w: float
    solar_w: float
    battery_w: float
    soc_wh: float
    grid_w: float
    price: float


Rows = tuple[Row, ...]
"""Those of one step, one per home in the scenario's order."""

Watch = Callable[[Rows], None]

_STILL_W: Final = 0.01
"""Less passes a meter only because markets trade whole milliwatts."""


class Account:
    """What a home's market run has come to so far."""

    def __init__(self, scenario: Scenario, home: SimulatedHome) -> None:
        self._hours = scenario.hours
        self._soc_wh = 0.0 if home.battery is None else home.battery.stored_wh
        self._wear = 0.0 if home.battery is None else home.battery.store.wear
        self.cost = self.import_kwh = self.export_kwh = self.moved_kwh = 0.0

    def add(self, row: Row) -> None:
        """Count a step."""
        grid_kwh = row.grid_w * self._hours / 1000
        self.cost += row.price * grid_kwh + self._wear * abs(row.battery_w) * self._hours / 1000
        self.import_kwh += max(grid_kwh, 0.0)
        self.export_kwh += max(-grid_kwh, 0.0)
        self.moved_kwh += abs(row.soc_wh - self._soc_wh) / 1000
        self._soc_wh = row.soc_wh


def run(scenario: Scenario, watch: Watch, mechanism: Mechanism) -> tuple[dict[str, Result], Result]:
    """Every home's result, and that of all together at the meters that the tariff applies to."""
    floor = Floor(scenario, mechanism)
    if scenario.community:
        steps = _behind_one_meter(scenario, CommunityMarket(scenario, floor))
    else:
        markets = [HomeMarket(scenario, home, floor, utility()) for home in scenario.homes]
        steps = _each_by_itself(scenario, markets)
    accounts = [Account(scenario, home) for home in scenario.homes]
    import_kwh = export_kwh = 0.0
    for rows in steps:
        for account, row in zip(accounts, rows, strict=True):
            account.add(row)
        meter_kwh = sum(row.grid_w for row in rows) * scenario.hours / 1000
        import_kwh, export_kwh = import_kwh + max(meter_kwh, 0), export_kwh + max(-meter_kwh, 0)
        watch(rows)
    homes = {
        home.id: _result(scenario, home, account)
        for home, account in zip(scenario.homes, accounts, strict=True)
    }
    total = together(homes.values())
    if scenario.community:
        pooled = pooled_costs(scenario, total.cost.market)
        total = replace(total, cost=pooled, import_kwh=import_kwh, export_kwh=export_kwh)
    return homes, total


def _each_by_itself(scenario: Scenario, markets: list[HomeMarket]) -> Iterator[Rows]:
    past: list[list[float]] = [[] for _ in markets]
    for step in range(scenario.steps):
        done = []
        for home, market, past_w in zip(scenario.homes, markets, past, strict=True):
            past_w.append(home.load_w[step] - home.solar_w[step])
            gate = market.open(step, past_w[-1], outlook(scenario, step, past_w))
            done.append(market.close(gate))
        yield tuple(
            _row(scenario, home, step, one, _grid_w(home, step, one))
            for home, one in zip(scenario.homes, done, strict=True)
        )


def _behind_one_meter(scenario: Scenario, market: CommunityMarket) -> Iterator[Rows]:
    for step in range(scenario.steps):
        done = market.run(step)
        pairs = list(zip(scenario.homes, done, strict=True))
        meter_w = sum(_grid_w(home, step, one) for home, one in pairs)
        yield tuple(_row(scenario, home, step, one, meter_w) for home, one in pairs)


def _grid_w(home: SimulatedHome, step: int, done: Done) -> float:
    return home.load_w[step] - home.solar_w[step] + done.battery_w


def _row(scenario: Scenario, home: SimulatedHome, step: int, done: Done, meter_w: float) -> Row:
    charged = scenario.tariff.price(step, meter_w)
    return Row(
        at=scenario.interval(step).start,
        home=home.id,
        load_w=home.load_w[step],
        solar_w=home.solar_w[step],
        battery_w=done.battery_w,
        soc_wh=done.stored_wh,
        grid_w=_grid_w(home, step, done),
        price=done.price if abs(meter_w) < _STILL_W and done.price is not None else charged,
    )


def _result(scenario: Scenario, home: SimulatedHome, account: Account) -> Result:
    capacity_wh = 0.0 if home.battery is None else home.battery.store.capacity_wh
    return Result(
        cost=costs(scenario, home, account.cost),
        import_kwh=account.import_kwh,
        export_kwh=account.export_kwh,
        moved_kwh=account.moved_kwh,
        capacity_kwh=capacity_wh / 1000,
    )
