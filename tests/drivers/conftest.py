"""Devices for driver tests: register memories with a SunSpec chain, behind a line."""

from contextlib import asynccontextmanager

import pytest

from drivers.sunspec import package
from drivers.sunspec.codec import layout
from drivers.transport import MemLine, RegisterMemory, open_tcp, serve_tcp
from gateway.adapters.clock import WallClock
from gateway.model.device import Device, Role
from gateway.model.errors import DeviceUnavailable
from gateway.model.setpoint import Setpoint
from gateway.model.time import MILLISECOND, Duration, Instant

SUNS = (0x5375, 0x6E53)
LENGTHS = {1: 66, 103: 50, 113: 60, 120: 26, 121: 30, 122: 44, 123: 24, 124: 24, 203: 105}


class Memory(RegisterMemory):
    """A register memory that counts requests and may fall silent at some addresses."""

    def __init__(self, units):
        super().__init__(units)
        self.requests = []
        self.silent = lambda address: False
        self.after_write = lambda words: None

    def read(self, unit, address, count):
        self.requests.append(("read", address, count))
        if self.silent(address):
            message = f"silent at {address}"
            raise DeviceUnavailable(message)
        return super().read(unit, address, count)

    def write(self, unit, address, words):
        self.requests.append(("write", address, tuple(words)))
        if self.silent(address):
            message = f"silent at {address}"
            raise DeviceUnavailable(message)
        super().write(unit, address, words)
        self.after_write(self.units[unit])


class Map:
    """A chain of models in a memory, with points by name."""

    def __init__(self, *models, base=40000, end=True, unit=1):
        self.unit, self.places = unit, {}
        self.words = dict(enumerate(SUNS, base))
        address = base + 2
        for model in models:
            model_id, length = model if isinstance(model, tuple) else (model, LENGTHS[model])
            self.places.setdefault(model_id, address)
            body = (model_id, length, *[0xFFFF] * length)
            self.words |= dict(enumerate(body, address))
            address += length + 2
        if end:
            self.words |= {address: 0xFFFF, address + 1: 0}
        self.end = address
        self.memory = Memory({unit: self.words})

    def at(self, name):
        model, point = name.split(".", 1)
        place = self.places[int(model)]
        shape = layout(int(model), self.memory.units[self.unit][place + 1])
        return place + shape.point(point).offset

    def put(self, **points):
        """``W_103=5`` puts raw 5 into 103.W."""
        for name, raw in points.items():
            point, _, model = name.rpartition("_")
            address = self.at(f"{model}.{point}")
            if isinstance(raw, str):
                text = raw.encode().ljust(32, b"\0")
                for index in range(16):
                    word = int.from_bytes(text[2 * index : 2 * index + 2], "big")
                    self.memory.units[self.unit][address + index] = word
            else:
                self.memory.units[self.unit][address] = raw & 0xFFFF
        return self

    def get(self, name):
        return self.memory.units[self.unit][self.at(name)]

    def writes(self):
        return [request for request in self.memory.requests if request[0] == "write"]


def inverter(**points):
    made = Map(1, 103, 120, 121, 122, 123)
    made.put(Mn_1="Maker", SN_1="S-1", W_103=3000, W_SF_103=0, Hz_103=5000, Hz_SF_103=-2)
    made.put(St_103=4, WRtg_120=8200, WRtg_SF_120=0, WMax_121=8000, WMax_SF_121=0)
    made.put(WMaxLimPct_123=10000, WMaxLimPct_WinTms_123=0, WMaxLimPct_RvrtTms_123=0)
    made.put(WMaxLimPct_RmpTms_123=0, WMaxLim_Ena_123=0, WMaxLimPct_SF_123=-2)
    return made.put(**points)


def battery(**points):
    made = Map(1, 103, 120, 124)
    made.put(SN_1="B-1", W_103=-1500, W_SF_103=0, St_103=4, Hz_103=5000, Hz_SF_103=-2)
    made.put(WHRtg_120=1000, WHRtg_SF_120=1, MaxChaRte_120=5000, MaxChaRte_SF_120=0)
    made.put(MaxDisChaRte_120=4600, MaxDisChaRte_SF_120=0, WRtg_120=5000, WRtg_SF_120=0)
    made.put(WChaMax_124=5000, WChaMax_SF_124=0, StorCtl_Mod_124=0, MinRsvPct_124=500)
    made.put(MinRsvPct_SF_124=-2, ChaState_124=5500, ChaState_SF_124=-2, OutWRte_124=10000)
    made.put(InWRte_124=10000, InOutWRte_WinTms_124=0, InOutWRte_RvrtTms_124=0)
    made.put(InOutWRte_RmpTms_124=0, ChaGriSet_124=0, InOutWRte_SF_124=-2)
    return made.put(**points)


def device(role, line="tcp://127.0.0.1:502", **more):
    more.setdefault("timeout", Duration(500 * MILLISECOND))
    return Device(id="x", role=Role(role), driver="sunspec", connection=line, line=line, **more)


def setpoint(quantity, timer_s=60):
    return Setpoint(
        device="x", quantity=quantity, valid_until=Instant(0), timer_s=timer_s, because="a test"
    )


@asynccontextmanager
async def tcp(memory):
    async with (
        await serve_tcp(memory) as server,
        open_tcp(f"tcp://127.0.0.1:{server.port}", WallClock()) as line,
    ):
        yield line


@asynccontextmanager
async def mem(memory):
    yield MemLine(memory, WallClock())


def open_driver(line, role, *, keys=None, **more):
    configured = device(role, **more)
    return package.open(configured, package.parse(configured, keys or {}), line)


class Rig:
    """What the tests use, in one fixture."""

    Memory, Map = Memory, Map
    inverter, battery = staticmethod(inverter), staticmethod(battery)
    tcp, mem = staticmethod(tcp), staticmethod(mem)
    device, setpoint, driver = (
        staticmethod(device),
        staticmethod(setpoint),
        staticmethod(open_driver),
    )


@pytest.fixture
def rig():
    return Rig
