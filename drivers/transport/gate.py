"""What every line keeps to: sizes of requests, one in flight, writes before reads."""

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


class PriorityGate:
    """A lock with two queues, first come first served within each."""

    def __init__(self) -> None:
        self._busy = False
        self._writers: deque[asyncio.Future[None]] = deque()
        self._readers: deque[asyncio.Future[None]] = deque()

    async def enter_reading(self) -> None:
        """Hold the gate once no write waits; then ``leave`` is to be called."""
        await self._enter(self._readers)

    async def enter_writing(self) -> None:
        """Hold the gate before any waiting read; then ``leave`` is to be called."""
        await self._enter(self._writers)

    def leave(self) -> None:
        """Pass the gate on."""
        for queue in (self._writers, self._readers):
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
