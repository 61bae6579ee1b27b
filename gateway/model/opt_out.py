"""Opt-outs: devices that their owner takes out of the gateway's hands for a while."""

from dataclasses import dataclass

from gateway.model.time import Instant, rfc3339


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """One device is left alone.

    Attributes:
        at: when it was said.
        until: its end, None = until it is taken back.
        reason: in the owner's words.
        over: that it was taken back.
    """

    device: str
    at: Instant
    until: Instant | None = None
    reason: str = ""
    over: bool = False
    v: int = 1

    def holds(self, now: Instant) -> bool:
        """Whether it is in force."""
        return not self.over and (self.until is None or now < self.until)

    def __str__(self) -> str:
        """As ``because`` tells it."""
        end = "until it is taken back" if self.until is None else f"until {rfc3339(self.until)}"
        return f"left alone {end}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOutChanged:
    """A device is left alone, or no longer (``opt_out`` None)."""

    device: str
    at: Instant
    opt_out: OptOut | None = None
