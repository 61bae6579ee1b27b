"""The clock port: the only source of time."""

from typing import Protocol

from gateway.model.event import ClockStepped
from gateway.model.time import Duration, Instant


class Clock(Protocol):
    """Domain time.  Socket timeouts, back-off, keepalive and watchdog stay in real time."""

    @property
    def synchronised(self) -> bool:
        """Whether the wall clock may be trusted; while not, nothing is traded ahead."""
        ...

    def now(self) -> Instant:
        """Anchor + monotonic; changes by a step only together with a ``ClockStepped`` event."""
        ...

    def monotonic(self) -> Duration:
        """Nanoseconds since an arbitrary start, never stepped, at domain speed."""
        ...

    def reanchor(self) -> ClockStepped | None:
        """Follow the system's clock if it was set meanwhile; the only moment ``now`` jumps."""
        ...

    async def sleep_until(self, instant: Instant) -> None:
        """Return when ``now() >= instant`` (at once if it is past)."""
        ...

    async def sleep(self, duration: Duration) -> None:
        """Return after ``duration`` of domain time."""
        ...
