"""The newest readings, their age, and the load estimate."""

import pytest

from gateway.model.canonical import quantise
from gateway.model.device import Control, DeviceState, Role
from gateway.model.reading import Quality
from gateway.model.site import PriceTable, Tariff
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.prices import Prices
from gateway.runtime.site import Site

START = Instant(1_000 * SECOND)


def at(s):
    return Instant(START + round(s * SECOND))


@pytest.fixture
def house(fakes):
    """A meter, a battery and a roof, all online and described."""
    site = fakes.site(
        fakes.device("meter", Role.GRID),
        fakes.device("battery", poll=Duration(5 * SECOND)),
        fakes.device("roof", Role.SOLAR),
    )
    fakes.describe(site, "battery", control=Control.TARGET)
    fakes.describe(site, "roof", control=Control.LIMIT)
    for device in ("meter", "battery", "roof"):
        site.enter(device, DeviceState.ONLINE, START, "")
    return site


@pytest.fixture
def read(house, fakes):
    """Give readings ``(second, meter, battery, roof)`` and return the estimate after each."""

    def run(*samples, **more):
        loads = []
        for s, *powers in samples:
            for device, power_w in zip(("meter", "battery", "roof"), powers, strict=True):
                if power_w is not None:
                    house.put(fakes.reading(device, at(s), power_w, **more.get(device, {})))
            house.estimate_load()
            loads.append(house.residual_w(at(s)))
        return loads

    return run


def test_the_load_is_what_no_steered_device_draws(read):
    assert read((0, 100.0, 500.0, -3000.0)) == [2600.0]


@pytest.mark.parametrize(
    ("device", "age_s", "quality"),
    [("roof", 3, Quality.GOOD), ("roof", 3.1, Quality.STALE), ("battery", 15, Quality.GOOD),
     ("battery", 15.1, Quality.STALE)],
)  # fmt: skip
def test_a_reading_is_fresh_for_three_polls_and_at_least_3_s(house, read, device, age_s, quality):
    read((0, 0.0, 0.0, 0.0))
    view = house.view(device, at(age_s))
    assert view.quality is quality
    assert (view.power_w is None) is (quality is not Quality.GOOD)


def test_an_offline_device_is_missing_however_young_its_reading(house, read):
    read((0, 0.0, 0.0, -500.0))
    house.enter("roof", DeviceState.OFFLINE, at(0), "gone")
    assert house.view("roof", at(0)).quality is Quality.MISSING
    assert house.view("roof", at(0)).power_w is None


def test_without_a_fresh_meter_there_is_no_load(house, read):
    read((0, 100.0, 0.0, 0.0))
    assert house.residual_w(at(3)) == 100.0
    assert house.residual_w(at(3.1)) is None


def test_a_suspect_meter_moves_no_estimate(read):
    read((0, 100.0, 0.0, 0.0))
    assert read((1, 9e6, 0.0, 0.0), meter={"quality": Quality.SUSPECT}) == [None]
    assert read((2, 100.0, 0.0, 0.0)) == [100.0]


def test_a_flipped_sign_of_one_sample_is_gone_with_the_next(read):
    assert read((0, 2000.0, 0.0, 0.0), (1, -2000.0, 0.0, 0.0), (2, 2000.0, 0.0, 0.0)) == [
        2000.0,
        -2000.0,
        2000.0,
    ]


def test_a_device_on_its_way_since_it_was_read_is_not_taken_for_load(house, read):
    assert read((0, 2000.0, 0.0, 0.0)) == [2000.0]
    house.hold("battery", -2000.0, at(0.1))
    assert read((1, 0.0, None, 0.0), (2, 0.0, None, 0.0)) == [2000.0, 2000.0]
    assert read((3, -2000.0, None, 0.0)) == [0.0]  # but what no way explains is load
    assert read((4, -2000.0, -2000.0, 0.0)) == [0.0]


def test_a_bound_moves_only_a_source_that_it_holds_back(house, read):
    read((0, 0.0, 0.0, -500.0))
    house.hold("roof", -3000.0, at(0.1))
    house.hold("roof", -4000.0, at(0.2))
    assert house.view("roof", at(1)).limit_w == 4000.0
    assert read((1, -1000.0, 0.0, None)) == [-500.0]


def test_a_meter_that_shows_nothing_of_what_devices_do_is_frozen_until_it_moves(house, read):
    loads = read(*((s, 700.0, -50.0 * s, -100.0) for s in range(40)))
    assert loads[30] is not None
    assert loads[31] is None
    assert house.meter_frozen
    assert read((40, 710.0, -2000.0, -100.0))[0] is not None


def test_a_meter_that_shows_the_same_while_nothing_moves_is_believed(read):
    assert None not in read(*((s, 700.0, 0.0, -100.0) for s in range(100)))


def test_a_stepped_clock_keeps_the_age_of_what_was_measured(house, read):
    read((0, 100.0, 0.0, 0.0))
    house.step(-3600 * SECOND)
    assert house.residual_w(at(-3600 + 3)) == 100.0
    assert house.residual_w(at(-3600 + 3.1)) is None


def test_only_a_change_of_state_is_news(house):
    assert house.enter("roof", DeviceState.ONLINE, at(1), "") is None
    change = house.enter("roof", DeviceState.SLEEPING, at(2), "night")
    assert (change.state, change.since, change.reason) == (DeviceState.SLEEPING, at(2), "night")


def test_run_and_rest_of_a_stepped_load_follow_its_own_reading(fakes):
    site = fakes.site(fakes.device("pump", Role.HEAT))
    fakes.describe(site, "pump", control=Control.TARGET, stages_w=(1500.0,))
    site.enter("pump", DeviceState.ONLINE, START, "")
    for s, power_w in enumerate((10.0, 1500.0, 1510.0, 5.0)):
        site.put(fakes.reading("pump", at(s), power_w))
        view = site.view("pump", at(s))
        running = (view.running_since, view.stopped_since)
        assert running == [(None, at(0)), (at(1), None), (at(1), None), (None, at(3))][s]


def test_a_snapshot_carries_no_single_points(house, fakes):
    house.put(fakes.reading("roof", at(0), -100.0, points={"103.W": 100}, overridden="by hand"))
    seen = house.snapshot(at(1)).devices["roof"].reading
    assert (seen.power_w, seen.points, seen.overridden) == (-100.0, {}, None)


def test_a_snapshot_is_what_is_read_back_from_the_journal(house, fakes):
    fakes.describe(
        house, "roof", control=Control.LIMIT, rating_w=8000, charge_w=2.00049, floor_w=0.1 + 0.2
    )
    more = {"soc_pct": 50.00051, "available_w": 1 / 3, "timer_left_s": 59.99951, "note": "odd"}
    house.put(fakes.reading("roof", at(0), -2310.45678, **more))
    house.put(fakes.reading("meter", at(0), 0.1 + 0.2))
    house.estimate_load()
    house.hold("roof", -1234.56789, at(0))
    seen = house.snapshot(at(1))
    again = quantise(seen)
    assert seen == again
    assert list(seen.devices) == list(again.devices) == ["battery", "meter", "roof"]
    assert seen.devices["roof"].limit_w == 1234.568
    assert seen.devices["roof"].reading.available_w == 0.333


def test_a_snapshot_tells_the_tariff_of_what_is_traded_not_of_the_gate():
    table = PriceTable(steps=((at(0), 0.30), (at(60), 0.60)))
    house = Site([], Prices(Tariff(import_price=table)))
    assert house.snapshot(at(59)).import_price == 0.30
    assert house.snapshot(at(59), priced_at=at(60)).import_price == 0.60
    assert house.snapshot(at(61), priced_at=at(0)).import_price == 0.60
