"""Modbus RTU through a serial server in transparent mode: the same frames over a socket."""

from functools import partial

from drivers.transport.debts import Debts
from drivers.transport.rtu_session import RtuSession
from drivers.transport.stream import USUAL, Conversation, Habits
from drivers.transport.tcp import TcpLine, loop_time
from drivers.transport.url import habits, host_and_port
from gateway.ports.clock import Clock

DEFAULT_PORT = 502
_SILENCE_S = 0.004  # 3.5 characters at 9600 baud, the speed that most of them have


def open_rtu_over_tcp(url: str, clock: Clock) -> "RtuOverTcpLine":
    """A line for ``rtu+tcp://host:port`` (port 502 if omitted), connected when first asked.

    Raises:
        ValueError: the URL names no host, or no valid port.
    """
    host, port = host_and_port(url, DEFAULT_PORT)
    return RtuOverTcpLine(host, port, clock, habits=habits(url))


class RtuOverTcpLine(TcpLine):
    """A line over one socket.  What is owed outlives it: the server brings it to the next."""

    scheme = "rtu+tcp"

    def __init__(self, host: str, port: int, clock: Clock, *, habits: Habits = USUAL) -> None:
        super().__init__(host, port, clock, habits=habits)
        self._kept = Debts(loop_time)
        self._debts = self._kept

    async def _open(self) -> Conversation:
        return await self._dial(partial(RtuSession, self._kept, _SILENCE_S))
