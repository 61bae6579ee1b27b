"""The promises of a driver, and what was seen where one is broken."""

from dataclasses import dataclass
from enum import StrEnum

_SHOWN = 3  # sentences per promise


class Promise(StrEnum):
    """What every driver promises, as a sentence (``gateway.ports.driver``)."""

    SETTINGS = "a wrong setting is returned as an error that names its key, never raised"
    SCHEMA = "json_schema is valid and allows what parse takes"
    OPEN = "open does no I/O"
    HEALTHY = "a healthy device is connected, read and, where it can be, steered"
    KINDS = "connect, read, arm and write return what the port says"
    ERRORS = "nothing but DeviceUnavailable, RequestRefused and DeviceMisbehaves is raised"
    ENDS = "every call comes to an end"
    LIMITS = "a request is of the device's unit, of at most 125 registers to read and 123 to write"
    QUIET = "connect, read and arm write nothing"
    SIGN = "positive power flows into the device"
    MISSING = "what is missing is None or absent, never a number"
    NUMBERS = "a number is finite, a charge within 0 to 100 %"
    ANSWERED = "a reading is of words that the device answered now"
    SAME = "the same words give the same answers"
    FROZEN = "what was returned does not change"
    AGAIN = "after a failure it connects again and reads as before"
    LEVEL = "a write sets the level, says it, and the next reading stands by it"
    READ_BACK = "a write is accepted only after it was read back"
    TOLD = "every write that the device took is told, for its wear"
    OTHERS = "words that somebody else changed show in the next reading"
    TIMER = "every renewal sets the device's timer to the lease"
    ARMING = "the arming record is enough to let go of the device"
    NEUTRAL = "a release leaves the device as it was found"


@dataclass(frozen=True, slots=True)
class Broken:
    """One promise that was not kept, with what was seen."""

    promise: Promise
    seen: str


class BrokenPromises(AssertionError):
    """The driver does not keep what its port promises.

    Attributes:
        broken: every finding, in the order of the promises.
    """

    def __init__(self, found: tuple[Broken, ...]) -> None:
        self.broken = tuple(sorted(found, key=lambda one: list(Promise).index(one.promise)))
        super().__init__(_page(self.broken))


def _page(broken: tuple[Broken, ...]) -> str:
    """Each broken promise with the first things seen."""
    lines: list[str] = []
    for promise in dict.fromkeys(one.promise for one in broken):
        seen = list(dict.fromkeys(one.seen for one in broken if one.promise is promise))
        lines.append(f"{promise}:")
        lines += [f"  {one}" for one in seen[:_SHOWN]]
        if len(seen) > _SHOWN:
            lines.append(f"  and {len(seen) - _SHOWN} more")
    return "\n".join(["the driver breaks its promises", *lines])
