"""A real home through a year of hours: how long it takes, and what was captured.

Meant: at most 60 s on one core, a plan at most 10 ms.
"""

import csv
import sys
from itertools import islice
from math import sqrt
from pathlib import Path
from time import perf_counter

from gateway.agents.value import Store, values
from gateway.model.time import HOUR, parse_rfc3339
from gateway.simulation.outlooks import outlook
from gateway.simulation.scenario import HomeBattery, Scenario, SimulatedHome, YearTariff
from gateway.simulation.simulate import simulate

HOMES = Path(__file__).parents[1] / "tests" / "fixtures" / "homes"
PLANS = 200


def main() -> None:
    home = sys.argv[1] if len(sys.argv) > 1 else "h1"
    scenario = year(home)
    residual_w = scenario.homes[0].residual_w
    told = [outlook(scenario, step, residual_w[: step + 1]) for step in range(4000, 4000 + PLANS)]
    begun = perf_counter()
    for one in told:
        values(one, scenario.homes[0].battery.store)
    print(f"a plan over 36 h           {(perf_counter() - begun) / PLANS * 1000:8.2f} ms")
    outcome = simulate(scenario)
    cost = outcome.total.cost
    print(f"{home}: a year of hours         {outcome.seconds:8.1f} s")
    print(f"{home}: a step                  {outcome.seconds / scenario.steps * 1000:8.2f} ms")
    print(f"{home}: captured                {100 * cost.captured:8.2f} %")
    plain = (cost.none - cost.self_consumption) / (cost.none - cost.optimum)
    print(f"{home}: by self-consumption     {100 * plain:8.2f} %")


def columns(name: str) -> list[tuple[float, ...]]:
    with (HOMES / f"{name}.csv").open() as file:
        return [tuple(map(float, row)) for row in islice(csv.reader(file), 1, None)]


def year(name: str) -> Scenario:
    load_w, solar_w = zip(*columns(name), strict=True)
    buys, sells = zip(*columns("tariff"), strict=True)
    eta = sqrt(0.9)
    store = Store(
        capacity_wh=6400, charge_w=5000, discharge_w=5000, eta_charge=eta, eta_discharge=eta
    )
    home = SimulatedHome(id=name, load_w=load_w, solar_w=solar_w, battery=HomeBattery(store=store))
    return Scenario(
        start=parse_rfc3339("2021-08-01T00:00:00Z"),
        step=HOUR,
        homes=(home,),
        tariff=YearTariff(import_price=buys, export_price=sells),
    )


if __name__ == "__main__":
    main()
