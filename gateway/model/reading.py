"""Readings: measured flows with time and quality.

Sign: passive, positive flows *into* the device.  A missing value is missing: ``None`` or
absent, never 0, never NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.resource import POWER, Resource
from gateway.model.time import Duration, Instant

PointValue = float | int | str | None


class Quality(StrEnum):
    """How far a reading may be trusted."""

    GOOD = "good"
    SUSPECT = "suspect"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One read of one device.

    Attributes:
        at: when the last byte of the block arrived.
        flows: per resource in its unit (POWER in W); only what was measured.
        soc_pct: state of charge 0..100, storage only.
        available_w: magnitude a source could produce now where the device tells it (122 WAval).
        counted_in_wh, counted_out_wh: the device's own counters of energy into and out of it,
            as they stand: they may be reset, roll over or read 0 by night.
        asleep: the device sleeps (St SLEEPING/OFF, 0 Hz, 0 V): its state is not a fault.
        rest: by what it is taken to sleep, for a person; empty unless ``asleep``.
        fault: why the device cannot work now, names of faults and events, or empty.
        events: what it reports of itself, also while it works: where each stands, by its code.
        note: what is odd although the device works, for a person; empty if nothing is.
        timer_left_s: what the device itself says is left of its countdown (704 RvrtRem).
        overridden: what stands in the control registers instead of the setpoint that was read
            back last, None when it stands, or where nothing was written.
        good_for: how long it counts as new, where the device tells only what changes; None:
            three polls.
        points: decoded values by ``"<model>.<point>"``, None where unimplemented.
    """

    device: str
    at: Instant
    flows: Mapping[Resource, float] = field(default_factory=dict)
    quality: Quality = Quality.GOOD
    soc_pct: float | None = None
    available_w: float | None = None
    counted_in_wh: float | None = None
    counted_out_wh: float | None = None
    asleep: bool = False
    rest: str = ""
    fault: str = ""
    note: str = ""
    timer_left_s: float | None = None
    overridden: str | None = None
    good_for: Duration | None = None
    events: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, PointValue] = field(default_factory=dict)

    @property
    def power_w(self) -> float | None:
        """Active power into the device, W, or None."""
        return self.flows.get(POWER)
