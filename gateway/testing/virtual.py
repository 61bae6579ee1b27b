"""Virtual time: days at once, for everything that does not wait for a socket."""

import asyncio
import selectors

from gateway.model.event import ClockStepped
from gateway.model.time import SECOND, Duration, Instant, in_seconds


class VirtualClock:
    """The time of a ``VirtualLoop``, from a given epoch."""

    synchronised = True

    def __init__(self, epoch: Instant) -> None:
        self._epoch = epoch

    def now(self) -> Instant:
        """Epoch + loop time, exact to the nanosecond step of the loop."""
        return Instant(self._epoch + self.monotonic())

    def monotonic(self) -> Duration:
        """The loop's own time."""
        return Duration(round(asyncio.get_running_loop().time() * SECOND))

    def reanchor(self) -> ClockStepped | None:
        """Virtual time is not stepped by itself."""
        return None

    async def sleep_until(self, instant: Instant) -> None:
        """Let virtual time pass."""
        while (left := instant - self.now()) > 0:
            await asyncio.sleep(in_seconds(left))

    async def sleep(self, duration: Duration) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(in_seconds(duration))


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the time to the next timer."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            message = "virtual time stands still: every task waits for something that is not time"
            raise RuntimeError(message)
        events: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        if not events:
            self.elapsed += max(0.0, timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer when nothing is ready.

    Only for in-memory work: a real socket would time out at once.
    """

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._jumping.elapsed
