"""Energy counted of a device: totals that never fall, and what they rest on."""

from dataclasses import dataclass, field
from typing import Final

from gateway.model.time import Instant

SLACK_WH: Final = 1000.0
"""The coarsest step of a counter: so much more than the rating allows is believed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """One direction of one device's energy.

    Attributes:
        total_wh: what has been counted, Wh; never falls.
        raw_wh: the device's counter when it was last believed, None before.
        lent_wh: counted from power since then; the counter's next steps pay it back first.
        room_wh: how much more the device can have moved, by its rating and the time.
        elsewhere_wh: where the counter stood when it could not be believed, None when it was;
            ``seen``: how often in a row.
    """

    total_wh: float = 0.0
    raw_wh: float | None = None
    lent_wh: float = 0.0
    room_wh: float = SLACK_WH
    elsewhere_wh: float | None = None
    seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What has been counted of a device.

    Attributes:
        at: the last reading counted.
        into, out: energy into and out of it.
        serial: of the device that was counted last, empty where unknown.
    """

    at: Instant
    into: Counter = field(default_factory=Counter)
    out: Counter = field(default_factory=Counter)
    serial: str = ""
