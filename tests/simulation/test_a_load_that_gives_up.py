"""A heater rod buys its hour ahead; when the cooker needs the fuse, it is paid for making room."""

import asyncio

import pytest

from gateway.model.tender import Side
from gateway.model.time import HOUR, MINUTE, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.testing import VirtualLoop
from tests.simulation.harness import open_home
from tests.simulation.test_a_storage_that_plans import BEGIN, remember, tariff
from tests.simulation.test_a_storage_that_plans import HOUSE as PLAIN

pytestmark = [pytest.mark.slow, pytest.mark.patient]

HOUSE = {**PLAIN, "water_c": 30}
DEVICES = {
    **{name: {"poll": "10s"} for name in ("roof", "grid", "house")},
    "heatpump": None,
    "battery": None,
}
PRODUCTS = {
    "power": {"resource": "POWER", "unit": "W", "interval": "1min"},
    "hourly": {
        "resource": "POWER",
        "unit": "W",
        "interval": "1h",
        "forward": {"horizon": "24h", "every": "15min"},
    },
}
BOILER = {"poll": "10s", "price_cap": 0.25, "gives_up_at": 0.60}


SECOND_HOUR = Interval(Instant(BEGIN + HOUR), Instant(BEGIN + 2 * HOUR))
MONEY = 10_000 * 1000 * 3_600_000  # of 0.0001 EUR/kWh x W x ms
COOKER_ON, COOKER_OFF = Instant(BEGIN + 80 * MINUTE), Instant(BEGIN + 100 * MINUTE)


class Night:
    """Two hours from eleven on, of which the second is cheap and bought ahead."""

    def __init__(self, folder, run, gives_up_at):
        remember(folder)
        boiler = {"poll": "10s", "price_cap": 0.25, "gives_up_at": gives_up_at}
        self._changes = {
            "devices": {**DEVICES, "boiler": {k: v for k, v in boiler.items() if v}},
            "products": PRODUCTS,
            "grid": {**tariff(folder), "import_limit_w": 5000},
        }
        run(self._live(folder))

    async def _live(self, folder):
        async with open_home(folder, BEGIN, HOUSE, **self._changes) as home:
            await home.pass_time(80 * 60, 10)
            home.house.set_cooker(True)
            await home.pass_time(20 * 60, 10)
            home.house.set_cooker(False)
            await home.pass_time(20 * 60, 10)
        self.trace = home.trace
        self.traded = [
            fact for fact in home.facts if isinstance(fact, Transaction) and fact.party == "boiler"
        ]

    @property
    def sold(self):
        """Back, in the second hour."""
        return [one for one in self.traded if one.side is Side.SELL and one.product == "power"]

    @property
    def earned(self):
        return -sum(one.money for one in self.sold) / MONEY

    @property
    def bill(self):
        """Of all that is delivered in the second hour."""
        until = SECOND_HOUR.end
        return sum(one.money for one in self.traded if one.interval.start < until) / MONEY

    @property
    def drawn_kwh(self):
        """In the second hour, by the truth of every ten seconds."""
        inside = (t for at, t in self.trace if SECOND_HOUR.start < at <= SECOND_HOUR.end)
        return sum(truth["boiler_w"] for truth in inside) / 360_000

    def position(self, at):
        return sum(one.signed for one in self.traded if one.interval.start <= at < one.interval.end)


def night(factory, gives_up_at):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return Night(factory.mktemp("night"), runner.run, gives_up_at)


@pytest.fixture(scope="module")
def paid(tmp_path_factory):
    return night(tmp_path_factory, 0.60)


@pytest.fixture(scope="module")
def capped(tmp_path_factory):
    return night(tmp_path_factory, None)


def test_what_it_bought_ahead_it_sells_back_at_its_price_and_never_more(paid):
    ahead = [one for one in paid.traded if one.product == "hourly" and one.interval == SECOND_HOUR]
    assert [(one.signed, one.price) for one in ahead] == [(3000, 1500)]
    assert paid.sold
    assert {one.price for one in paid.sold} == {6000}
    for at, _ in paid.trace:
        assert paid.position(at) >= 0


def test_its_power_falls_by_what_it_sold_and_the_fuse_holds(paid):
    cooking = [(at, truth) for at, truth in paid.trace if COOKER_ON + MINUTE < at < COOKER_OFF]
    for at, truth in cooking:
        assert truth["boiler_w"] == pytest.approx(paid.position(at), abs=40)
        assert truth["boiler_w"] < 1000
        assert truth["grid_w"] <= 5000 + 40


def test_the_room_it_made_is_paid_for_at_what_it_asked_and_not_at_what_it_pays(paid, capped):
    sold_kwh = sum(-one.signed * one.interval.duration / HOUR for one in paid.sold) / 1000
    assert 0.70 <= sold_kwh < 0.80  # 2.1 kW for the cooker's 20 minutes, and 0.1 kW for the fridge
    assert sold_kwh + paid.drawn_kwh == pytest.approx(3.0, abs=0.03)
    assert paid.earned == pytest.approx(0.60 * sold_kwh)
    assert {one.price for one in capped.sold} == {2500}
    assert paid.bill < capped.bill - 0.2
