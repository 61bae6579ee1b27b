"""Modbus RTU on a serial port."""

import errno
from typing import NamedTuple

from drivers.transport.debts import Debts
from drivers.transport.rtu_session import RtuSession
from drivers.transport.serial_port import SerialPort, Speed
from drivers.transport.stream import Conversation, StreamLine
from drivers.transport.tcp import loop_time
from drivers.transport.url import options
from gateway.ports.clock import Clock


class _Hint(NamedTuple):
    found: str
    hint: str


_ADAPTER = "is the adapter plugged in? /dev/serial/by-id/ has names that stay the same"
_NO_PORT = {
    errno.ENOENT: _Hint("there is no such port", _ADAPTER),
    errno.ENODEV: _Hint("the port is gone", _ADAPTER),
    errno.ENXIO: _Hint("the port is gone", _ADAPTER),
    errno.EIO: _Hint("the port is gone", _ADAPTER),
    errno.EACCES: _Hint(
        "this user may not open it", "add the user to the group that owns it (mostly dialout)"
    ),
    errno.EWOULDBLOCK: _Hint(
        "another program holds the port", "end it, or let it use the gateway instead"
    ),
    errno.EBUSY: _Hint(
        "another program holds the port", "end it, or let it use the gateway instead"
    ),
    errno.ENOTTY: _Hint("it is no serial port", "is the name right?"),
}


def open_rtu(url: str, clock: Clock) -> "RtuLine":
    """A line for ``rtu:///dev/NAME?baud=9600&parity=none&stopbits=1``, opened when first asked.

    Raises:
        ValueError: the URL names no port, or a speed that this machine does not have.
    """
    path = url.partition("://")[2].partition("?")[0]
    if not path.startswith("/"):
        message = f"{url!r} names no port; write rtu:///dev/ttyUSB0?baud=9600"
        raise ValueError(message)
    given = options(url)
    speed = Speed(
        baud=int(given.get("baud", 9600)),
        parity=given.get("parity", "none"),
        stopbits=int(given.get("stopbits", 1)),
    )
    return RtuLine(path, speed, clock)


class RtuLine(StreamLine):
    """A line over one serial port, which it holds alone."""

    def __init__(self, path: str, speed: Speed, clock: Clock) -> None:
        self._kept = Debts(loop_time)
        super().__init__(clock, debts=self._kept)
        self._path = path
        self._speed = speed

    _if_silent = (
        "if it never answers: are baud, parity and unit those of the device, and are A and B not "
        "swapped? Else a longer timeout"
    )

    def __str__(self) -> str:
        return f"rtu://{self._path}"

    async def _open(self) -> Conversation:
        session = RtuSession(self._kept, self._speed.silence_s, self._speed.byte_s)
        SerialPort(self._path, self._speed, session)
        return session

    def _why_not(self, error: OSError, timeout_s: float) -> tuple[str, str]:  # noqa: ARG002
        return _NO_PORT.get(error.errno or 0, _Hint(str(error), _ADAPTER))

    def _why_lost(self, session: Conversation) -> tuple[str, str]:  # noqa: ARG002
        return "the port is gone", _ADAPTER
