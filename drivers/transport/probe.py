"""One knock at a TCP port: who answers, and in which language."""

import asyncio
import struct
from contextlib import suppress
from typing import Final

from pymodbus.framer.rtu import FramerRTU

from gateway.model.time import Duration, in_seconds
from gateway.ports.probe import Answer, Heard

_BASE, _COUNT, _READ, _ERROR = 40000, 2, 3, 0x80
_TRANSACTION: Final = 0x5347
_HEADER = 7
_MOST = 260  # bytes of the longest frame
_SHORTEST_RTU = 5
_LOGIN: Final = (b"login", b"password", b"user", b"401 ", b"403 ", b"unauthorized")
_TLS_RECORDS = (0x14, 0x15, 0x16)


async def probe_tcp(host: str, port: int, unit: int | None, timeout: Duration) -> Answer:
    """A ``Probe``: Modbus TCP first; where that is not answered, RTU on the same port."""
    timeout_s = in_seconds(timeout)
    if unit is None:
        return await _connect_only(host, port, timeout_s)
    asked = struct.pack(">BHH", _READ, _BASE, _COUNT)
    framed = struct.pack(">HHHB", _TRANSACTION, 0, len(asked) + 1, unit) + asked
    answer = await _exchange(host, port, framed, unit, timeout_s)
    if answer.heard is not Heard.SILENT:
        return answer
    body = bytes([unit]) + asked
    serial = body + FramerRTU.compute_CRC(body).to_bytes(2, "big")
    again = await _exchange(host, port, serial, unit, timeout_s)
    return again if again.heard is Heard.RTU else answer


async def _connect_only(host: str, port: int, timeout_s: float) -> Answer:
    opened = await _open(host, port, timeout_s)
    if isinstance(opened, Answer):
        return opened
    await _close(opened[1])
    return Answer(Heard.WORDS)


async def _exchange(host: str, port: int, request: bytes, unit: int, timeout_s: float) -> Answer:
    opened = await _open(host, port, timeout_s)
    if isinstance(opened, Answer):
        return opened
    reader, writer = opened
    came = b""
    try:
        async with asyncio.timeout(timeout_s):
            writer.write(request)
            while (more := await reader.read(_MOST)) and len(came) < _MOST:
                came += more
                if _is_whole(came, unit):
                    break
    except TimeoutError:
        return told(came, unit) if came else Answer(Heard.SILENT)
    except OSError:
        return Answer(Heard.HUNG_UP)
    finally:
        await _close(writer)
    return told(came, unit) if came else Answer(Heard.HUNG_UP)


async def _open(
    host: str, port: int, timeout_s: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | Answer:
    try:
        async with asyncio.timeout(timeout_s):
            return await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return Answer(Heard.REFUSED)
    except (OSError, UnicodeError) as error:  # TimeoutError is one of them; no name: the other
        return Answer(Heard.NOTHING, detail=str(getattr(error, "strerror", "") or ""))


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _is_whole(came: bytes, unit: int) -> bool:
    return told(came, unit).heard is not Heard.FOREIGN


def told(came: bytes, unit: int) -> Answer:
    """What the bytes are."""
    found = _modbus(came)
    if found is not None:
        return found
    if _is_rtu(came, unit):
        return Answer(Heard.RTU)
    if any(word in came.lower() for word in _LOGIN):
        return Answer(Heard.LOGIN, detail=_shown(came))
    if came[0] in _TLS_RECORDS and came[1:2] == b"\x03":
        return Answer(Heard.LOGIN, detail="it speaks TLS, which asks for a certificate")
    return Answer(Heard.FOREIGN, detail=_shown(came))


def _modbus(came: bytes) -> Answer | None:
    if len(came) < _HEADER + 2:
        return None
    transaction, protocol, length = struct.unpack(">HHH", came[:6])
    if (transaction, protocol) != (_TRANSACTION, 0) or len(came) < 6 + length:
        return None
    function, first = came[_HEADER], came[_HEADER + 1]
    if function == _READ | _ERROR:
        return Answer(Heard.EXCEPTION, code=first)
    return Answer(Heard.WORDS) if function == _READ else None


def _is_rtu(came: bytes, unit: int) -> bool:
    """A frame with a right checksum from the unit that was asked."""
    size = _SHORTEST_RTU
    if len(came) < size or came[0] != unit or came[1] & ~_ERROR != _READ:
        return False
    if came[1] == _READ:
        size += came[2]
    frame, check = came[: size - 2], came[size - 2 : size]
    return check == FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def _shown(came: bytes) -> str:
    text = came[:40].decode("ascii", "replace")
    return repr(text) if text.isprintable() or text.strip().isascii() else came[:16].hex(" ")
