"""A car with a deadline and a machine with a start trade their night ahead."""

import asyncio
import itertools
from collections import defaultdict

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import load_market
from gateway.app.agents import site_agents
from gateway.config import load
from gateway.model.time import HOUR, MINUTE, Instant
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import open_home
from tests.simulation.test_a_storage_that_plans import (
    BEGIN,
    LOAD_W,
    POLLS,
    PRODUCTS,
    price,
    remember,
    tariff,
)
from tests.simulation.test_a_storage_that_plans import HOUSE as PLAIN

pytestmark = [pytest.mark.slow, pytest.mark.patient]

HOUSE = {**PLAIN, "car_wh": 60_000, "temperature_c": 22}
FORWARD = {
    "resource": "POWER",
    "unit": "W",
    "interval": "1h",
    "forward": {"horizon": "24h", "every": "15min"},
}
AHEAD = {**PRODUCTS, "hourly": FORWARD}
WISHED_WH, DUE = 20_000, Instant(BEGIN + 5 * HOUR)
MACHINE_BEGINS = Instant(BEGIN + 2 * HOUR + 30 * MINUTE)
MACHINE_WH = 3000.0  # 3 kW for an hour
CAR = {**POLLS["grid"], "wish": {"energy": "20kWh", "by": "04:00"}, "price_cap": 0.9}
MACHINE = {
    **POLLS["grid"],
    "role": "load",
    "price_cap": None,
    "limits": {"min_rest": "0s"},
    "programme": "3000 W for 1h",
    "wish": {"start": "01:30"},
}


class Night:
    """From eleven in the evening until a little after four."""

    def __init__(self, folder, run, products, car=CAR, parts=(5.1,)):
        self.folder, self.trace, self.facts = folder, [], []
        remember(folder)
        devices = POLLS | {"car": car, "heatpump": MACHINE}
        devices["battery"] = {**POLLS["battery"], "strategy": "plan"}
        self.changes = {"devices": devices, "products": products, "grid": tariff(folder)}
        run(self._live(parts))

    async def _live(self, parts):
        clock = VirtualClock(BEGIN)
        house = house_factories()["demo"](clock, HOUSE)
        for hours in parts:
            opened = open_home(self.folder, BEGIN, HOUSE, house=house, clock=clock, **self.changes)
            async with opened as home:
                await home.pass_time(hours * 3600, 30)
            self.trace += home.trace
            self.facts += home.facts
        self.charged_wh = house._world.car.state.taken_wh

    @property
    def bill(self):
        """At the meter, by the tariff."""
        return sum(
            price(before) * truth["grid_w"] / 1000 * (at - before) / HOUR
            for (before, _), (at, truth) in itertools.pairwise(self.trace)
        )

    def traded(self, product, party):
        found = (one for one in self.facts if isinstance(one, Transaction))
        return [one for one in found if one.product == product and one.party == party]

    def bought_wh(self, product, party):
        """By the hour in which it is delivered."""
        hours = defaultdict(float)
        for one in self.traded(product, party):
            hours[one.interval.start // HOUR] += one.signed * one.interval.duration / HOUR
        return dict(hours)


def night(factory, name, products, **more):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return Night(factory.mktemp(name), runner.run, products, **more)


@pytest.fixture(scope="module")
def ahead(tmp_path_factory):
    return night(tmp_path_factory, "ahead", AHEAD)


@pytest.fixture(scope="module")
def at_once(tmp_path_factory):
    return night(tmp_path_factory, "at-once", PRODUCTS)


def test_a_car_with_a_deadline_buys_its_night_ahead_in_the_cheap_hours(ahead):
    bought = {hour: wh for hour, wh in ahead.bought_wh("hourly", "car").items() if wh}
    cheap = {hour for hour in bought if hour < DUE // HOUR}
    assert sum(bought[hour] for hour in cheap) == pytest.approx(WISHED_WH, rel=0.03)
    assert {price(hour * HOUR) for hour in bought} == {price(BEGIN + HOUR)}


def test_a_machine_buys_ahead_what_its_programme_draws_from_its_start_on(ahead):
    hour = MACHINE_BEGINS // HOUR
    bought = ahead.bought_wh("hourly", "heatpump")
    assert {h: wh for h, wh in bought.items() if h < hour + 20} == {
        hour: MACHINE_WH / 2,
        hour + 1: MACHINE_WH / 2,
    }
    running = [at for at, truth in ahead.trace if truth["heatpump_w"] > 50]
    assert running[0] == pytest.approx(MACHINE_BEGINS, abs=MINUTE)
    assert running[-1] - running[0] == pytest.approx(HOUR, abs=2 * MINUTE)


def test_the_rest_of_the_house_buys_what_it_buys_without_them(ahead):
    bought = [*ahead.bought_wh("hourly", "must-run").values()]
    assert len(bought) > 20
    assert bought == pytest.approx([LOAD_W] * len(bought), rel=0.05)


def test_what_was_bought_ahead_is_dispatched_and_hardly_traded_again(ahead):
    again = ahead.bought_wh("power", "car")
    assert sum(map(abs, again.values())) < 0.05 * WISHED_WH
    assert ahead.charged_wh == pytest.approx(WISHED_WH, rel=0.03)
    machine = ahead.traded("power", "heatpump")
    assert sum(one.signed * one.interval.duration / HOUR for one in machine) == pytest.approx(0)


def test_the_bill_at_the_meter_is_not_higher_than_without_trading_ahead(ahead, at_once):
    assert at_once.bought_wh("hourly", "car") == {}
    assert at_once.charged_wh == pytest.approx(ahead.charged_wh, rel=0.001)
    assert ahead.bill <= at_once.bill + 0.001


def test_replayed_the_loads_state_the_same(ahead):
    site = load(ahead.folder / "site.yaml", driver_packages(), ("mem",), environ={}).site
    run = Replay(load_market, agents=site_agents(site))
    assert [*run.run(read_journal(ahead.folder / "state" / "journal.sqlite"))]
    assert run.difference is None
