"""What every line keeps to: sizes of requests, one in flight, writes before reads, guests last."""

import asyncio
from collections import deque
from collections.abc import Sequence

from gateway.ports.line import MAX_READ, MAX_WRITE, WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS


def check_read(count: int) -> None:
    """Raise ValueError unless one request can read so many registers."""
    if not 1 <= count <= MAX_READ:
        message = f"one request can read 1..{MAX_READ} registers, not {count}"
        raise ValueError(message)


def check_write(words: Sequence[int], function: int = WRITE_REGISTERS) -> None:
    """Raise ValueError unless one request of the function can write these words."""
    most = 1 if function in {WRITE_COIL, WRITE_REGISTER} else MAX_WRITE
    if not 1 <= len(words) <= most:
        message = f"one request can write 1..{most} registers, not {len(words)}"
        raise ValueError(message)


# After a guest was served guests wait this many times as long: a quarter of the time is theirs.
_GUESTS_REST = 3


class PriorityGate:
    """A lock with three queues, first come first served within each.

    Guests, who ask for somebody else, come last, one at a time, and hold the gate for at most a
    quarter of the time, however much they ask and however slowly they are answered.
    """

    def __init__(self) -> None:
        self._busy = False
        self._writers: deque[asyncio.Future[None]] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()
        self._guests: deque[asyncio.Future[None]] = deque()
        self._guest = asyncio.Lock()
        self._guest_since_s: float | None = None
        self._guest_after_s = 0.0

    async def enter_reading(self) -> None:
        """Hold the gate once no write waits; then ``leave`` is to be called."""
        await self._enter(self._readers)

    async def enter_writing(self) -> None:
        """Hold the gate before any waiting read; then ``leave`` is to be called."""
        await self._enter(self._writers)

    async def enter_as_guest(self) -> None:
        """Hold the gate once nobody else waits; then ``leave`` is to be called."""
        await self._guest.acquire()
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(max(0.0, self._guest_after_s - loop.time()))
            await self._enter(self._guests)
        except BaseException:
            self._guest.release()
            raise
        self._guest_since_s = loop.time()

    def leave(self) -> None:
        """Pass the gate on."""
        if self._guest_since_s is not None:
            now_s = asyncio.get_running_loop().time()
            self._guest_after_s = now_s + _GUESTS_REST * (now_s - self._guest_since_s)
            self._guest_since_s = None
            self._guest.release()
        for queue in (self._writers, self._readers, self._guests):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._busy = False

    async def _enter(self, queue: deque[asyncio.Future[None]]) -> None:
        if not self._busy:
            self._busy = True
            return
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The turn may have come in the same moment: hand it to the next.
            if turn.done() and not turn.cancelled():
                self.leave()
            raise
