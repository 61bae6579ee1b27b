"""The area and its owner's settings, as frozen values."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.time import MILLISECOND, SECOND, Duration, Instant


class ControlMode(StrEnum):
    """How far the gateway may go.  Nothing is written before the owner said ``act``."""

    OBSERVE = "observe"
    ADVISE = "advise"
    ACT = "act"
    HANDS_OFF = "hands-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerControl:
    """The mode the owner set and when it ends (None: until changed)."""

    mode: ControlMode
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLimits:
    """Limits at the connection point, W, both positive; None = not limited.

    Attributes:
        phases: per-phase import limit, A is converted by the configuration; None = not limited.
    """

    import_w: float | None = None
    export_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    """Timings and thresholds of dispatch.

    Attributes:
        settle: how long a command may take to show on the meter.
        deviation_w: grid meter away from the site's position by more than this for longer than
            ``settle`` calls an unscheduled auction.
    """

    gate_lead: Duration = Duration(500 * MILLISECOND)
    settle: Duration = Duration(2 * SECOND)
    deviation_w: float = 200.0
