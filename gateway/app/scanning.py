"""Looking for devices: politely, and telling apart why there is none."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from gateway.adapters.clock import WallClock
from gateway.adapters.plugins import driver_packages, line_factories, probes
from gateway.app.probing import device_at, inspecting
from gateway.app.scan_targets import Endpoint, Targets
from gateway.config.connection import Connection
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.inspection import Inspection
from gateway.model.time import Duration
from gateway.ports.line import Line
from gateway.ports.probe import Answer, Heard

UNITS: Final = (1, 126, 2, 3, 247, 240, 200, 100, 71)
"""In the order of how often a device is found there."""
LAST_UNIT: Final = 247
_AT_ONCE: Final = 32  # hosts; each gets one request at a time
_PAUSE_S: Final = 0.05  # between two requests to one host
_BEGIN: Final = 68  # registers: marker and model 1 to its serial number
_NOT_THERE: Final = frozenset({0x0A, 0x0B})
_NOBODY: Final = frozenset({Heard.NOTHING, Heard.REFUSED})
_MARKER: Final = (40000, 2)
_SPEEDS: Final = (
    "baud=9600",
    "baud=19200",
    "baud=9600&parity=even",
    "baud=19200&parity=even",
    "baud=38400",
    "baud=115200",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What was found at one unit of one line, or at a line that has none.

    Attributes:
        unit: None where no unit answered.
        heard: what came from there; ``code`` of an exception.
        also: other units that show the very same device.
        driver: whose device it is; ``inspection``: None where it is none that a driver knows,
            ``why`` says so.
    """

    line: str
    heard: Heard
    unit: int | None = None
    code: int = 0
    also: tuple[int, ...] = ()
    driver: str = ""
    inspection: Inspection | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """All that was found; ``quiet``: how many unnamed addresses gave nothing, by what came."""

    sightings: tuple[Sighting, ...]
    quiet: dict[Heard, int]


class Scanner:
    """One scan.

    Attributes:
        units: asked in this order.
        tell: progress, in sentences.
    """

    def __init__(
        self, units: Sequence[int], timeout: Duration, tell: Callable[[str], None]
    ) -> None:
        self._units = units
        self._timeout = timeout
        self._tell = tell
        self._probe = probes()["tcp"]
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._done = 0

    async def scan(self, targets: Targets) -> Scan:
        """Every endpoint and every serial port; devices of one host one after the other."""
        found: dict[int, list[Sighting]] = {}
        hosts: dict[str, list[tuple[int, Endpoint]]] = {}
        for number, endpoint in enumerate(targets.endpoints):
            hosts.setdefault(endpoint.host, []).append((number, endpoint))
        async with asyncio.TaskGroup() as group:
            for ports in hosts.values():
                group.create_task(self._host(ports, found, len(hosts)))
        everything = [one for number in sorted(found) for one in found[number]]
        for port in targets.serial:
            everything += await self._serial(port)
        return _sorted(everything, targets.endpoints)

    async def _host(
        self, ports: Iterable[tuple[int, Endpoint]], found: dict[int, list[Sighting]], hosts: int
    ) -> None:
        async with self._at_once:
            for number, endpoint in ports:
                found[number] = await self._endpoint(endpoint)
        self._done += 1
        if hosts > 1 and (self._done % _AT_ONCE == 0 or self._done == hosts):
            self._tell(f"{self._done} of {hosts} addresses")

    async def _endpoint(self, endpoint: Endpoint) -> list[Sighting]:
        opened = await self._probe(endpoint.host, endpoint.port, None, self._timeout)
        if opened.heard is not Heard.WORDS:
            return [Sighting(line=endpoint.line, heard=opened.heard, why=opened.detail)]
        self._tell(f"{endpoint.line} listens, asking {len(self._units)} units")
        answers = await self._answers(endpoint)
        there = [unit for unit, answer in answers.items() if _is_unit(answer)]
        if not there:
            answer = _telling(answers.values())
            return [
                Sighting(
                    line=endpoint.line, heard=answer.heard, code=answer.code, why=answer.detail
                )
            ]
        rtu = [unit for unit in there if answers[unit].heard is Heard.RTU]
        sightings = await self._look(endpoint.line, [unit for unit in there if unit not in rtu])
        if rtu:
            sightings += await self._look(endpoint.line.replace("tcp://", "rtu+tcp://"), rtu)
        return sightings

    async def _answers(self, endpoint: Endpoint) -> dict[int, Answer]:
        answers: dict[int, Answer] = {}
        for unit in self._units:
            answer = await self._probe(endpoint.host, endpoint.port, unit, self._timeout)
            answers[unit] = answer
            if answer.heard in {Heard.LOGIN, Heard.FOREIGN, Heard.REFUSED, Heard.NOTHING}:
                break  # another unit would get the same
            await asyncio.sleep(_PAUSE_S)
        return answers

    async def _look(self, line_url: str, units: Sequence[int]) -> list[Sighting]:
        """What stands at units that answer, the same device once."""
        scheme = line_url.partition("://")[0]
        heard = Heard.RTU if scheme == "rtu+tcp" else Heard.WORDS
        factory = line_factories().get(scheme)
        if factory is None or not units:
            return [Sighting(line=line_url, unit=unit, heard=heard) for unit in units]
        sightings: list[Sighting] = []
        begins: list[tuple[int, ...] | None] = []  # of each sighting's map
        for unit in units:
            async with factory(line_url, WallClock()) as line:  # no pause for another unit's sake
                same = await self._same(line, unit, sightings, begins)
                if same is None:
                    self._tell(f"{line_url} unit {unit} answers, looking at it")
                    sightings.append(await self._seen(line_url, unit, line, heard))
                    begins.append(await self._begin(line, unit, sightings[-1].inspection))
                else:
                    one = sightings[same]
                    sightings[same] = replace(one, also=(*one.also, unit))
            await asyncio.sleep(_PAUSE_S)
        return sightings

    async def _same(
        self,
        line: Line,
        unit: int,
        sightings: Sequence[Sighting],
        begins: Sequence[tuple[int, ...] | None],
    ) -> int | None:
        """Which earlier one shows the same model 1; some devices answer at every unit."""
        for index, begin in enumerate(begins):
            if begin and begin == await self._begin(line, unit, sightings[index].inspection):
                return index
        return None

    async def _begin(
        self, line: Line, unit: int, found: Inspection | None
    ) -> tuple[int, ...] | None:
        """The first registers of a map; with them the serial number."""
        if found is None or not found.identity.serial:
            return None
        with suppress(DeviceUnavailable, DeviceMisbehaves, RequestRefused):
            return (await line.read(unit, found.base, _BEGIN, timeout=self._timeout)).words
        return None

    async def _seen(self, url: str, unit: int, line: Line, heard: Heard) -> Sighting:
        seen = Sighting(line=url, unit=unit, heard=heard)
        for name, package in inspecting(driver_packages()).items():
            try:
                at = device_at(Connection(line=url, unit=unit), self._timeout)
                return replace(seen, inspection=await package.inspect(at, line), driver=name)
            except DeviceMisbehaves as fault:
                seen = replace(seen, why=f"not SunSpec: {fault}")
            except DeviceUnavailable as fault:
                seen = replace(seen, why=f"it answers, but not enough to be read: {fault}")
        return seen

    async def _serial(self, port: str) -> list[Sighting]:
        """The first speed at which anything answers."""
        factory = line_factories().get("rtu")
        if factory is None:
            return [Sighting(line=f"rtu://{port}", heard=Heard.NOTHING, why="no driver of ports")]
        why = ""
        for speed in _SPEEDS:
            url = f"rtu://{port}?{speed}"
            self._tell(f"{url}, asking {len(self._units)} units")
            there = []
            for unit in self._units:
                async with factory(url, WallClock()) as line:
                    answered, why = await self._serial_unit(line, unit)
                there += [unit] if answered else []
            if there:
                return await self._look(url, there)
        return [Sighting(line=f"rtu://{port}", heard=Heard.SILENT, why=why)]

    async def _serial_unit(self, line: Line, unit: int) -> tuple[bool, str]:
        try:
            await line.read(unit, *_MARKER, timeout=self._timeout)
        except RequestRefused as refused:
            return refused.code not in _NOT_THERE, str(refused)
        except (DeviceUnavailable, DeviceMisbehaves) as fault:
            return False, str(fault)
        return True, ""


def _is_unit(answer: Answer) -> bool:
    if answer.heard is Heard.EXCEPTION:
        return answer.code not in _NOT_THERE
    return answer.heard in {Heard.WORDS, Heard.RTU}


def _telling(answers: Iterable[Answer]) -> Answer:
    """Of units that are not there, the answer that says most."""
    order = (Heard.LOGIN, Heard.FOREIGN, Heard.EXCEPTION, Heard.HUNG_UP, Heard.SILENT)
    every = list(answers)
    return next((one for kind in order for one in every if one.heard is kind), every[-1])


def _sorted(everything: Sequence[Sighting], endpoints: Iterable[Endpoint]) -> Scan:
    """Unnamed addresses where nobody is are only counted, and further ports of one that answers."""
    asked = {endpoint.line: endpoint for endpoint in endpoints}
    shown: list[Sighting] = []
    quiet: dict[Heard, int] = {}
    answering = {_host(one.line) for one in everything if one.heard not in _NOBODY}
    for one in everything:
        endpoint = asked.get(one.line)
        wished = endpoint is None or endpoint.exact
        alone = endpoint is not None and endpoint.named and _host(one.line) not in answering
        if one.heard not in _NOBODY or wished or alone:
            shown.append(one)
        else:
            quiet[one.heard] = quiet.get(one.heard, 0) + 1
    return Scan(sightings=tuple(shown), quiet=quiet)


def _host(line: str) -> str:
    return line.partition("://")[2].rpartition(":")[0]
