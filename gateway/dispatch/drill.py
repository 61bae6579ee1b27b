"""Whether a drill may be held, what it shows, and what the owner should set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from gateway.dispatch.effect import TOLERANCE_SHARE, TOLERANCE_W
from gateway.dispatch.lease import LeaseTerms
from gateway.model.device import Control, Device, DeviceState, Identity
from gateway.model.drill import DrillResult
from gateway.model.reading import Reading
from gateway.model.site import ControlMode, GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.time import SECOND, Duration, Instant, in_seconds

# Beyond a limit by more than the meter's noise.
BROKEN_W: Final = 50.0
# After three times the timer and a minute a device that still obeys will not fall back.
_PATIENCE, _LEAST_PATIENCE = 3, Duration(60 * SECOND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that speaks for or against a drill now.

    Attributes:
        terms: what it is, or would be, driven by.
        yielded: why it is left to somebody else, or empty.
        grid_w: fresh flow at the connection point, import positive; None = not known.
    """

    mode: ControlMode
    device: Device
    view: DeviceView
    terms: LeaseTerms
    yielded: str
    limits: GridLimits
    grid_w: float | None


def objection(now: Situation) -> str:
    """Why no drill may be held, or empty."""
    return next(_objections(now), "")


def _objections(now: Situation) -> Iterator[str]:
    if now.mode is not ControlMode.ACT:
        yield f"control is {now.mode}: a drill needs act, since only then setpoints are renewed"
    if not now.device.tender or now.view.capabilities.control is Control.NONE:
        yield now.yielded or "the gateway does not steer it: there is nothing to stop renewing"
    if now.view.state is not DeviceState.ONLINE or now.view.power_w is None:
        yield f"it is {now.view.state}, without a fresh good reading: what it does cannot be seen"
    if now.terms.refused or not now.terms.timer_s:
        yield f"no timer of its own is in use, so it would not fall back ({now.terms.promise})"
    yield from _limits_at_risk(now)


def _limits_at_risk(now: Situation) -> Iterator[str]:
    """Limits that would be broken where the device goes by itself, others unchanged."""
    limits, power_w = now.limits, now.view.power_w or 0.0
    if limits.import_w is None and limits.export_w is None:
        return
    if now.grid_w is None:
        yield "the grid meter gives no fresh good value, so nobody would see a limit broken"
        return
    by_itself_w = _own_rule_w(now)
    if by_itself_w is None:
        yield "its nameplate is not known, so what it does by itself may break a limit; set max_w"
        return
    for flow_w in (power_w, by_itself_w):
        grid_w = now.grid_w - power_w + flow_w
        if limit := beyond(grid_w, limits):
            yield (
                f"the {limit} would be broken if it went to {flow_w:.0f} W by itself "
                f"({grid_w:.0f} W at the connection point); try again when there is room"
            )


def _own_rule_w(now: Situation) -> float | None:
    """What a device does by itself: a source all it has, anything else nothing; None: unknown.

    An owner's ``max_w`` binds the gateway and not the device; it only stands in for a nameplate.
    """
    if now.view.capabilities.control is not Control.LIMIT:
        return 0.0
    most_w = now.view.capabilities.rating_w or now.device.limits.max_w
    return -most_w if most_w else None


def beyond(grid_w: float, limits: GridLimits) -> str:
    """Which limit a flow at the connection point breaks, or empty."""
    if limits.import_w is not None and grid_w > limits.import_w + BROKEN_W:
        return f"import limit of {limits.import_w:.0f} W"
    if limits.export_w is not None and -grid_w > limits.export_w + BROKEN_W:
        return f"export limit of {limits.export_w:.0f} W"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What the readings showed since the last renewal.

    Attributes:
        began: when it was commanded; ``accepted``: when it was read back.
        quantity: flow or bound that was renewed, W.
        stood: the newest reading at which the words stood.
        fell, left: the first at which the words, and the flow, did not.
    """

    control: Control
    quantity: float
    timer_s: int
    began: Instant
    accepted: Instant
    stood: Instant
    fell: Instant | None = None
    left: Instant | None = None

    def seen(self, reading: Reading) -> "Silence":
        """With one more reading; what is older than the renewal says nothing."""
        if reading.at <= self.accepted:
            return self
        at = reading.at
        left = (self.left or at) if self._has_left(reading.power_w) else None
        after = replace(self, left=left)
        if reading.overridden is not None:
            return replace(after, fell=at) if self.fell is None else after
        return replace(after, stood=at) if self.fell is None else after

    def _has_left(self, power_w: float | None) -> bool:
        if power_w is None:
            return False
        slack = max(TOLERANCE_W, TOLERANCE_SHARE * abs(self.quantity))
        if self.control is Control.LIMIT:
            return power_w < self.quantity - slack
        return abs(power_w - self.quantity) > slack

    def over(self, now: Instant, settle: Duration) -> bool:
        """Whether nothing more is to be seen: it fell and its flow had time, or it never will."""
        if self.fell is not None:
            return self.left is not None or now >= self.fell + 2 * settle
        waited = max(_LEAST_PATIENCE, Duration(_PATIENCE * self.timer_s * SECOND))
        return now >= self.began + waited

    def result(self, device: Device, identity: Identity) -> DrillResult:
        """In seconds since the renewal was commanded."""
        return DrillResult(
            device=device.id,
            at=self.began,
            identity=identity,
            promised_s=in_seconds(device.fallback.after),
            timer_s=self.timer_s,
            stood_s=in_seconds(self.stood - self.began),
            observed_s=None if self.fell is None else in_seconds(self.fell - self.began),
            flow_s=None if self.left is None else in_seconds(self.left - self.began),
        )


def finding(result: DrillResult) -> str:
    """One sentence: what was promised, what was seen, and what to set."""
    told = f"its timer was set to {result.timer_s} s, promised are {result.promised_s:g} s"
    if result.observed_s is None:
        return (
            f"{told}, and after {result.stood_s:.0f} s the setpoint still stood: this device does "
            "not fall back by itself; see that `gridtender release` runs after a crash"
        )
    seen = f"{told}, and it fell back after {result.observed_s:.1f} s"
    if not result.kept:
        return (
            f"{seen}: LATE; set fallback: {{timer: {shorter_timer_s(result)}s}} to keep the "
            f"promise, or fallback: {{after: {_whole(result.observed_s)}s}} to promise what it does"
        )
    if result.observed_s < result.timer_s - 1:
        return f"{seen}: early; does somebody else write to it, or does its timer count short?"
    return f"{seen}: as promised"


def shorter_timer_s(result: DrillResult) -> int:
    """A timer that keeps the promise, whether the device adds time or counts slowly."""
    observed_s = result.observed_s or result.promised_s
    late_s = observed_s - result.timer_s
    slow = result.timer_s / observed_s
    return max(1, int(min(result.promised_s - late_s, result.promised_s * slow)))


def _whole(seconds: float) -> int:
    return int(seconds) + 1
