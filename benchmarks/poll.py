"""Where the time of a poll goes, without a socket: ``python benchmarks/poll.py``.

Method: process time, the smallest of several rounds, so that other programs on the machine
disturb it little.  The device is that of benchmarks/simulated/fleet.py, with every point
implemented: an inverter (103, 123) or a meter (203).  Its W changes with every read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from simulated.fleet import chain

from drivers.sunspec import package
from drivers.transport import MemLine, RegisterMemory
from gateway.adapters.clock import WallClock
from gateway.adapters.mqtt_burst import frame
from gateway.model.device import Device, Role
from gateway.model.reading import Reading
from gateway.model.time import Duration
from gateway.wire.message import Message
from gateway.wire.readings import Readings

ROUNDS, TIMES = 15, 1000
TOPIC = "rmf/1/bench/d/d0/reading"


async def smallest(act: Callable[[], Awaitable[object]]) -> float:
    """Process time of one call in microseconds."""
    spans = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        for _ in range(TIMES):
            await act()
        spans.append(time.process_time() - begin)
    return min(spans) / TIMES * 1e6


class Bench:
    """One device on a line in memory."""

    def __init__(self, role: Role) -> None:
        words, addresses = chain()
        self._memory = RegisterMemory({1: words})
        self._w = addresses[203 if role is Role.METER else 103, "W"]
        self.line = MemLine(self._memory, WallClock())
        device = Device(
            id="d", role=role, driver="sunspec", connection="mem://d?unit=1", line="mem://d", unit=1
        )
        self.driver = package.open(device, package.parse(device, {}), self.line)
        self.readings = Readings()

    async def raw(self) -> None:
        """A request of the model's size."""
        await self.line.read(1, self._w - 14, 100, timeout=Duration(10**9))

    async def read(self) -> Reading:
        """As a station does."""
        words = self._memory.units[1]
        words[self._w] = (words[self._w] + 7) % 5000
        return await self.driver.read()

    async def encode(self, reading: Reading) -> bytes:
        """The payload."""
        return self.readings.write(reading)

    async def frame(self, payload: bytes) -> bytes:
        """The packet."""
        return frame(Message(TOPIC, payload, qos=0, retain=True, expiry_s=60), 5)


async def measure(role: Role) -> None:
    bench = Bench(role)
    await bench.driver.connect()
    reading = await bench.read()
    payload = bench.readings.write(reading)
    print(f"{role}: {len(reading.points)} points, {len(payload)} bytes")
    show("a read of registers in memory", await smallest(bench.raw))
    show("the driver's read (its requests, decoding)", await smallest(bench.read))
    show("to JSON", await smallest(lambda: bench.encode(reading)))
    show("to an MQTT packet", await smallest(lambda: bench.frame(payload)))


def show(what: str, spent_us: float) -> None:
    print(f"  {what:<46}{spent_us:8.1f} us")


def main() -> None:
    print(__doc__)
    for role in (Role.SOLAR, Role.METER):
        asyncio.run(measure(role))


if __name__ == "__main__":
    main()
