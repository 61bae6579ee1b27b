"""Drivers, lines, mechanisms and houses, found by entry point and loaded when first used."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points, version
from typing import Final, Generic, TypeVar

from gateway.ports.agent import AgentMaker
from gateway.ports.driver import DriverPackage
from gateway.ports.house import HouseFactory
from gateway.ports.line import LineFactory
from gateway.ports.mechanism import Mechanism
from gateway.ports.probe import Probe
from gateway.ports.served import ServerFactory

DRIVERS: Final = "gridtender.drivers"
LINES: Final = "gridtender.lines"
PROBES: Final = "gridtender.probes"
SERVERS: Final = "gridtender.servers"
HOUSES: Final = "gridtender.houses"
MECHANISMS: Final = "gridtender.mechanisms"
AGENTS: Final = "gridtender.agents"

_T = TypeVar("_T")


class Plugins(Mapping[str, _T], Generic[_T]):
    """What one group offers, by name in alphabetical order; nothing is imported to list it."""

    def __init__(self, group: str) -> None:
        found = sorted(entry_points(group=group), key=lambda point: point.name)
        self._points: dict[str, EntryPoint] = {point.name: point for point in found}
        self._loaded: dict[str, _T] = {}

    def __getitem__(self, name: str) -> _T:
        """The object, imported now if it was not yet.

        Raises:
            KeyError: nothing of this name is installed.
            ImportError: it is installed but cannot be imported; says why.
        """
        if name not in self._loaded:
            point = self._points[name]
            try:
                self._loaded[name] = point.load()
            except (AttributeError, SyntaxError) as error:
                message = f"{point.value}: {error}"
                raise ImportError(message) from error
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def distribution(self, name: str) -> str | None:
        """Name and version of the distribution that offers it, e.g. ``gridtender 0.1.0``."""
        point = self._points.get(name)
        if point is None or point.dist is None:
            return None
        return f"{point.dist.name} {point.dist.version}"


def driver_packages() -> Plugins[DriverPackage]:
    """Driver packages by the name that ``driver:`` gives."""
    return Plugins(DRIVERS)


def line_factories() -> Plugins[LineFactory]:
    """Line factories by URL scheme."""
    return Plugins(LINES)


def probes() -> Plugins[Probe]:
    """Probes by URL scheme: what to ask an address of which nothing is known."""
    return Plugins(PROBES)


def server_factories() -> Plugins[ServerFactory]:
    """Server factories by URL scheme: what lines of that scheme speak to."""
    return Plugins(SERVERS)


def house_factories() -> Plugins[HouseFactory]:
    """Simulated houses by name."""
    return Plugins(HOUSES)


def mechanism_packages() -> Plugins[Mechanism]:
    """Rules of clearing that installed packages add, by the name that a product gives."""
    return Plugins(MECHANISMS)


def agent_packages() -> Plugins[AgentMaker]:
    """Agents that installed packages add, by the name that a device gives."""
    return Plugins(AGENTS)


def own_version() -> str:
    """The installed version of this program."""
    return version("gridtender")


def distribution_of(name: str) -> str | None:
    """Where a driver package comes from; None if it is not installed."""
    return driver_packages().distribution(name)
