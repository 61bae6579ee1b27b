"""A drill: the gateway falls silent towards one device, and its real fall-back is measured."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.device import Identity
from gateway.model.time import Instant


class DrillState(StrEnum):
    """How far a drill came."""

    RUNNING = "running"
    ENDED = "ended"
    REFUSED = "refused"  # it was not begun
    UNKNOWN_DEVICE = "unknown-device"
    ABORTED = "aborted"  # it was begun, and the gateway took the device back


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRequest:
    """The owner's consent to one drill; ``id`` tells requests apart."""

    id: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """What was measured, seconds since the last renewal.

    Attributes:
        at: when the last renewal was commanded.
        identity: of the device it was measured on.
        promised_s: at most so long, by configuration.
        timer_s: what was written into the device's own countdown.
        stood_s: the newest reading at which the setpoint still stood.
        observed_s: the first reading at which it did not; None = not seen.
        flow_s: the first reading at which the flow had left it; None = not seen, which may be
            because the device's own rule asks for the same flow.
    """

    device: str
    at: Instant
    identity: Identity
    promised_s: float
    timer_s: int
    stood_s: float
    observed_s: float | None
    flow_s: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the promise held, as far as readings tell."""
        return self.observed_s is not None and self.stood_s <= self.promised_s


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillProgress:
    """What the gateway says of a drill while somebody waits for it.

    Attributes:
        id: of the request.
        text: for a person.
        timer_s: while it runs, what the device counts down from.
    """

    id: str
    device: str
    state: DrillState
    text: str
    timer_s: int = 0
    result: DrillResult | None = None
