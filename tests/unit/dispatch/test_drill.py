"""What a drill may not break, what it shows, and what the owner is told to set."""

from dataclasses import replace

import pytest

from gateway.dispatch.drill import Silence, Situation, finding, objection, shorter_timer_s
from gateway.dispatch.lease import lease_terms
from gateway.model.device import (
    Capabilities,
    Control,
    Device,
    DeviceState,
    Fallback,
    Identity,
    Limits,
    Role,
    Timer,
)
from gateway.model.drill import DrillResult
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.site import ControlMode, GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.time import SECOND, Duration, Instant

T0 = Instant(1_000 * SECOND)
SETTLE = Duration(2 * SECOND)
WORDS = "someone changed register 40155: wrote 3, reads 0"


def at(s):
    return Instant(T0 + round(s * SECOND))


def reading(s, power_w, overridden=None):
    return Reading(device="d", at=at(s), flows={POWER: power_w}, overridden=overridden)


def device(role=Role.STORAGE, level_w=None):
    return Device(
        id="d", role=role, driver="x", connection="mem://d", line="mem://d",
        fallback=Fallback(level_w=level_w),
    )  # fmt: skip


def situation(power_w=3000.0, grid_w=0.0, *, role=Role.STORAGE, level_w=None, **changes):
    solar = role is Role.SOLAR
    control = Control.LIMIT if solar else Control.TARGET
    capabilities = Capabilities(control=control, rating_w=8000.0, timer=Timer(max_s=65534))
    view = DeviceView(
        id="d", state=DeviceState.ONLINE, capabilities=capabilities, since=T0,
        reading=reading(0, power_w), quality=Quality.GOOD,
    )  # fmt: skip
    told = device(role, level_w)
    usual = Situation(
        mode=ControlMode.ACT, device=told, view=view, terms=lease_terms(told, capabilities),
        yielded="", limits=GridLimits(), grid_w=grid_w,
    )  # fmt: skip
    return replace(usual, **changes)


def test_nothing_speaks_against_it():
    assert objection(situation()) == ""
    limits = GridLimits(import_w=5000.0, export_w=4000.0)
    assert objection(situation(limits=limits)) == ""


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (situation(mode=ControlMode.HANDS_OFF), "control is hands-off"),
        (situation(grid_w=None, limits=GridLimits(import_w=9000.0)), "nobody would see"),
        (situation(grid_w=9100.0, limits=GridLimits(import_w=9000.0)), "import limit of 9000 W"),
        # without its charging 3 kW the house feeds in 4 kW
        (situation(grid_w=-1000.0, limits=GridLimits(export_w=3000.0)), "export limit of 3000 W"),
        # without its discharging 3 kW the house draws 10 kW
        (situation(-3000.0, 7000.0, limits=GridLimits(import_w=9000.0)), "import limit of 9000 W"),
        (
            situation(-1000.0, 0.0, role=Role.SOLAR, limits=GridLimits(export_w=5000.0)),
            "export limit of 5000 W would be broken if it went to -8000 W",
        ),
        (situation(role=Role.SOLAR, level_w=0.0), "no timer of its own is in use"),
    ],
)
def test_it_is_refused_where_it_shows_nothing_or_breaks_a_limit(now, why):
    assert why in objection(now)


def test_a_source_by_itself_knows_no_limit_of_its_owner_and_an_unknown_nameplate_is_no_room():
    limits = GridLimits(export_w=5000.0)
    now = situation(-1000.0, 0.0, role=Role.SOLAR, limits=limits)
    tightened = replace(now.device, limits=Limits(max_w=2000.0))
    assert "went to -8000 W" in objection(replace(now, device=tightened))
    nameless = replace(now.view.capabilities, rating_w=None)
    now = replace(now, view=replace(now.view, capabilities=nameless))
    assert "its nameplate is not known" in objection(now)
    assert "went to -9000 W" in objection(
        replace(now, device=replace(now.device, limits=Limits(max_w=9000.0)))
    )


def test_a_device_that_does_not_answer_or_belongs_to_another_is_not_drilled():
    now = situation()
    offline = replace(now.view, state=DeviceState.OFFLINE, quality=Quality.MISSING)
    assert "cannot be seen" in objection(replace(now, view=offline))
    ceded = replace(now.view, capabilities=Capabilities())
    assert "nothing to stop" in objection(replace(now, view=ceded))
    assert objection(replace(now, view=ceded, yielded="left to the cloud")) == "left to the cloud"


def silence(**changes):
    usual = Silence(
        control=Control.TARGET, quantity=3000.0, timer_s=60, began=at(0), accepted=at(0.5),
        stood=at(0.5),
    )  # fmt: skip
    return replace(usual, **changes)


def test_registers_and_flow_are_timed_from_the_last_renewal():
    seen = silence()
    for s in range(80):
        seen = seen.seen(reading(s, 3000.0))
    seen = seen.seen(reading(80, 2990.0, WORDS)).seen(reading(81, 1200.0, WORDS))
    result = seen.result(device(), Identity())
    assert (result.stood_s, result.observed_s, result.flow_s) == (79.0, 80.0, 81.0)
    assert not result.kept
    assert seen.over(at(81), SETTLE)


def test_a_flow_that_wavers_while_the_words_stand_is_no_fall_back():
    seen = silence().seen(reading(5, 2500.0)).seen(reading(6, 3000.0))
    assert seen.left is None


def test_what_was_read_before_the_renewal_was_says_nothing():
    assert silence().seen(reading(0.4, 0.0, WORDS)) == silence()


def test_when_the_flow_cannot_change_it_is_over_soon_after_the_registers():
    seen = silence(quantity=0.0).seen(reading(60, 0.0, WORDS))
    assert not seen.over(at(63.9), SETTLE)
    assert seen.over(at(64), SETTLE)
    assert seen.result(device(), Identity()).flow_s is None


def test_a_device_that_never_falls_back_is_given_up_after_three_timers():
    assert not silence().over(at(179), SETTLE)
    assert silence().over(at(180), SETTLE)
    assert silence(timer_s=5).over(at(60), SETTLE)


def drilled(observed_s, timer_s=60, stood_s=None):
    stood_s = (observed_s or 180.0) - 1 if stood_s is None else stood_s
    return DrillResult(
        device="d", at=T0, identity=Identity(), promised_s=60.0, timer_s=timer_s,
        stood_s=stood_s, observed_s=observed_s,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (drilled(60.4), "as promised"),
        (drilled(61.0, stood_s=60.0), "as promised"),
        (drilled(81.0), "LATE; set fallback: {timer: 39s} to keep the promise, or fallback: {af"),
        (drilled(81.0), "{after: 82s} to promise what it does"),
        (drilled(20.0), "early"),
        (drilled(None), "does not fall back by itself"),
    ],
)
def test_the_finding_says_what_to_set(result, said):
    assert said in finding(result)
    assert result.kept is ("as promised" in said or said == "early")


@pytest.mark.parametrize(
    ("timer_s", "observed_s"), [(60, 80.0), (60, 61.0), (60, 600.0), (45, 70.0)]
)
def test_the_timer_that_is_advised_keeps_the_promise_whether_time_is_added_or_stretched(
    timer_s, observed_s
):
    advised = shorter_timer_s(drilled(observed_s, timer_s))
    assert advised >= 1
    if advised > 1:
        assert advised + (observed_s - timer_s) <= 60.0
        assert advised * observed_s / timer_s <= 60.0
