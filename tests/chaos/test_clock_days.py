"""Days of 23 and 25 hours in Amsterdam, and a process whose time zone is anything."""

import time
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from gateway.adapters.plugins import driver_packages, house_factories
from gateway.config import load
from gateway.model.time import HOUR, Instant, parse_rfc3339, seconds
from gateway.runtime.prices import Prices
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home, write_site

pytestmark = [pytest.mark.chaos, pytest.mark.patient]

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SPRING, AUTUMN = "2026-03-29", "2026-10-25"
HOUSE = {"load_w": 600, "temperature_c": 21.2, "battery_soc_pct": 50, "solar_w": 0}
NO_HEAT = {"heatpump": None}


@pytest.fixture(params=["UTC", "Europe/Amsterdam", "Australia/Lord_Howe"])
def zone(request, monkeypatch):
    """The zone of the process, which nothing may depend on."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def midnight(day):
    return Instant(int(datetime.fromisoformat(day).replace(tzinfo=AMSTERDAM).timestamp()) * 10**9)


def hours_of(day):
    """Start of each hour of a local day, and how it is written with its offset."""
    start, local = midnight(day), []
    at = start
    while (told := datetime.fromtimestamp(at / 1e9, tz=AMSTERDAM)).date().isoformat() == day:
        local.append((at, told.isoformat()))
        at = Instant(at + HOUR)
    return local


def tariff(folder, day):
    """A price for every hour of the local day: 0.10, 0.11, 0.12 ..."""
    hours = hours_of(day)
    lines = [f"{text},{0.10 + 0.01 * number:.2f}" for number, (_, text) in enumerate(hours)]
    (folder / "tariff.csv").write_text("\n".join(["time,price", *lines]))
    return hours


@pytest.mark.parametrize(("day", "count"), [(SPRING, 23), (AUTUMN, 25)])
def test_each_hour_of_a_long_or_short_day_has_its_own_price(tmp_path, virtual, zone, day, count):
    hours = tariff(tmp_path, day)
    assert len(hours) == count

    async def main():
        house = house_factories()["demo"](VirtualClock(midnight(day)), HOUSE)
        grid = {"import_price": {"csv": "tariff.csv"}, "export_price": {"csv": "tariff.csv"}}
        path = write_site(tmp_path, house, timezone="Europe/Amsterdam", grid=grid)
        return load(path, driver_packages(), ("mem",), environ={})

    loaded = virtual(main())
    assert not loaded.problems, [str(problem) for problem in loaded.problems]
    prices = Prices(loaded.site.tariff)
    for number, (at, _) in enumerate(hours):
        for moment in (at, Instant(at + HOUR - 1)):
            assert prices.now(moment)[0] == pytest.approx(0.10 + 0.01 * number)


def test_a_local_time_without_offset_which_the_autumn_night_has_twice_is_refused(tmp_path, virtual):
    (tmp_path / "tariff.csv").write_text("time,price\n2026-10-25T02:30:00,0.10\n")

    async def main():
        house = house_factories()["demo"](VirtualClock(midnight(AUTUMN)), HOUSE)
        path = write_site(tmp_path, house, grid={"import_price": {"csv": "tariff.csv"}})
        return load(path, driver_packages(), ("mem",), environ={})

    problems = [str(problem) for problem in virtual(main()).problems]
    assert any("tariff.csv:2" in one and "2026-10-25T02:30:00" in one for one in problems)


@pytest.mark.parametrize(
    "change", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"], ids=["spring", "autumn"]
)
@pytest.mark.parametrize("interval", ["10s", "1min"])
def test_no_interval_is_missing_or_doubled_when_the_hour_changes(
    tmp_path, virtual, change, interval
):
    changes_at = parse_rfc3339(change)
    tariff(tmp_path, change[:10])
    begin, lasting_s = Instant(changes_at - seconds(100)), 200
    grid = {"import_price": {"csv": "tariff.csv"}, "export_price": 0.05}
    products = {"power": {"resource": "POWER", "unit": "W", "interval": interval}}
    changes = {"timezone": "Europe/Amsterdam", "grid": grid, "products": products}

    async def main():
        house = house_factories()["demo"](clock := VirtualClock(begin), HOUSE)
        async with open_home(
            tmp_path, begin, {}, house, clock=clock, devices=NO_HEAT, **changes
        ) as home:
            await clock.sleep(seconds(lasting_s))
            return [c.interval for c in home.clearings if c.scheduled]

    intervals = virtual(main())
    assert len(intervals) >= 2
    for before, after in pairwise(intervals):
        assert after.start == before.end
    assert intervals[0].start < changes_at < intervals[-1].end
