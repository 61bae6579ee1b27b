"""Every bound of the guard, its reason, and who wins when two disagree."""

import math

import pytest

from gateway.dispatch.guard import Held, SiteRoom, guard
from gateway.model.device import (
    Capabilities,
    Control,
    Device,
    DeviceState,
    Fallback,
    Limits,
    Role,
)
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView
from gateway.model.time import MINUTE, SECOND, Duration, Instant

NOW = Instant(1_000 * SECOND)
FREE = SiteRoom()


def device(role=Role.STORAGE, **more):
    return Device(id="d", role=role, driver="x", connection="mem://d", line="mem://d", **more)


def view(power_w=0.0, soc_pct=50.0, quality=Quality.GOOD, **more):
    capabilities = more.pop(
        "capabilities", Capabilities(control=Control.TARGET, charge_w=5000, discharge_w=4000)
    )
    flows = {} if power_w is None else {POWER: power_w}
    reading = Reading(device="d", at=NOW, flows=flows, soc_pct=soc_pct)
    return DeviceView(
        id="d",
        state=more.pop("state", DeviceState.ONLINE),
        capabilities=capabilities,
        since=Instant(0),
        reading=reading,
        quality=quality,
        **more,
    )


def test_with_headroom_the_setpoint_equals_the_plan():
    guarded = guard(1234.0, device(), view(), None, FREE, NOW)

    assert guarded.quantity == 1234.0
    assert guarded.reasons == ()


@pytest.mark.parametrize(("wanted", "bounded"), [(9000.0, 5000.0), (-9000.0, -4000.0)])
def test_more_than_the_device_can_is_bounded_by_what_it_told(wanted, bounded):
    guarded = guard(wanted, device(), view(), None, FREE, NOW)

    assert guarded.quantity == bounded
    assert "device limit" in guarded.reasons[0]


def test_the_owners_limit_is_stricter_than_the_nameplate():
    owner = device(limits=Limits(charge_w=1000.0))

    assert guard(3000.0, owner, view(), None, FREE, NOW).quantity == 1000.0


def test_discharge_at_the_reserve_becomes_nothing():
    owner = device(limits=Limits(min_soc_pct=20.0))
    guarded = guard(-2000.0, owner, view(soc_pct=20.0), None, FREE, NOW)

    assert guarded.quantity == 0.0
    assert "reserve" in guarded.reasons[0]


def test_charging_a_full_battery_becomes_nothing():
    assert guard(2000.0, device(), view(soc_pct=100.0), None, FREE, NOW).quantity == 0.0


def test_unknown_state_of_charge_moves_nothing():
    assert guard(2000.0, device(), view(soc_pct=None), None, FREE, NOW).quantity == 0.0


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.MISSING, Quality.SUSPECT])
def test_a_reading_that_is_not_good_gives_the_fall_back_level(quality):
    under_limit = device(Role.SOLAR, fallback=Fallback(level_w=0.0))
    guarded = guard(-3000.0, under_limit, view(quality=quality), None, FREE, NOW)

    assert guarded.quantity == 0.0
    assert "fall-back level" in guarded.reasons[-1]


def test_a_source_falls_back_to_a_bound_on_generation():
    under_limit = device(Role.SOLAR, fallback=Fallback(level_w=500.0))

    assert guard(-3000.0, under_limit, view(power_w=None), None, FREE, NOW).quantity == -500.0


def test_without_a_level_an_unknown_reading_releases_to_the_own_rule():
    assert guard(-3000.0, device(), view(power_w=None), None, FREE, NOW).quantity is None


def test_a_faulty_device_falls_back():
    faulty = view(state=DeviceState.FAULTY)
    owner = device(fallback=Fallback(level_w=0.0))

    assert guard(3000.0, owner, faulty, None, FREE, NOW).quantity == 0.0


def test_ramp_bounds_the_change_since_the_last_write():
    owner = device(limits=Limits(ramp_w_per_s=100.0))
    held = Held(quantity=0.0, at=Instant(NOW - 2 * SECOND), turned_at=Instant(0))

    assert guard(3000.0, owner, view(), held, FREE, NOW).quantity == 200.0


def test_turning_within_the_dwell_time_stands_still():
    owner = device(limits=Limits(dwell=Duration(30 * SECOND)))
    held = Held(quantity=500.0, at=Instant(NOW - SECOND), turned_at=Instant(NOW - 5 * SECOND))

    assert guard(-800.0, owner, view(), held, FREE, NOW).quantity == 0.0


STAGES = Capabilities(control=Control.TARGET, stages_w=(1500.0, 3000.0), rating_w=3000.0)


def heat(**limits):
    return device(Role.HEAT, limits=Limits(**limits))


def test_a_load_keeps_its_minimum_run():
    running = view(1500.0, None, capabilities=STAGES, running_since=Instant(NOW - MINUTE))
    guarded = guard(0.0, heat(min_run=Duration(3 * MINUTE)), running, None, FREE, NOW)

    assert guarded.quantity == 1500.0
    assert "minimum run" in guarded.reasons[0]


def test_a_broken_import_limit_goes_before_the_minimum_run():
    running = view(1500.0, None, capabilities=STAGES, running_since=Instant(NOW - MINUTE))
    room = SiteRoom(high=1000.0, broken=True)

    assert guard(0.0, heat(min_run=Duration(3 * MINUTE)), running, None, room, NOW).quantity == 0.0


def test_a_load_keeps_its_minimum_rest():
    resting = view(0.0, None, capabilities=STAGES, stopped_since=Instant(NOW - MINUTE))

    assert (
        guard(3000.0, heat(min_rest=Duration(3 * MINUTE)), resting, None, FREE, NOW).quantity == 0
    )


def test_a_load_yields_stage_by_stage_to_the_import_limit():
    room = SiteRoom(high=2200.0)
    guarded = guard(3000.0, heat(), view(0.0, None, capabilities=STAGES), None, room, NOW)

    assert guarded.quantity == 1500.0
    assert "site import limit" in guarded.reasons[0]


def test_storage_discharges_by_itself_when_the_import_limit_is_broken():
    room = SiteRoom(low=-math.inf, high=-700.0, broken=True)

    assert guard(1000.0, device(), view(), None, room, NOW).quantity == -700.0


def test_discharge_never_breaks_the_export_limit():
    assert guard(-3000.0, device(), view(), None, SiteRoom(low=-1200.0), NOW).quantity == -1200.0


LIMIT = Capabilities(control=Control.LIMIT, rating_w=8000.0, floor_w=80.0, resolution_w=0.8)


def test_a_bound_is_rounded_to_the_safe_side():
    guarded = guard(-1000.5, device(Role.SOLAR), view(capabilities=LIMIT), None, FREE, NOW)

    assert guarded.quantity == pytest.approx(-1000.0)


def test_without_a_site_limit_a_bound_is_not_below_the_devices_floor():
    guarded = guard(-10.0, device(Role.SOLAR), view(capabilities=LIMIT), None, FREE, NOW)

    assert guarded.quantity == -80.0


@pytest.mark.parametrize(("left", "quantity"), [(60.0, 0.0), (79.0, 0.0), (80.0, -80.0)])
def test_the_floor_never_exceeds_a_site_limit(left, quantity):
    under_limit = device(Role.SOLAR, fallback=Fallback(level_w=0.0))
    room = SiteRoom(low=-left)
    guarded = guard(-50.0, under_limit, view(capabilities=LIMIT), None, room, NOW)

    assert guarded.quantity == quantity


def test_no_limit_stays_no_limit():
    assert (
        guard(None, device(Role.SOLAR), view(capabilities=LIMIT), None, FREE, NOW).quantity is None
    )


def test_a_broken_import_limit_asks_no_more_of_a_storage_than_its_owner_allows():
    owner = device(limits=Limits(discharge_w=1500.0))
    room = SiteRoom(low=-20_000.0, high=-9_000.0, broken=True)

    assert guard(0.0, owner, view(), None, room, NOW).quantity == -1500.0


GENSET = {
    "role": Role.GENERATOR,
    "limits": Limits(min_run=Duration(5 * MINUTE), min_rest=Duration(MINUTE)),
}
GIVES = Capabilities(control=Control.TARGET, rating_w=5000, floor_w=1500)


@pytest.mark.parametrize(
    ("wanted", "given"), [(-9000.0, -5000.0), (-1400.0, 0.0), (800.0, 0.0), (-2000.0, -2000.0)]
)
def test_a_generator_gives_between_its_least_and_its_most_or_nothing(wanted, given):
    guarded = guard(wanted, device(**GENSET), view(capabilities=GIVES), None, FREE, NOW)
    assert guarded.quantity == given


def test_a_generator_keeps_its_minimum_run_at_its_least_power():
    runs = view(power_w=-3000.0, capabilities=GIVES, running_since=Instant(NOW - MINUTE))
    guarded = guard(0.0, device(**GENSET), runs, None, FREE, NOW)
    assert guarded.quantity == -1500.0
    assert guarded.reasons == ("minimum run: on for 60 s",)


def test_a_generator_keeps_its_minimum_rest():
    rests = view(capabilities=GIVES, stopped_since=Instant(NOW - 30 * SECOND))
    guarded = guard(-3000.0, device(**GENSET), rests, None, FREE, NOW)
    assert guarded.quantity == 0.0
    assert guarded.reasons == ("minimum rest: off for 30 s",)


@pytest.mark.parametrize(("low", "given"), [(-2500.0, -2500.0), (-1000.0, 0.0), (500.0, 0.0)])
def test_a_generator_yields_to_the_export_limit_and_below_its_least_power_stands(low, given):
    guarded = guard(
        -3000.0, device(**GENSET), view(capabilities=GIVES), None, SiteRoom(low=low), NOW
    )
    assert guarded.quantity == given
    assert "site export limit" in guarded.reasons


def test_a_generator_that_only_runs_or_stands_gives_its_stage():
    staged = Capabilities(control=Control.TARGET, rating_w=3000, stages_w=(3000,), floor_w=3000)
    for wanted, given in ((-3000.0, -3000.0), (-2000.0, 0.0), (0.0, 0.0)):
        found = guard(wanted, device(**GENSET), view(capabilities=staged), None, FREE, NOW)
        assert found.quantity == given
