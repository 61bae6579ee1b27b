"""Facts about devices as payloads."""

from gateway.model.device import Capabilities, Device
from gateway.model.event import (
    Described,
    EnergyCounted,
    FaultChanged,
    HealthChanged,
    LimitsChanged,
    StateChanged,
)
from gateway.model.setpoint import SetpointStatus
from gateway.model.severity import severity
from gateway.model.time import Instant, in_seconds, iso_duration, rfc3339
from gateway.wire.payloads_state import (
    CapabilitiesPayload,
    DescriptionPayload,
    EnergyPayload,
    FaultPayload,
    HealthPayload,
    LimitsPayload,
    SetpointPayload,
    StatePayload,
)
from gateway.wire.reports import reports
from gateway.wire.text import number


def description(described: Described, device: Device | None) -> DescriptionPayload:
    """``d/D/desc``: what it told of itself, and what the configuration says of it."""
    told = described.description
    return {
        "v": 1,
        "deviceId": described.device,
        "role": None if device is None else device.role.value,
        "maker": told.identity.maker,
        "model": told.identity.model,
        "version": told.identity.version,
        "serial": told.identity.serial,
        "models": list(told.models),
        "capabilities": _capabilities(told.capabilities),
        "fallback": None
        if device is None
        else {
            "after": iso_duration(device.fallback.after),
            "level_w": number(device.fallback.level_w),
        },
        "reports": reports(device, told.capabilities),
        "notes": list(told.notes),
    }


def state(changed: StateChanged) -> StatePayload:
    """``d/D/state``."""
    return {
        "v": 1,
        "deviceId": changed.device,
        "state": changed.state.value,
        "since": rfc3339(changed.since),
        "reason": changed.reason,
    }


def setpoint(status: SetpointStatus) -> SetpointPayload:
    """``d/D/set``."""
    payload: SetpointPayload = {
        "v": 1,
        "deviceId": status.device,
        "at": rfc3339(status.at),
        "wanted": number(status.wanted),
        "commanded": number(status.commanded),
        "accepted": number(status.accepted),
        "effective": number(status.effective),
        "outcome": None if status.outcome is None else status.outcome.value,
        "leaseUntil": None if status.lease_until is None else rfc3339(status.lease_until),
        "lease_s": _left(status.lease_until, status.at),
        "timerUntil": None if status.timer_until is None else rfc3339(status.timer_until),
        "timer_s": _left(status.timer_until, status.at),
        "fallbackAfter_s": number(status.fallback_after_s),
        "fallbackObserved_s": number(status.fallback_observed_s),
        "writesToday": status.writes_today,
        "writesPerDay": status.writes_per_day,
        "volatileWritesToday": status.volatile_writes_today,
        "because": status.because,
    }
    if (device_timer_s := number(status.timer_left_s)) is not None:
        payload["deviceTimer_s"] = device_timer_s
    if status.detail:
        payload["detail"] = status.detail
    return payload


def fault(changed: FaultChanged) -> FaultPayload:
    """``d/D/fault/CODE`` while it is active."""
    payload: FaultPayload = {
        "v": 1,
        "deviceId": changed.device,
        "code": changed.code,
        "severity": severity(changed.code).value,
        "since": rfc3339(changed.at),
        "text": changed.text,
    }
    if (expected := number(changed.expected)) is not None:
        payload["expected"] = expected
    if (observed := number(changed.observed)) is not None:
        payload["observed"] = observed
    return payload


def energy(counted: EnergyCounted) -> EnergyPayload:
    """``d/D/energy``."""
    return {
        "v": 1,
        "deviceId": counted.device,
        "at": rfc3339(counted.at),
        "in_wh": counted.in_wh,
        "out_wh": counted.out_wh,
    }


def limits(changed: LimitsChanged) -> LimitsPayload:
    """``d/D/limits``."""
    return {
        "v": 1,
        "deviceId": changed.device,
        "at": rfc3339(changed.at),
        "limits": {key.value: number(value) for key, value in changed.limits.items()},
        "ranges": {
            key.value: [number(allowed.least), number(allowed.most)]
            for key, allowed in changed.ranges.items()
        },
    }


def health(changed: HealthChanged) -> HealthPayload:
    """``d/D/health``."""
    return {
        "v": 1,
        "deviceId": changed.device,
        "at": rfc3339(changed.at),
        "faults": list(changed.faults),
    }


def _capabilities(told: Capabilities) -> CapabilitiesPayload:
    return {
        "control": told.control.value,
        "rating_w": number(told.rating_w),
        "charge_w": number(told.charge_w),
        "discharge_w": number(told.discharge_w),
        "capacity_wh": number(told.capacity_wh),
        "round_trip": number(told.round_trip),
        "stages_w": [number(stage) for stage in told.stages_w],
        "resolution_w": number(told.resolution_w),
        "floor_w": number(told.floor_w),
        "timer_max_s": None if told.timer is None else told.timer.max_s,
        "timer_reaches_level": told.timer is not None and told.timer.reaches_level,
    }


def _left(until: Instant | None, at: Instant) -> float | None:
    return None if until is None else number(max(0.0, in_seconds(until - at)))
