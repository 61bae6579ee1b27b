"""A gateway that ends in the middle of a pass over the day ahead, and the next one that goes on."""

import asyncio
from collections import defaultdict

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import load_market
from gateway.app.agents import site_agents
from gateway.config import load
from gateway.model.ahead import ForwardCurve
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home
from tests.simulation.test_a_storage_that_plans import BEGIN, HOUSE, LOAD_W, POLLS, remember, tariff
from tests.simulation.test_the_day_ahead import PRODUCTS

pytestmark = pytest.mark.slow
CUT_AFTER = 5


def test_what_was_traded_stands_and_the_rest_is_traded_once(tmp_path, virtual):
    remember(tmp_path)
    devices = POLLS | {"battery": None, "heatpump": {**POLLS["house"], "tender": False}}
    changes = {"devices": devices, "products": PRODUCTS, "grid": tariff(tmp_path)}
    clock = VirtualClock(BEGIN)
    bought = defaultdict(list)
    curves, enough = [], asyncio.Event()

    def hear(fact):
        if isinstance(fact, Transaction) and (fact.product, fact.party) == ("hourly", "must-run"):
            bought[fact.interval].append(fact.signed)
            if len(bought) == CUT_AFTER:
                enough.set()
        curves.extend([fact] if isinstance(fact, ForwardCurve) else [])

    def opened(house):
        return open_home(tmp_path, BEGIN, HOUSE, house=house, clock=clock, **changes)

    async def lives():
        house = house_factories()["demo"](clock, HOUSE)
        async with opened(house) as home:
            home.gateway.bus.listen(hear)
            await enough.wait()
        in_time, told = len(bought), len(curves)
        async with opened(house) as home:
            home.gateway.bus.listen(hear)
            await home.pass_time(20 * 60, 5)
        return in_time, told

    in_time, told = virtual(lives())
    assert CUT_AFTER <= in_time < 20
    assert told == 0
    assert len(bought) > 20
    assert all(sum(each) == pytest.approx(LOAD_W, rel=0.1) for each in bought.values())
    assert sum(len(each) for each in bought.values()) <= len(bought) + 3
    assert len(curves[-1].points) > 20
    run = Replay(
        load_market,
        agents=site_agents(
            load(tmp_path / "site.yaml", driver_packages(), ("mem",), environ={}).site
        ),
    )
    assert [*run.run(read_journal(tmp_path / "state" / "journal.sqlite"))]
    assert run.difference is None
