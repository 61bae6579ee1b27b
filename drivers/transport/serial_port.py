"""A serial port by the system's own calls, on the event loop."""

import asyncio
import errno
import fcntl
import os
import termios
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers.transport.rtu_session import RtuSession

BAUDS: Final[Mapping[int, int]] = {
    baud: getattr(termios, f"B{baud}")
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400)
    if hasattr(termios, f"B{baud}")
}
_PARITIES = {"none": 0, "even": termios.PARENB, "odd": termios.PARENB | termios.PARODD}
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How bytes look on the wire: eight bits, and these.

    Raises:
        ValueError: a speed or parity that this machine does not have.
    """

    baud: int = 9600
    parity: str = "none"
    stopbits: int = 1

    def __post_init__(self) -> None:
        if self.baud not in BAUDS or self.parity not in _PARITIES or self.stopbits not in {1, 2}:
            message = f"{self.baud} baud, parity {self.parity}, {self.stopbits} stop bits"
            raise ValueError(message)

    @property
    def byte_s(self) -> float:
        """Seconds that one byte takes: a start bit, eight bits, parity and stop bits."""
        return (9 + (self.parity != "none") + self.stopbits) / self.baud

    @property
    def silence_s(self) -> float:
        """Seconds that end a frame: 3.5 characters, but no less than at 19200 baud.

        Source: Modbus over serial line 1.02, 2.5.1.1.
        """
        return max(3.5 * self.byte_s, 0.00175)


class SerialPort(asyncio.WriteTransport):
    """An open port that belongs to nobody else."""

    def __init__(self, path: str, speed: Speed, session: RtuSession) -> None:
        """Open and set it.

        Raises:
            OSError: there is no such port, it is none, or it is somebody else's.
        """
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._session = session
        self._unsent = b""
        self._fd = _opened(path, speed)
        self._loop.add_reader(self._fd, self._read)
        session.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it, as the port takes it."""
        self._unsent += data
        self._send()

    def close(self) -> None:
        """Let go of the port; what was not sent yet is dropped."""
        self._end(None)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._session.data_received(data)
        else:
            self._end(OSError(errno.ENODEV, os.strerror(errno.ENODEV)))

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._fd, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._end(error)
            return
        if self._unsent:
            self._loop.add_writer(self._fd, self._send)
        else:
            self._loop.remove_writer(self._fd)

    def _end(self, error: OSError | None) -> None:
        if self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        self._loop.remove_writer(self._fd)
        os.close(self._fd)
        self._fd = -1
        self._session.connection_lost(error)


def _opened(path: str, speed: Speed) -> int:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _set(fd, speed)
    except termios.error as error:
        os.close(fd)
        raise OSError(*error.args) from error
    except OSError:
        os.close(fd)
        raise
    return fd


def _set(fd: int, speed: Speed) -> None:
    """Eight bits as they come, no echo, no flow control; what came before is dropped."""
    *_, characters = termios.tcgetattr(fd)
    characters[termios.VMIN], characters[termios.VTIME] = 0, 0
    control = termios.CREAD | termios.CLOCAL | termios.CS8 | _PARITIES[speed.parity]
    control |= termios.CSTOPB if speed.stopbits > 1 else 0
    checks = 0 if speed.parity == "none" else termios.INPCK
    rate = BAUDS[speed.baud]
    # iflag, oflag, cflag, lflag, ispeed, ospeed, cc
    termios.tcsetattr(fd, termios.TCSANOW, [checks, 0, control, 0, rate, rate, characters])
    termios.tcflush(fd, termios.TCIOFLUSH)
