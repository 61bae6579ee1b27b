"""The simulated house: real registers behind sockets or memory lines."""

from collections.abc import Mapping, Sequence
from enum import Enum
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

from drivers.simulated.settings import HouseSettings, parse_settings
from drivers.simulated.world import World
from drivers.transport import MemLine, Server, serve_tcp
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.time import Duration
from gateway.physics.thermal import HeatPump
from gateway.ports.clock import Clock
from gateway.ports.line import HOLDING, WRITE_REGISTERS, Block, Line

UNIT = 1
_NO_SUCH_UNIT = 0x0B


class Cord(Enum):
    """How a device hangs on its line."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"
    SILENT = "silent"


class _Box(Protocol):
    """A device's own registers."""

    def read(self, address: int, count: int) -> list[int]: ...

    def write(self, address: int, words: Sequence[int]) -> None: ...


class Outlet:
    """One device as the ``Registers`` of a line; time passes when it is asked.

    Attributes:
        cord: whether it answers.
    """

    def __init__(self, device: str, box: _Box, world: World, clock: Clock) -> None:
        self.cord = Cord.PLUGGED
        self._device = device
        self._box = box
        self._world = world
        self._clock = clock

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """Return holding registers, measured now."""
        self._ask(unit)
        return self._box.read(address, count)

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """Take the words, all or none."""
        self._ask(unit)
        self._box.write(address, words)

    def check_cord(self) -> None:
        """Raise DeviceUnavailable if the plug is out."""
        if self.cord is Cord.UNPLUGGED:
            message = f"{self._device}: no connection, the device is unplugged"
            raise DeviceUnavailable(message)

    def _ask(self, unit: int) -> None:
        if self.cord is not Cord.PLUGGED:
            message = f"{self._device}: no answer, the device is {self.cord.value}"
            raise DeviceUnavailable(message)
        if unit != UNIT:
            message = f"{self._device}: no unit {unit} here, have {UNIT}"
            raise RequestRefused(message, code=_NO_SUCH_UNIT)
        self._world.advance(self._clock.now())


class MemoryCord:
    """A memory line that fails at once while its device is unplugged."""

    def __init__(self, outlet: Outlet, clock: Clock) -> None:
        self._outlet = outlet
        self._line = MemLine(outlet, clock)

    async def read(
        self, unit: int, address: int, count: int, *, timeout: Duration, function: int = HOLDING
    ) -> Block:
        """Registers of one table."""
        self._outlet.check_cord()
        return await self._line.read(unit, address, count, timeout=timeout, function=function)

    async def write(
        self,
        unit: int,
        address: int,
        words: Sequence[int],
        *,
        timeout: Duration,
        function: int = WRITE_REGISTERS,
    ) -> None:
        """Consecutive registers."""
        self._outlet.check_cord()
        await self._line.write(unit, address, words, timeout=timeout, function=function)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to close."""


class DemoHouse:
    """A roof, a battery, a grid meter, the house's load and a heat pump.

    Besides the ``House`` port it has switches, for situations: they act from now on.
    """

    def __init__(self, clock: Clock, settings: Mapping[str, object]) -> None:
        self._clock = clock
        given = parse_settings(settings)
        self._devices = _configuration(given)
        self._world = world = World(given, clock.now())
        boxes: dict[str, _Box] = {
            "roof": world.roof,
            "battery": world.battery,
            "grid": world.grid,
            "house": world.house,
            "heatpump": world.heatpump,
        }
        if world.car is not None:
            boxes["car"] = world.car
        if world.genset is not None:
            boxes["genset"] = world.genset
        if world.boiler is not None:
            boxes["boiler"] = world.boiler
        self._outlets = {name: Outlet(name, box, world, clock) for name, box in boxes.items()}
        self._servers: dict[str, Server] = {}
        self._ports: dict[str, int] = {}

    @property
    def devices(self) -> Mapping[str, Mapping[str, object]]:
        """Configuration of each device without its connection."""
        return self._devices

    async def serve(self) -> Mapping[str, str]:
        """Listen on loopback, one server per device; id -> ``tcp://127.0.0.1:PORT?unit=1``."""
        for device in self._outlets:
            await self._listen(device)
        return {
            device: f"tcp://127.0.0.1:{port}?unit={UNIT}" for device, port in self._ports.items()
        }

    async def close(self) -> None:
        """Stop listening."""
        while self._servers:
            _, server = self._servers.popitem()
            await server.close()
        self._ports.clear()

    def line(self, url: str, clock: Clock) -> Line:
        """A line for ``mem://DEVICE``."""
        name = urlsplit(url).netloc
        if name not in self._outlets:
            message = f"{url}: no such device in this house, have {', '.join(self._outlets)}"
            raise DeviceUnavailable(message)
        return MemoryCord(self._outlets[name], clock)

    def truth(self) -> Mapping[str, float]:
        """What is true now: ``roof_w battery_w house_w heatpump_w grid_w`` (passive) and more."""
        self._now()
        return self._world.truth()

    def set_load(self, load_w: float | None) -> None:
        """Hold the load without cooker; None: as the day goes."""
        self._now()
        self._world.force_load(load_w)

    def set_cooker(self, on: bool | None) -> None:  # noqa: FBT001 - a switch
        """Switch the cooker (2 kW); None: at meal times."""
        self._now()
        self._world.force_cooker(on)

    def set_sun(self, available_w: float | None) -> None:
        """Hold what the roof could put out, without clouds; None: as the day goes."""
        self._now()
        self._world.force_sun(available_w)

    def set_soc(self, soc_pct: float) -> None:
        """Charge or empty the battery at once."""
        self._now()
        self._world.battery.set_soc(soc_pct)

    async def unplug(self, device: str) -> None:
        """Cut its connections and refuse new ones; its physics goes on."""
        self._outlets[device].cord = Cord.UNPLUGGED
        if server := self._servers.pop(device, None):
            await server.close()

    def hang(self, device: str) -> None:
        """Let it accept connections and requests but never answer."""
        self._outlets[device].cord = Cord.SILENT

    async def plug(self, device: str) -> None:
        """Undo ``unplug`` and ``hang``; it listens where it did before."""
        self._outlets[device].cord = Cord.PLUGGED
        if device in self._ports and device not in self._servers:
            await self._listen(device)

    def _now(self) -> None:
        self._world.advance(self._clock.now())

    async def _listen(self, device: str) -> None:
        server = await serve_tcp(self._outlets[device], self._ports.get(device, 0))
        self._servers[device] = server
        self._ports[device] = server.port


def _configuration(given: HouseSettings) -> Mapping[str, Mapping[str, object]]:
    rest = HeatPump().min_off_s
    car = {"driver": "modbus", "map": "charger-demo.yaml", "role": "ev", "charger": {"phases": 3}}
    genset = {"driver": "modbus", "map": "generator-demo.yaml", "role": "generator"}
    boiler = {"driver": "modbus", "map": "boiler-demo.yaml", "role": "heat"}
    return {
        "roof": {"driver": "sunspec", "role": "solar", "limits": {"max_w": given.solar_peak_w}},
        "battery": {"driver": "sunspec", "role": "storage", "limits": {"min_soc_pct": 10}},
        "grid": {"driver": "sunspec", "role": "grid", "sign": "import"},
        "house": {"driver": "sunspec", "role": "load", "sign": "import", "tender": False},
        "heatpump": {
            "driver": "modbus",
            "map": "heat-pump-demo.yaml",
            "role": "heat",
            "price_cap": 0.20,
            "limits": {"min_rest": f"{rest:.0f}s"},
        },
        **({} if given.car_wh is None else {"car": car}),
        **({"genset": genset} if given.genset else {}),
        **({} if given.water_c is None else {"boiler": boiler}),
    }
