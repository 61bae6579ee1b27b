"""Simulated devices in a process of their own: ``fleet.py COUNT``.

Each is a SunSpec map (common, inverter 103, nameplate 120, controls 123, meter 203) behind a
Modbus TCP socket of its own.  Prints the ports as one JSON line, then answers lines on stdin:

    reset      forget the reads; answers null
    reads      answers when each device's inverter was read, seconds, a list per device
    step W     let the first device's meter show W; answers, once its limit was written, how
               many seconds before that the new value had first been read, or null after 3 s
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence

from drivers.sunspec.codec import layout
from drivers.transport import RegisterMemory, serve_tcp

_BASE = 40000
_MARKER = (0x5375, 0x6E53)
_END = (0xFFFF, 0)
_MODELS = ((1, 66), (103, 50), (120, 26), (123, 24), (203, 105))
_UNIT = 1
_VALUES = {
    (103, "W"): 5000,
    (103, "St"): 4,  # MPPT
    (103, "Evt1"): 0,
    (120, "WRtg"): 10_000,
    (123, "Conn"): 1,
    (123, "WMaxLimPct"): 1000,
    (123, "WMaxLim_Ena"): 0,
    (203, "Evt"): 0,
}
_SCALES = {"W_SF": 0, "WRtg_SF": 0}
_ANSWER_S = 3.0


def chain() -> tuple[dict[int, int], dict[tuple[int, str], int]]:
    """Words by address, every point implemented; and the addresses by model and point."""
    words: dict[int, int] = {}
    addresses: dict[tuple[int, str], int] = {}
    at = _BASE
    for word in _MARKER:
        words[at] = word
        at += 1
    for model, length in _MODELS:
        words |= dict.fromkeys(range(at, at + length + 2), 1)
        words |= {at: model, at + 1: length}
        for point in layout(model, length).points[2:]:
            addresses[model, point.name] = at + point.offset
            last = at + point.offset + point.size - 1
            if point.type == "sunssf":
                words[last] = _SCALES.get(point.name, -1) & 0xFFFF
            else:
                words |= dict.fromkeys(range(at + point.offset, last), 0)
                words[last] = _VALUES.get((model, point.name), 1)
        at += length + 2
    words |= dict(enumerate(_END, at))
    return words, addresses


class Device:
    """Registers that note when they were read and written."""

    def __init__(self, words: dict[int, int], addresses: dict[tuple[int, str], int]) -> None:
        self._memory = RegisterMemory({_UNIT: words})
        self._inverter = addresses[103, "W"]
        self._meter = addresses[203, "W"]
        self._limit = addresses[123, "WMaxLimPct"]
        self._seen_at: float | None = None
        self.answered: asyncio.Future[float] | None = None
        self.reads: list[float] = []

    def show(self, watts: int) -> "asyncio.Future[float]":
        """Let the meter show W (import +); the answer is how long the next limit took."""
        self._memory.units[_UNIT][self._meter] = watts & 0xFFFF
        self._seen_at = None
        self.answered = asyncio.get_running_loop().create_future()
        return self.answered

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """As ``Registers``."""
        if address <= self._inverter < address + count:
            self.reads.append(time.monotonic())
        if self._seen_at is None and address <= self._meter < address + count:
            self._seen_at = time.monotonic()
        return self._memory.read(unit, address, count)

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """As ``Registers``."""
        before = self._memory.units[_UNIT][self._limit]
        self._memory.write(unit, address, words)
        changed = self._memory.units[_UNIT][self._limit] != before
        waiting = self.answered is not None and not self.answered.done()
        if changed and waiting and self.answered and self._seen_at is not None:
            self.answered.set_result(time.monotonic() - self._seen_at)


async def answer(devices: Sequence[Device], command: str) -> object:
    """What a line on stdin asks for."""
    match command.split():
        case ["reset"]:
            for device in devices:
                device.reads.clear()
        case ["reads"]:
            return [device.reads for device in devices]
        case ["step", watts]:
            try:
                return await asyncio.wait_for(devices[0].show(int(watts)), _ANSWER_S)
            except TimeoutError:
                return None
    return None


async def main() -> None:
    """Serve until stdin ends."""
    devices = [Device(*chain()) for _ in range(int(sys.argv[1]))]
    servers = [await serve_tcp(device) for device in devices]
    print(json.dumps([server.port for server in servers]), flush=True)
    stdin, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := (await stdin.readline()).decode().strip():
        print(json.dumps(await answer(devices, line)), flush=True)
    for server in servers:
        await server.close()


if __name__ == "__main__":
    asyncio.run(main())
