"""Lease and timer: how long the gateway means a setpoint, and what the device counts down."""

from dataclasses import dataclass

from gateway.model.device import Capabilities, Device, Role
from gateway.model.time import SECOND, Duration, Instant, in_seconds

LONGEST_LEASE = Duration(120 * SECOND)
_NO_TIMER = (
    "it has no reversion timer; set no_timer: accept to drive it, "
    "then only gridtender release lets go of it after a crash"
)


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

    The timer is min(fall-back after, device maximum); ``fallback.timer`` goes before ``after``
    where a drill showed that the device counts longer than it is told.  A timer that would end
    above the fall-back level stays off, and a release (by the gateway or its supervisor)
    reaches it; a storage keeps its timer all the same, because being left at a forced power is
    worse than its own rule.
    """
    timer, level = capabilities.timer, device.fallback.level_w
    after_s = max(1, round(in_seconds(device.fallback.timer or device.fallback.after)))
    if timer is None:
        refused = "" if device.no_timer else _NO_TIMER
        return _terms(after_s, f"no timer: {_level(level)} by gridtender release only", refused)
    timer_s = min(after_s, timer.max_s)
    by_timer = f"{timer_s} s after the last renewal by its own timer"
    if level is None or timer.reaches_level:
        return _terms(timer_s, f"{by_timer}: {_level(level)}", timer_s=timer_s)
    by_release = f"{_level(level)} by gridtender release"
    if device.role is Role.SOLAR:
        off = f"{by_release}; its own timer would end above that level and stays off"
        return _terms(after_s, off)
    return _terms(timer_s, f"{by_timer}: {_level(None)}; {by_release}", timer_s=timer_s)


def _terms(lease_s: int, promise: str, refused: str = "", *, timer_s: int = 0) -> LeaseTerms:
    lease = lease_of(Duration(lease_s * SECOND))
    return LeaseTerms(timer_s=timer_s, lease=lease, refused=refused, promise=promise)


def lease_of(timer: Duration) -> Duration:
    """How long one setpoint is meant."""
    return min(timer, LONGEST_LEASE)


def _level(level_w: float | None) -> str:
    return "its own rule" if level_w is None else f"{level_w:.0f} W"


def renew_due(written_at: Instant, lease: Duration, now: Instant) -> bool:
    """Whether half of the lease is over."""
    return now - written_at >= lease // 2
