"""Whether a command worked, and why it may not have; each reason rests on what is read."""

import pytest

from gateway.dispatch.effect import Command, judge
from gateway.model.device import Control, Device, Limits, Role
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome
from gateway.model.time import SECOND, Duration, Instant

T0 = Instant(1_000 * SECOND)
SETTLE = Duration(2 * SECOND)


def device(role=Role.STORAGE, **more):
    return Device(id="d", role=role, driver="x", connection="mem://d", line="mem://d", **more)


def reading(after_s, power_w, **more):
    flows = {} if power_w is None else {POWER: power_w}
    return Reading(device="d", at=Instant(T0 + after_s * SECOND), flows=flows, **more)


def command(quantity, control=Control.TARGET, before=None, **device_keys):
    return Command(
        device=device(**device_keys), control=control, quantity=quantity, at=T0, before=before
    )


@pytest.mark.parametrize(
    ("control", "quantity", "after_s", "power_w", "outcome"),
    [
        (Control.TARGET, 2000.0, 1, 0.0, None),
        (Control.TARGET, 2000.0, 3, 1950.0, Outcome.EFFECTIVE),
        (Control.TARGET, 2000.0, 3, 0.0, None),
        (Control.TARGET, 2000.0, 11, 0.0, Outcome.NO_EFFECT),
        (Control.TARGET, 2000.0, 11, None, None),
        (Control.LIMIT, -1000.0, 3, -200.0, Outcome.EFFECTIVE),
        (Control.LIMIT, -1000.0, 11, -4000.0, Outcome.NO_EFFECT),
        (Control.LIMIT, None, 3, -4000.0, Outcome.EFFECTIVE),
    ],
)
def test_effect_is_judged_on_samples_newer_than_command_and_settle_time(
    control, quantity, after_s, power_w, outcome
):
    assert judge(command(quantity, control), reading(after_s, power_w), SETTLE).outcome is outcome


def test_a_bound_above_what_the_sun_gives_is_effective_and_says_that_it_cuts_nothing():
    verdict = judge(command(-5000.0, Control.LIMIT), reading(11, -2000.0), SETTLE)
    assert verdict.outcome is Outcome.EFFECTIVE
    assert "nothing to cut" in verdict.reason
    at_bound = judge(command(-5000.0, Control.LIMIT), reading(11, -4990.0), SETTLE)
    assert not at_bound.reason


CHARGE, DISCHARGE = command(2000.0, before=0.0), command(-2000.0, before=0.0)
SOLAR = command(-1000.0, Control.LIMIT, before=-4000.0, role=Role.SOLAR)


@pytest.mark.parametrize(
    ("told", "power_w", "shown", "reason"),
    [
        (CHARGE, 0.0, {"asleep": True}, "says it sleeps"),
        (CHARGE, 0.0, {"fault": "OVER_TEMP"}, "reports a fault (OVER_TEMP)"),
        (SOLAR, -4000.0, {"points": {"715.LocRemCtl": 1}}, "local control (715 LocRemCtl)"),
        (CHARGE, 0.0, {"points": {"802.LocRemCtl": 1}}, "local control (802 LocRemCtl)"),
        (SOLAR, -4000.0, {"points": {"123.Conn": 0}}, "off the grid (123 Conn is 0)"),
        (CHARGE, 0.0, {"soc_pct": 99.4}, "is full (99.4 %)"),
        (CHARGE, 0.0, {"points": {"124.ChaSt": 5}}, "is full"),
        (DISCHARGE, 0.0, {"soc_pct": 0.6}, "is empty, or at its own reserve (0.6 %)"),
        (DISCHARGE, 0.0, {"soc_pct": 19.8, "points": {"124.MinRsvPct": 20.0}}, "own reserve"),
        (DISCHARGE, 0.0, {"points": {"124.ChaSt": 2}}, "is empty"),
        (CHARGE, 0.0, {"points": {"124.ChaGriSet": 0}}, "may not charge from the grid"),
        (CHARGE, -2000.0, {}, "sign of its power may be reversed"),
        (CHARGE, 900.0, {}, "it moves, from 0 W, but slower than dispatch.settle"),
        (command(3000.0, before=0.0, role=Role.HEAT), 0.0, {}, "its own thermostat"),
        (CHARGE, 0.0, {"points": {"124.StorCtl_Mod": 3}}, "StorCtl_Mod is set and ignored"),
        (SOLAR, -4000.0, {}, "did not change, the registers hold it and are ignored"),
        (command(2000.0), 500.0, {"soc_pct": 50.0}, "does not answer to it"),
    ],
)
def test_the_reason_is_one_that_the_readings_show(told, power_w, shown, reason):
    verdict = judge(told, reading(11, power_w, **shown), SETTLE)
    assert verdict.outcome is Outcome.NO_EFFECT
    assert reason in verdict.reason
    assert f"measured {power_w:.0f} W" in verdict.reason


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (CHARGE, {"soc_pct": 50.0, "points": {"124.ChaSt": 6, "124.ChaGriSet": 1}}),
        (DISCHARGE, {"soc_pct": 50.0, "points": {"124.ChaSt": 6, "124.ChaGriSet": 0}}),
        (CHARGE, {"soc_pct": 0.5}),
        (DISCHARGE, {"soc_pct": 100.0}),
    ],
)
def test_what_the_readings_contradict_is_not_offered(told, shown):
    said = judge(told, reading(11, 0.0, **shown), SETTLE).reason
    assert not any(word in said for word in ("full", "empty", "from the grid"))
    assert "external control" in said


def test_full_is_what_the_owner_calls_full():
    told = command(2000.0, before=0.0, limits=Limits(max_soc_pct=80.0))
    assert "is full" in judge(told, reading(11, 0.0, soc_pct=80.0), SETTLE).reason
