"""A device behind a shipped map, as its fixture lays it out, on a real socket.

It holds registers by table; what lies between is served as 0xDEAD, so that a value from a wrong
place is seen.  Another table, more at once than its map says, a hole or an unknown function is
refused with the exception a device would give.
"""

import asyncio
import json
import struct
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.modbus import load, package
from drivers.transport import open_tcp
from gateway.adapters.clock import WallClock
from gateway.model.device import Device
from gateway.model.time import SECOND

FIXTURES = Path(__file__).parent.parent / "fixtures" / "modbus_maps"
_READS = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_WRITES = {5: "coil", 6: "holding", 15: "coil", 16: "holding"}


class Refused(Exception):
    """With the Modbus exception code."""


class Box(asyncio.Protocol):
    """The device; ``writes`` is what it was told, by function, address and words."""

    def __init__(self, fixture, largest):
        if "table" in fixture:
            fixture = {fixture["table"]: fixture["registers"]}
        self.tables = {
            table: {int(at): word for at, word in registers.items()}
            for table, registers in fixture.items()
        }
        self.largest, self.takes = largest, set(_WRITES)
        self.writes, self.gone = [], asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport

    def connection_lost(self, exc):
        self.gone.set()

    def data_received(self, data):
        function = data[7]
        try:
            body = self._read(function, data) if function in _READS else self._write(data[7:])
        except Refused as refused:
            body = bytes([function | 0x80, refused.args[0]])
        self.transport.write(data[:4] + (len(body) + 1).to_bytes(2, "big") + data[6:7] + body)

    def _read(self, function, data):
        address, count = struct.unpack(">HH", data[8:12])
        words = self._known(_READS[function], range(address, address + count))
        if count > self.largest:
            raise Refused(3)
        found = [words.get(at, 0xDEAD) for at in range(address, address + count)]
        if function in {1, 2}:
            bits = sum((word & 1) << at for at, word in enumerate(found))
            return bytes([function, (count + 7) // 8]) + bits.to_bytes((count + 7) // 8, "little")
        return bytes([function, 2 * count]) + struct.pack(f">{count}H", *found)

    def _write(self, body):
        function, address, second = struct.unpack(">BHH", body[:5])
        if function not in self.takes:
            raise Refused(1)
        if function == 5:
            words = [second >> 8 & 1]
        elif function == 6:
            words = [second]
        elif function == 15:
            words = [body[6 + at // 8] >> at % 8 & 1 for at in range(second)]
        else:
            words = list(struct.unpack(f">{second}H", body[6:]))
        places = range(address, address + len(words))
        self._known(_WRITES[function], places).update(zip(places, words, strict=True))
        self.writes.append((function, address, *words))
        return body[:5]

    def _known(self, table, places):
        if table not in self.tables:
            raise Refused(1)
        if not {places[0], places[-1]} <= self.tables[table].keys():
            raise Refused(2)
        return self.tables[table]

    def float_at(self, address):
        """A float with the low word first, as it stands in holding registers."""
        low, high = self.tables["holding"][address], self.tables["holding"][address + 1]
        return struct.unpack(">f", struct.pack(">HH", high, low))[0]


@asynccontextmanager
async def boxed(name, role, **more):
    """The shipped map's driver, and the device it speaks to."""
    fixture = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    box = Box(fixture, load(f"{name}.yaml").together)
    server = await asyncio.get_running_loop().create_server(lambda: box, "127.0.0.1", 0)
    url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    configured = Device(
        id="x", role=role, driver="modbus", connection=url, line=url, timeout=SECOND, **more
    )
    async with server:
        async with open_tcp(url, WallClock()) as line:
            settings = package.parse(configured, {"map": f"{name}.yaml"})
            yield package.open(configured, settings, line), box, line
        await box.gone.wait()
