"""What enforces a fall-back."""

from dataclasses import replace

from gateway.dispatch.lease import lease_terms, renew_due
from gateway.model.device import Capabilities, Control, Device, Fallback, Role, Timer
from gateway.model.time import MINUTE, SECOND, Duration, Instant

T0 = Instant(1_000 * SECOND)


def device(role, level_w=None, after=60, **more):
    fallback = Fallback(after=Duration(after * SECOND), level_w=level_w)
    return Device(
        id="d",
        role=role,
        driver="x",
        connection="mem://d",
        line="mem://d",
        fallback=fallback,
        **more,
    )


def test_a_timer_that_ends_above_the_level_stays_off_and_release_reaches_it():
    caps = Capabilities(control=Control.LIMIT, timer=Timer(max_s=65534))
    terms = lease_terms(device(Role.SOLAR, level_w=0.0), caps)

    assert terms.timer_s == 0
    assert not terms.refused
    assert "gridtender release" in terms.promise


def test_a_timer_that_reaches_the_level_is_used():
    caps = Capabilities(control=Control.LIMIT, timer=Timer(max_s=65534, reaches_level=True))

    assert lease_terms(device(Role.SOLAR, level_w=0.0), caps).timer_s == 60


def test_a_storage_keeps_its_timer_although_it_ends_at_its_own_rule():
    caps = Capabilities(control=Control.TARGET, timer=Timer(max_s=65534))
    terms = lease_terms(device(Role.STORAGE, level_w=0.0), caps)

    assert terms.timer_s == 60
    assert "release" in terms.promise


def test_the_timer_is_never_longer_than_the_device_takes():
    caps = Capabilities(control=Control.TARGET, timer=Timer(max_s=30))
    terms = lease_terms(device(Role.STORAGE), caps)

    assert terms.timer_s == 30
    assert terms.lease == 30 * SECOND


def test_a_lease_is_at_most_two_minutes():
    caps = Capabilities(control=Control.TARGET, timer=Timer(max_s=65534))

    assert lease_terms(device(Role.STORAGE, after=900), caps).lease == 2 * MINUTE


def test_a_device_without_a_timer_is_not_driven_unless_the_owner_accepts_it():
    caps = Capabilities(control=Control.LIMIT, timer=None)

    assert "no_timer: accept" in lease_terms(device(Role.SOLAR), caps).refused
    assert not lease_terms(device(Role.SOLAR, no_timer=True), caps).refused


def test_renewal_is_due_at_half_of_the_lease():
    lease = Duration(60 * SECOND)

    assert not renew_due(T0, lease, Instant(T0 + 29 * SECOND))
    assert renew_due(T0, lease, Instant(T0 + 30 * SECOND))


def test_a_timer_that_counts_too_long_is_told_less_and_the_promise_stays():
    fallback = Fallback(after=Duration(60 * SECOND), timer=Duration(45 * SECOND))
    caps = Capabilities(control=Control.TARGET, timer=Timer(max_s=65534))
    terms = lease_terms(replace(device(Role.STORAGE), fallback=fallback), caps)

    assert terms.timer_s == 45
    assert terms.lease == 45 * SECOND
