"""The guard speaks last: it bounds a wanted flow and names every bound that bit.

Order when things go wrong: limits before comfort, comfort before money; a safe level before
silence.  With headroom the setpoint equals the plan.
"""

import math
from dataclasses import dataclass

from gateway.model.device import Capabilities, Control, Device, DeviceState, Role
from gateway.model.snapshot import DeviceView
from gateway.model.time import Instant, in_seconds

# Below this a battery on its SoC bound is not asked to move further towards it.
_SOC_EDGE_PCT = 0.05
# What runs or stands still, at any power between its least and its most.
_RUNS = frozenset({Role.EV, Role.GENERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRoom:
    """Flows of this device that keep the connection point inside its limits, W, passive.

    They are made from everybody else's flow, so they are absolute.

    Attributes:
        broken: whether the import limit is broken now.
    """

    low: float = -math.inf
    high: float = math.inf
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the gateway last had the device do.

    Attributes:
        quantity: flow or bound, W, passive; None = released.
        at: when it was written; ``turned_at``: when its direction or stage last changed.
    """

    quantity: float | None
    at: Instant
    turned_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The setpoint to write: None = release to its own rule.  ``reasons`` in order."""

    quantity: float | None
    reasons: tuple[str, ...] = ()


def fall_back(device: Device, reason: str) -> Guarded:
    """The device's fall-back level, never a release where a level is set."""
    level = device.fallback.level_w
    if level is None:
        return Guarded(quantity=None, reasons=(reason,))
    quantity = -level if device.role in {Role.SOLAR, Role.GENERATOR} else level
    return Guarded(quantity=quantity + 0.0, reasons=(reason, f"fall-back level {level:.0f} W"))


def guard(  # noqa: PLR0917 - each argument is one fact the bounds rest on
    wanted: float | None,
    device: Device,
    view: DeviceView,
    held: Held | None,
    room: SiteRoom,
    now: Instant,
) -> Guarded:
    """Bound ``wanted`` (W, passive; None = no limit) for one device."""
    if view.state is DeviceState.SLEEPING and device.role is Role.SOLAR:
        asleep = _Bounds(wanted, device, view.capabilities)
        reason = _wake_floor(asleep, view, held, room, now)
        return _round(asleep, [reason] if reason else [])
    if view.power_w is None:
        return fall_back(device, f"no fresh good reading ({view.quality})")
    if view.state is DeviceState.FAULTY and not _runs(view):
        return fall_back(device, "the device reports a fault")
    if wanted is None:
        wanted = _owner_bound(device, view.capabilities)
    if wanted is None:
        return Guarded(quantity=None)
    bounds = _Bounds(wanted, device, view.capabilities)
    reasons: list[str] = []
    for step in _STEPS:
        reason = step(bounds, view, held, room, now)
        if reason:
            reasons.append(reason)
    return _round(bounds, reasons)


def _runs(view: DeviceView) -> bool:
    """A source that produces runs, and keeps its limit, whatever it says of its state."""
    return view.capabilities.control is Control.LIMIT and (view.power_w or 0.0) < 0.0


def _owner_bound(device: Device, capabilities: Capabilities) -> float | None:
    """A source that may run free still keeps a limit of its owner below what it can produce."""
    most_w, rating_w = device.limits.max_w, capabilities.rating_w
    if capabilities.control is not Control.LIMIT or most_w is None or rating_w is None:
        return None
    return -rating_w if most_w < rating_w else None


@dataclass(slots=True)
class _Bounds:
    """The flow on its way through the guard."""

    flow: float | None
    device: Device
    capabilities: Capabilities

    def within(self, low: float, high: float) -> bool:
        """Clamp; whether it bit."""
        if self.flow is None:
            return False
        before = self.flow
        self.flow = min(max(before, low), high)
        return self.flow != before


def _device_limits(
    b: _Bounds, _view: DeviceView, _held: Held | None, _room: SiteRoom, _now: Instant
) -> str | None:
    caps, limits = b.capabilities, b.device.limits
    known = [w for w in (caps.rating_w, limits.max_w) if w is not None]
    most = min(known) if known else math.inf
    charge = min(w for w in (caps.charge_w, limits.charge_w, most) if w is not None)
    discharge = min(w for w in (caps.discharge_w, limits.discharge_w, most) if w is not None)
    low, high = (-discharge, charge) if b.device.role is Role.STORAGE else (-most, most)
    if b.device.role is Role.EV:
        low = 0.0
    if b.device.role is Role.GENERATOR:
        high = 0.0
    if b.within(low, high):
        return f"device limit {low:.0f}..{high:.0f} W"
    return None


def _charge_limits(
    b: _Bounds, view: DeviceView, _held: Held | None, _room: SiteRoom, _now: Instant
) -> str | None:
    if b.device.role is not Role.STORAGE:
        return None
    soc, limits = view.soc_pct, b.device.limits
    if soc is None:
        b.flow = 0.0
        return "state of charge unknown"
    if soc <= limits.min_soc_pct + _SOC_EDGE_PCT and b.within(0.0, math.inf):
        return f"reserve: {soc:.1f} % of {limits.min_soc_pct:.0f} %"
    if soc >= limits.max_soc_pct - _SOC_EDGE_PCT and b.within(-math.inf, 0.0):
        return f"full: {soc:.1f} %"
    return None


def _ramp(
    b: _Bounds, _view: DeviceView, held: Held | None, _room: SiteRoom, now: Instant
) -> str | None:
    rate = b.device.limits.ramp_w_per_s
    if rate is None or held is None or held.quantity is None:
        return None
    reach = rate * max(0.0, in_seconds(now - held.at))
    if b.within(held.quantity - reach, held.quantity + reach):
        return f"ramp {rate:.0f} W/s"
    return None


def _minimum_times(
    b: _Bounds, view: DeviceView, held: Held | None, room: SiteRoom, now: Instant
) -> str | None:
    """Minimum run and rest of what runs, dwell of a storage; a broken limit goes first."""
    limits = b.device.limits
    if b.flow is None or room.broken:
        return None
    if b.capabilities.stages_w or b.device.role in _RUNS:
        return _run_and_rest(b, view, now)
    if held is None or not held.quantity or held.quantity * b.flow >= 0:
        return None
    if now - held.turned_at < limits.dwell:
        b.flow = 0.0
        return f"dwell: turned {in_seconds(now - held.turned_at):.0f} s ago"
    return None


def _run_and_rest(b: _Bounds, view: DeviceView, now: Instant) -> str | None:
    limits, least = b.device.limits, _least_w(b)
    on, off = (least, math.inf), (-math.inf, 0.0)
    if b.device.role is Role.GENERATOR:
        on, off = (-math.inf, -least), (0.0, math.inf)
    running, stopped = view.running_since, view.stopped_since
    if running is not None and now - running < limits.min_run and b.within(*on):
        return f"minimum run: on for {in_seconds(now - running):.0f} s"
    if stopped is not None and now - stopped < limits.min_rest and b.within(*off):
        return f"minimum rest: off for {in_seconds(now - stopped):.0f} s"
    return None


def _least_w(b: _Bounds) -> float:
    """The least power at which it runs: its first stage, or its smallest current."""
    told = b.capabilities
    return told.stages_w[0] if told.stages_w else max(told.floor_w, b.device.limits.min_w)


def _site_limits(
    b: _Bounds, _view: DeviceView, _held: Held | None, room: SiteRoom, _now: Instant
) -> str | None:
    """Targets only: bounds of sources are made from the balance by the plan."""
    if b.capabilities.control is not Control.TARGET or b.flow is None:
        return None
    if b.device.role is Role.STORAGE:
        # Too much feed-in is the sources' to mend: storage only never adds to it.
        low = min(room.low, room.high, 0.0)
        return "site limit" if b.within(low, room.high) else None
    if b.flow > 0 and room.high < b.flow:
        b.flow = max(0.0, room.high)
        return "site import limit"
    if b.device.role is Role.GENERATOR and b.within(min(room.low, 0.0), 0.0):
        return "site export limit"
    return None


def _floor(
    b: _Bounds, _view: DeviceView, _held: Held | None, room: SiteRoom, _now: Instant
) -> str | None:
    """A limit below the device's floor may put it to standby: it is raised to the floor.

    A floor never exceeds a site limit: where it does not fit the source stands still, since it
    cannot be told less than its floor.
    """
    floor = b.capabilities.floor_w
    if b.capabilities.control is not Control.LIMIT or b.flow is None or not -floor < b.flow < 0:
        return None
    if b.device.fallback.level_w is not None and -floor < room.low:
        b.flow = 0.0
        return f"floor {floor:.0f} W, more than the site limit leaves"
    b.flow = -floor
    return f"floor {floor:.0f} W"


def _least(
    b: _Bounds, _view: DeviceView, _held: Held | None, _room: SiteRoom, _now: Instant
) -> str | None:
    """What cannot run at so little stands still: no limit is broken by that."""
    least = _least_w(b)
    if b.device.role not in _RUNS or b.flow is None or not 0 < abs(b.flow) < least - 1.0:
        return None
    b.flow = 0.0
    return f"less than its least power, {least:.0f} W"


def _wake_floor(
    b: _Bounds, view: DeviceView, _held: Held | None, room: SiteRoom, _now: Instant
) -> str | None:
    """A source may never begin under a limit that it could well keep to later.

    So until it produces its limit is raised, at most to what the site's limits leave for it.
    """
    floor = min(b.capabilities.wake_floor_w, max(0.0, -room.low))
    if b.flow is None or _runs(view) or not -floor < b.flow < 0:
        return None
    b.flow = -floor
    return f"floor {floor:.0f} W until it produces"


# A site limit may ask for more than the device, or its owner, allows: those limits come again.
_STEPS = (
    _device_limits,
    _ramp,
    _minimum_times,
    _site_limits,
    _device_limits,
    _charge_limits,
    _floor,
    _least,
    _wake_floor,
)


def _round(b: _Bounds, reasons: list[str]) -> Guarded:
    """Whole resolution steps towards zero, the safe side; a stage snaps down."""
    if b.flow is None:
        return Guarded(quantity=None, reasons=tuple(reasons))
    if b.capabilities.stages_w:
        sign = -1 if b.device.role is Role.GENERATOR else 1
        fitting = [s for s in b.capabilities.stages_w if s <= sign * b.flow + 1.0]
        return Guarded(quantity=sign * max(fitting, default=0.0) + 0.0, reasons=tuple(reasons))
    step = max(b.capabilities.resolution_w, 0.001)
    quantity = math.trunc(b.flow / step + math.copysign(1e-9, b.flow)) * step
    return Guarded(quantity=quantity + 0.0, reasons=tuple(reasons))
