"""Days of a roof in virtual time: what it gives, should give and earns, and when it is named."""

import re
from datetime import datetime
from math import radians, sin
from zoneinfo import ZoneInfo

import pytest

from gateway.model.clearing import Clearing, ClearingType
from gateway.model.device import Device, Role
from gateway.model.event import FaultChanged
from gateway.model.harvest import DayYield
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.roof import Kept
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.time import MINUTE, SECOND, Duration, Instant, parse_rfc3339
from gateway.physics.sun import elevation_deg
from gateway.runtime.bus import LocalBus
from gateway.runtime.yields import Yields
from gateway.testing import VirtualClock

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
POLL = Duration(5 * MINUTE)


def sky(at):
    return sin(radians(elevation_deg(at / SECOND, 52.0, 5.0)))


def device(name):
    line = f"mem://{name}"
    return Device(id=name, role=Role.SOLAR, driver="sunspec", connection=line, line=line, poll=POLL)


class Days:
    """A roof of 5 kW with two strings; its counter, its file, and what is told."""

    def __init__(self, clock, *, zone="Europe/Amsterdam", names=("roof",)):
        self.clock, self.names, self.zone = clock, names, ZoneInfo(zone)
        self.counter = dict.fromkeys(names, 0.0)
        self.kept, self.told = Kept(), []
        self.open()

    def open(self):
        self.bus = LocalBus()
        self.bus.listen(self.told.append)
        self.yields = Yields(
            devices=[device(name) for name in self.names],
            product=PRODUCT,
            counted=self.counter.get,
            day_of=lambda at: f"{datetime.fromtimestamp(at // SECOND, self.zone):%Y%m%d}",
            sky=sky,
            load=lambda: self.kept,
            store=self.store,
            clock=self.clock,
            bus=self.bus,
        )
        self.yields.announce()

    async def store(self, kept):
        self.kept = kept

    async def pass_to(self, end, *shares, heard=True, most_w=5000.0):
        """``shares`` of what a good roof gives, by string of the first and of the other roofs."""
        end = parse_rfc3339(end) if isinstance(end, str) else end
        while self.clock.now() < end:
            now = self.clock.now()
            full_w = 5000 * max(0.0, sky(now))
            for name, (one, other) in zip(self.names, shares, strict=True):
                strings = {"160.1.DCW": one * full_w / 2, "160.2.DCW": other * full_w / 2}
                given_w = min(sum(strings.values()), most_w)
                self.counter[name] += given_w / 12
                if heard:
                    reading = Reading(device=name, at=now, flows={POWER: -given_w}, points=strings)
                    self.bus.publish(reading)
            if heard:
                await self.yields.look()
            await self.clock.sleep(POLL)

    def closed(self, name="roof"):
        return [f for f in self.told if isinstance(f, DayYield) and f.closed and f.device == name]

    def faults(self):
        return [f for f in self.told if isinstance(f, FaultChanged)]


def cleared(price, at):
    interval = PRODUCT.next_interval(at)
    return Clearing(
        sequence=1,
        product="power",
        at=at,
        instrument=interval,
        interval=interval,
        scheduled=True,
        price=price,
        reference_price=price,
        low=price,
        high=price,
        quantity=1,
        type=ClearingType.EXACT,
    )


WHOLE = (1.0, 1.0)


def test_a_roof_whose_output_drops_by_a_third_is_named_on_the_third_sunny_day(virtual, clock):
    async def main():
        days = Days(clock)
        await days.pass_to("2026-06-26T22:10:00Z", WHOLE)
        assert not days.faults()
        await days.pass_to("2026-06-28T22:10:00Z", (1.0, 0.34))
        assert not days.faults()
        await days.pass_to("2026-06-29T22:10:00Z", (1.0, 0.34))
        return days

    days = virtual(main())
    (fault,) = days.faults()
    assert (fault.device, fault.code, fault.active) == ("roof", "YIELD_LOW", True)
    assert "on 3 sunny days in a row" in fault.text
    assert re.search(r"string 2 gave 3[45] %", fault.text)
    assert fault.observed == pytest.approx(0.67 * fault.expected, rel=0.03)
    last = days.closed()[-1]
    assert (last.day, last.quality) == ("20260629", "clear-sky")
    assert last.ratio == pytest.approx(0.67, abs=0.02)
    assert [one.ratio for one in last.strings] == pytest.approx([1.0, 0.34], abs=0.02)


def test_it_outlives_a_restart_and_ends_on_the_first_good_day(virtual, clock):
    async def main():
        days = Days(clock)
        await days.pass_to("2026-06-25T22:10:00Z", WHOLE)
        await days.pass_to("2026-06-28T22:10:00Z", (0.6, 0.6))
        await days.yields.keep()
        days.open()
        await days.pass_to("2026-06-29T22:10:00Z", WHOLE)
        return days.faults()

    raised, again, over = virtual(main())
    assert (raised.active, again.active, over.active) == (True, True, False)
    assert again.text == raised.text != ""


@pytest.mark.parametrize(
    ("others", "named"),
    [((), []), ((WHOLE,), [("roof", True)])],
    ids=["alone", "beside a good one"],
)
def test_a_roof_low_by_fits_and_starts_is_named_only_beside_a_good_one(
    virtual, clock, others, named
):
    async def main():
        days = Days(clock, names=("roof", "barn")[: 1 + len(others)])
        await days.pass_to("2026-06-25T22:10:00Z", WHOLE, *[WHOLE] * len(others))
        for number in range(1, 1 + 4 * 96):
            share = 0.1 + 0.6 * (number * 37 % 11) / 11  # unsteady from quarter to quarter
            end = Instant(parse_rfc3339("2026-06-25T22:10:00Z") + number * 15 * MINUTE)
            await days.pass_to(end, (share, share), *others)
        return [(one.device, one.active) for one in days.faults()]

    assert virtual(main()) == named


def test_the_days_energy_is_what_the_counter_says_also_over_a_restart(virtual, clock):
    async def main():
        days = Days(clock)
        await days.pass_to("2026-06-22T09:00:00Z", WHOLE)
        began = days.kept.devices["roof"].began_wh
        await days.yields.keep()
        await days.pass_to("2026-06-22T11:00:00Z", WHOLE, heard=False)
        days.open()
        await days.pass_to("2026-06-22T22:30:00Z", WHOLE)
        return began, days

    began, days = virtual(main())
    last = days.closed()[-1]
    assert last.day == "20260622"
    assert last.actual_wh == pytest.approx(days.counter["roof"] - began, abs=1)


@pytest.mark.parametrize(("month", "day", "hours"), [(3, 29, 23), (10, 25, 25)])
def test_a_day_on_which_the_clocks_change_comes_to_what_is_expected(virtual, month, day, hours):
    async def main():
        days = Days(VirtualClock(parse_rfc3339(f"2026-{month:02}-{day - 4:02}T12:00:00Z")))
        await days.pass_to(f"2026-{month:02}-{day + 1:02}T01:00:00Z", WHOLE)
        return days.closed()[-1]

    found = virtual(main())
    assert found.day == f"2026{month:02}{day:02}"
    assert found.ratio == pytest.approx(1.0, abs=0.06)


def test_what_it_gives_earns_the_price_of_the_market(virtual, clock):
    async def main():
        days = Days(clock)
        days.bus.publish(cleared(2000, clock.now()))
        await days.pass_to("2026-06-21T22:10:00Z", WHOLE)
        return days.closed()[0]

    found = virtual(main())
    assert found.earned == pytest.approx(found.actual_wh / 1000 * 0.20, rel=0.02)


def test_a_roof_under_a_limit_is_neither_learned_nor_compared(virtual, clock):
    async def main():
        days = Days(clock)
        await days.pass_to("2026-06-25T22:10:00Z", WHOLE)
        now = clock.now()
        days.bus.publish(
            SetpointStatus(
                device="roof",
                at=now,
                wanted=-500.0,
                commanded=-500.0,
                accepted=-500.0,
                effective=-500.0,
                outcome=Outcome.EFFECTIVE,
                lease_until=now,
                timer_until=now,
                because="export limit",
            )
        )
        await days.pass_to("2026-06-26T22:10:00Z", WHOLE, most_w=500.0)
        return days.closed()[-1]

    held = virtual(main())
    assert held.ratio == pytest.approx(1.0, abs=0.02)
    assert held.expected_wh < 0.1 * held.actual_wh
