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
LENGTHS |= {701: 153, 702: 50, 703: 17, 704: 65, 713: 7, 715: 7, 802: 62}
NOTHING = {"int16": 0x8000, "sunssf": 0x8000, "int32": 1 << 31, "string": 0}


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


def split(number, size):
    """Words of a number, high word first."""
    return [number >> 16 * index & 0xFFFF for index in reversed(range(size))]


class Map:
    """A chain of models in a memory, with points by name."""

    def __init__(self, *models, base=40000, end=True, unit=1):
        self.unit, self.places = unit, {}
        self.words = dict(enumerate(SUNS, base))
        address = base + 2
        for model in models:
            model_id, length = model if isinstance(model, tuple) else (model, LENGTHS[model])
            self.places.setdefault(model_id, address)
            body = [model_id, length, *[0xFFFF] * length]
            if 700 < model_id < 900:
                for point in layout(model_id, length).points:
                    if point.type in NOTHING:
                        empty = split(NOTHING[point.type], point.size)
                        body[point.offset : point.offset + point.size] = empty
            self.words |= dict(enumerate(body, address))
            address += length + 2
        if end:
            self.words |= {address: 0xFFFF, address + 1: 0}
        self.end = address
        self.memory = Memory({unit: self.words})

    def point(self, name):
        model, point = name.split(".", 1)
        place = self.places[int(model)]
        return layout(int(model), self.memory.units[self.unit][place + 1]).point(point)

    def at(self, name):
        return self.places[int(name.split(".", 1)[0])] + self.point(name).offset

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
                words = split(raw, self.point(f"{model}.{point}").size)
                self.memory.units[self.unit] |= dict(enumerate(words, address))
        return self

    def get(self, name):
        size = self.point(name).size
        words = [self.memory.units[self.unit][self.at(name) + i] for i in range(size)]
        return int.from_bytes(b"".join(word.to_bytes(2) for word in words))

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


def der(**points):
    """A solar inverter by 701-704 and 715, with a 713 behind which there is nothing."""
    made = Map(1, 701, 702, 703, 704, 713, 715)
    made.put(Mn_1="Maker", SN_1="D-1", W_701=3000, W_SF_701=0, Hz_701=5000, Hz_SF_701=-2)
    made.put(St_701=1, InvSt_701=3, Alrm_701=0, WMaxRtg_702=8200, WMax_702=8000, W_SF_702=0)
    made.put(TotWhInj_701=123456, TotWhAbs_701=789, TotWh_SF_701=0)
    made.put(WMaxLimPctEna_704=0, WMaxLimPct_704=1000, WMaxLimPctRvrt_704=1000)
    made.put(WMaxLimPctEnaRvrt_704=0, WMaxLimPctRvrtTms_704=0, WMaxLimPctRvrtRem_704=0)
    made.put(WMaxLimPct_SF_704=-1, SoC_713=0, Pct_SF_713=-1)
    made.put(LocRemCtl_715=0, DERHb_715=7, ControllerHb_715=0, OpCtl_715=1)
    return made.put(**points)


def der_battery(**points):
    """A battery by 701, 702, 704, 713, 714 (one port), 715 and 802."""
    made = Map(1, 701, 702, 704, 713, (714, 43), 715, 802)
    made.put(SN_1="E-1", W_701=-1500, W_SF_701=0, Hz_701=5000, Hz_SF_701=-2, InvSt_701=3)
    made.put(WMaxRtg_702=5000, WMax_702=5000, WChaRteMaxRtg_702=4800, WDisChaRteMaxRtg_702=4600)
    made.put(WChaRteMax_702=4500, WDisChaRteMax_702=4400, W_SF_702=0)
    made.put(WSetEna_704=0, WSetMod_704=0, WSet_704=0, WSetRvrt_704=0, WSetPct_704=0)
    made.put(WSetPctRvrt_704=0, WSetEnaRvrt_704=0, WSetRvrtTms_704=0, WSetRvrtRem_704=0)
    made.put(WSet_SF_704=1, WSetPct_SF_704=-1)
    made.put(WHRtg_713=1000, WHAvail_713=550, SoC_713=5510, WH_SF_713=1, Pct_SF_713=-2, Sta_713=0)
    made.put(NPrt_714=1, DCW_SF_714=0).put(**{"1.PrtTyp_714": 1, "1.DCW_714": -1450})
    made.put(LocRemCtl_715=0, DERHb_715=7, ControllerHb_715=0, OpCtl_715=1)
    made.put(WHRtg_802=1000, WHRtg_SF_802=1, WChaRteMax_802=4700, WDisChaRteMax_802=4300)
    made.put(WChaDisChaMax_SF_802=0, SoC_802=5500, SoC_SF_802=-2, SoCRsvMin_802=500)
    made.put(SocRsvMax_802=9000, LocRemCtl_802=0, Hb_802=3, CtrlHb_802=0, State_802=3)
    made.put(Evt1_802=0, W_802=-1450, W_SF_802=0, ChaSt_802=4, SetOp_802=1)
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


async def connected(line, role, **more):
    driver = open_driver(line, role, **more)
    await driver.connect()
    return driver


class Rig:
    """What the tests use, in one fixture."""

    Memory, Map = Memory, Map
    inverter, battery = staticmethod(inverter), staticmethod(battery)
    der, der_battery = staticmethod(der), staticmethod(der_battery)
    tcp, mem = staticmethod(tcp), staticmethod(mem)
    device, setpoint = staticmethod(device), staticmethod(setpoint)
    driver, connected = staticmethod(open_driver), staticmethod(connected)


@pytest.fixture
def rig():
    return Rig
