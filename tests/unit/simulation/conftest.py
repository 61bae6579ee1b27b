"""Scenarios made of a few numbers, and as files."""

import csv
from math import sqrt
from pathlib import Path

import pytest

from gateway.agents.value import Store
from gateway.model.time import HOUR, Instant, parse_rfc3339, rfc3339
from gateway.simulation.scenario import HomeBattery, Scenario, SimulatedHome, YearTariff

FIXTURES = Path(__file__).parents[2] / "fixtures" / "homes"
START = parse_rfc3339("2021-08-01T00:00:00Z")
STORE = Store(
    capacity_wh=6400,
    charge_w=5000,
    discharge_w=5000,
    eta_charge=sqrt(0.9),
    eta_discharge=sqrt(0.9),
)


@pytest.fixture(scope="session")
def columns():
    """Rows of a fixture as tuples of numbers."""

    def of(name):
        with (FIXTURES / f"{name}.csv").open() as file:
            return [tuple(map(float, row)) for row in list(csv.reader(file))[1:]]

    return of


@pytest.fixture(scope="session")
def real_home(columns):
    """A slice of a real home's year as a scenario; the tariff is its own unless two numbers."""

    def of(name, first, steps, flat=None, **changes):
        rows = columns(name)[first : first + steps]
        prices = [flat] * steps if flat else columns("tariff")[first : first + steps]
        load_w, solar_w = zip(*rows, strict=True)
        home = {"id": name, "load_w": load_w, "solar_w": solar_w}
        home["battery"] = HomeBattery(store=STORE)
        return scenario_of([SimulatedHome(**{**home, **changes})], prices)

    return of


def scenario_of(homes, prices, step=HOUR, **changes):
    buys, sells = zip(*prices, strict=True)
    tariff = YearTariff(import_price=buys, export_price=sells)
    return Scenario(start=START, step=step, homes=tuple(homes), tariff=tariff, **changes)


@pytest.fixture(scope="session")
def make_scenario():
    """A scenario from homes and a list of (import, export)."""
    return scenario_of


@pytest.fixture
def write_scenario(tmp_path):
    """A scenario file with its series; gives the file."""

    def write(text, **series):
        for name, (head, rows) in series.items():
            lines = [head]
            for number, row in enumerate(rows):
                at = rfc3339(Instant(START + number * HOUR))
                lines.append(",".join((at, *map(str, row))))
            (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
        file = tmp_path / "scenario.yaml"
        file.write_text(text)
        return file

    return write
