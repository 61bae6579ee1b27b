"""Lease and timer: how long the gateway means a setpoint, and what the device counts down."""

from dataclasses import dataclass

from gateway.model.device import Capabilities, Control, Device, Role
from gateway.model.time import SECOND, Duration, Instant, in_seconds

LONGEST_LEASE = Duration(120 * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """What holds for one device once it told its capabilities.

    Attributes:
        timer_s: to write into the device, 0 = off.
        lease: how long one setpoint is meant; it is renewed at half.
        refused: why the device may not be driven at all, or empty.
        promise: sentence: after how long it is where, and who sees to it.
    """

    timer_s: int
    lease: Duration
    refused: str
    promise: str


def lease_terms(device: Device, capabilities: Capabilities) -> LeaseTerms:
    """Decide timer and lease of a device.

    The timer is min(fall-back after, device maximum).  A timer that would end above the
    fall-back level stays off, and a release (by the gateway or its supervisor) reaches it;
    a storage keeps its timer all the same, because being left at a forced power is worse
    than its own rule.
    """
    timer, level = capabilities.timer, device.fallback.level_w
    after_s = max(1, round(in_seconds(device.fallback.after)))
    if timer is None:
        refused = (
            ""
            if device.no_timer
            else (
                "it has no reversion timer; set no_timer: accept to drive it, "
                "then only gridtender release lets go of it after a crash"
            )
        )
        where = _level(level)
        return LeaseTerms(
            timer_s=0,
            lease=min(Duration(after_s * SECOND), LONGEST_LEASE),
            refused=refused,
            promise=f"no timer: {where} by gridtender release only",
        )
    timer_s = min(after_s, timer.max_s)
    holds_target = capabilities.control is Control.TARGET and device.role is not Role.STORAGE
    reaches = level is None or timer.reaches_level or holds_target
    if not reaches and device.role is Role.SOLAR:
        return LeaseTerms(
            timer_s=0,
            lease=min(Duration(after_s * SECOND), LONGEST_LEASE),
            refused="",
            promise=f"{_level(level)} by gridtender release; "
            "its own timer would end above that level and stays off",
        )
    promise = f"{timer_s} s after the last renewal by its own timer: {_level(None)}"
    if reaches and level is not None:
        promise = f"{timer_s} s after the last renewal by its own timer: {_level(level)}"
    elif level is not None:
        promise += f"; {_level(level)} by gridtender release"
    return LeaseTerms(
        timer_s=timer_s,
        lease=min(Duration(timer_s * SECOND), LONGEST_LEASE),
        refused="",
        promise=promise,
    )


def _level(level_w: float | None) -> str:
    return "its own rule" if level_w is None else f"{level_w:.0f} W"


def renew_due(written_at: Instant, lease: Duration, now: Instant) -> bool:
    """Whether half of the lease is over."""
    return now - written_at >= lease // 2
