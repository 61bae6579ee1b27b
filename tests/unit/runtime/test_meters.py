"""A party's meter: counters win over power, gaps count as traded, and nothing drifts."""

import pytest

from gateway.model.energy import Counter, Metered
from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.settlement import DeliveryQuality
from gateway.model.time import SECOND, Duration, Instant, Interval
from gateway.runtime.meters import Meter

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
WH = 3_600_000  # W x ms


class Device:
    """Readings every second; its counter runs ``faster`` than its power by that factor."""

    def __init__(self, *, faster=None, sign=1):
        self.counted = None
        self.at = 0
        self.raw_wh = 1000.0
        self.faster = faster
        self.meter = Meter(
            party="anna",
            device="m",
            product=PRODUCT,
            poll=Duration(SECOND),
            sign=sign,
            counters=lambda: self.counted,
        )

    def run(self, seconds, watts, *, silent=False):
        for _ in range(seconds):
            self._tell(watts, silent=silent)
            self.at += 1
            if self.faster is not None:
                self.raw_wh += watts * self.faster / 3600

    def _tell(self, watts, *, silent):
        if silent:
            return
        raw = None if self.faster is None else round(self.raw_wh, 1)
        at = Instant(self.at * SECOND)
        if raw is not None and self.at % 10 == 0:
            into = Counter(total_wh=raw - 1000.0, raw_wh=raw)
            self.counted = Metered(at=at, into=into, out=Counter())
        self.meter.see(Reading(device="m", at=at, flows={POWER: watts}, counted_in_wh=raw))

    def over(self, start_s, end_s, traded=0):
        window = Interval(Instant(start_s * SECOND), Instant(end_s * SECOND))
        steps = (PositionStep(interval=window, quantity=traded),)
        return self.meter.over(window, Position(party="anna", product="power", steps=steps))


def test_measured_power_alone_is_the_delivery_where_there_is_no_counter():
    device = Device()
    device.run(61, 1200)
    told = device.over(0, 60)
    assert told.quantities == (1200,) * 6
    assert (told.quality, told.counted, told.missing) == (DeliveryQuality.MEASURED, None, 0)


def test_the_party_behind_a_meter_delivers_the_opposite():
    device = Device(sign=-1)
    device.run(61, 1200)
    assert device.over(0, 60).quantities == (-1200,) * 6


def test_a_counter_that_went_further_wins_and_the_difference_is_said():
    device = Device(faster=1.1)
    device.run(901, 3600)
    told = device.over(0, 900)
    assert told.quality is DeliveryQuality.COUNTED
    assert sum(told.quantities) * 10_000 / WH == pytest.approx(1.1 * 900, abs=2)
    assert told.counted / WH == pytest.approx(0.1 * 900, abs=2)


def test_what_was_corrected_once_is_not_corrected_again():
    device = Device(faster=1.1)
    device.run(1801, 3600)
    first, second = device.over(0, 900), device.over(900, 1800)
    whole = (sum(first.quantities) + sum(second.quantities)) * 10_000 / WH
    assert whole == pytest.approx(1.1 * 1800, abs=3)


def test_a_gap_is_filled_by_the_counter():
    device = Device(faster=1.0)
    device.run(300, 3600)
    device.run(300, 3600, silent=True)
    device.run(301, 3600)
    told = device.over(0, 900, traded=0)
    assert told.quality is DeliveryQuality.COUNTED
    assert told.missing >= 290_000
    assert sum(told.quantities) * 10_000 / WH == pytest.approx(900, abs=2)


def test_a_gap_without_a_counter_counts_as_traded_and_says_so():
    device = Device()
    device.run(31, 1000)
    told = device.over(0, 60, traded=700)
    assert told.quantities == (1000,) * 3 + (700,) * 3
    assert (told.quality, told.missing) == (DeliveryQuality.ESTIMATED, 30_000)


def test_a_window_that_begins_before_the_first_reading_is_estimated_there():
    device = Device(faster=1.0)
    device.at = 30
    device.run(31, 1000)
    told = device.over(0, 60, traded=700)
    assert told.quantities == (700,) * 3 + (1000,) * 3
    assert told.quality is DeliveryQuality.ESTIMATED
