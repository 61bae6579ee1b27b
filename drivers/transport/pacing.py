"""When the next request may be sent to a device that must not be hurried."""

import asyncio

from gateway.model.time import in_seconds
from gateway.ports.line import Pacing


class Pauses:
    """The pauses of one line, in real time.

    ``said``: what the owner wrote into the URL, which goes before what devices are known to want.
    """

    def __init__(self, said: Pacing | None = None) -> None:
        self._said = said
        self._pacing = said or Pacing()
        self._free_s = 0.0

    @property
    def reset_close(self) -> bool:
        """Whether a connection is ended by RST."""
        return self._pacing.reset_close

    def keep(self, pacing: Pacing) -> None:
        """One more device on the line wants this: the most cautious of all counts."""
        if self._said is None:
            self._pacing = self._pacing.beside(pacing)

    def connected(self) -> None:
        """A connection was made."""
        self._pause(in_seconds(self._pacing.connect_delay))

    def answered(self, *, written: bool) -> None:
        """A request is over."""
        settle = self._pacing.settle if written else self._pacing.gap
        self._pause(in_seconds(max(settle, self._pacing.gap)))

    async def over(self) -> None:
        """Return when the next request may be sent."""
        if self._free_s:
            left_s, self._free_s = self._free_s - asyncio.get_running_loop().time(), 0.0
            if left_s > 0:
                await asyncio.sleep(left_s)

    def _pause(self, length_s: float) -> None:
        if length_s:
            self._free_s = asyncio.get_running_loop().time() + length_s
