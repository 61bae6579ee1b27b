"""What an app outside foresees counts at once, while it is valid, and is judged beside the own."""

import pytest

from gateway.forecast.track import A_DAY, STEP, no_offset
from gateway.model.forecast import Forecast, Foreseen, OutsideForecast, TakenBack
from gateway.model.site import Tariff
from gateway.model.time import HOUR, Instant, seconds
from gateway.ports.history import Entry
from gateway.runtime.bus import LocalBus
from gateway.runtime.outlook import Outlooks, Roofs
from gateway.runtime.prices import Prices
from gateway.runtime.quarters import Quarter

BEGIN = Instant(20_000 * 24 * HOUR)
LOAD_W, SUN_W = 500.0, 200.0


class Past:
    """Two even days."""

    def past(self, series, since):
        for name, value in (("load", LOAD_W), ("sun", SUN_W), ("residual", LOAD_W - SUN_W)):
            for k in range(2 * A_DAY):
                yield Entry(series=name, at=Instant(BEGIN - (2 * A_DAY - k) * STEP), value=value)
            # Written in an hour in which the clock was years ahead.
            yield Entry(series=name, at=Instant(BEGIN + 10_000 * 24 * HOUR), value=9.0)

    def add(self, entries):
        pass


class House:
    """Time that is set by hand, and the quarters that end in it."""

    def __init__(self):
        self.at, self.closed = BEGIN, None
        self.told, bus = {}, LocalBus()
        bus.listen(self.hear)
        self.outlooks = Outlooks(
            quarters=self,
            prices=Prices(Tariff()),
            roofs=Roofs(present=True, rated_w=lambda: 0.0, sky=None),
            offset=no_offset,
            history=Past(),
            beside=self.beside,
            clock=self,
            bus=bus,
        )

    def now(self):
        return self.at

    def look(self, now):
        quarter, self.closed = self.closed, None
        return quarter

    def hear(self, fact):
        if isinstance(fact, Forecast):
            self.told[fact.what] = fact

    async def beside(self, work):
        work()

    async def after(self, quarters):
        for _ in range(quarters):
            self.closed = Quarter(at=self.at, load_w=LOAD_W, sun_w=SUN_W, devices={})
            self.at = Instant(self.at + STEP)
            await self.outlooks.look()

    def foresees(self, watts, hours, until):
        self.outlooks.outside.hear(
            OutsideForecast(
                what=Foreseen.SUN, start=self.at, step=HOUR, mean_w=(watts,) * hours, until=until
            )
        )

    def residual_w(self):
        outlook = self.outlooks.latest()
        return [
            round(sum(one.weight * one.residual_w[k] for one in outlook.scenarios))
            for k in range(outlook.steps)
        ]


async def test_it_counts_at_once_as_far_as_it_reaches_and_no_longer_than_it_is_valid():
    house = House()
    await house.after(1)
    assert set(house.residual_w()) == {300}
    house.foresees(1200.0, 6, until=Instant(house.at + HOUR))
    house.at = Instant(house.at + seconds(10))
    await house.outlooks.look()
    assert house.residual_w() == [-700] * 24 + [300] * (144 - 24)
    assert house.told[Foreseen.SUN].mean_w[:25] == (1200,) * 24 + (SUN_W,)
    assert house.told[Foreseen.SUN].outside_until == house.at - seconds(10) + HOUR
    assert house.told[Foreseen.LOAD].outside_until is None

    house.at = Instant(house.at - seconds(10))
    await house.after(4)
    assert house.told[Foreseen.SUN].outside_until is None
    assert set(house.told[Foreseen.SUN].mean_w) == {SUN_W}
    assert set(house.residual_w()) == {300}


async def test_its_error_stands_beside_the_own_and_the_naive_one():
    house = House()
    house.foresees(260.0, 40, until=Instant(BEGIN + 40 * HOUR))
    await house.after(12)
    (hour,) = house.told[Foreseen.SUN].errors
    assert (hour.lead, hour.count, hour.outside_count) == (HOUR, 7, 7)
    assert hour.mae_w == pytest.approx(0.0, abs=0.01)
    assert hour.naive_w == 0.0
    assert hour.outside_w == pytest.approx(60.0, abs=0.01)


async def test_what_is_taken_back_counts_no_more():
    house = House()
    house.foresees(1200.0, 40, until=Instant(BEGIN + 40 * HOUR))
    await house.outlooks.look()
    assert house.told[Foreseen.SUN].mean_w[0] == 1200
    house.outlooks.outside.hear(TakenBack(Foreseen.SUN))
    await house.outlooks.look()
    assert house.told[Foreseen.SUN].mean_w[0] == SUN_W
