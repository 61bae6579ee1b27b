"""The house port: simulated devices behind real registers, for the demo and tests."""

from collections.abc import Mapping
from typing import Protocol

from gateway.ports.clock import Clock
from gateway.ports.line import Line


class House(Protocol):
    """Simulated devices with physics; they advance lazily to the clock when they are asked.

    Attributes:
        devices: id -> configuration mapping of the device without ``connection``.
    """

    @property
    def devices(self) -> Mapping[str, Mapping[str, object]]:
        """Configuration of each device without its connection."""
        ...

    async def serve(self) -> Mapping[str, str]:
        """Listen on loopback, one Modbus TCP server per device; id -> ``tcp://…?unit=N``."""
        ...

    async def close(self) -> None:
        """Stop listening."""
        ...

    def line(self, url: str, clock: Clock) -> Line:
        """A LineFactory for ``mem://DEVICE``: the same registers without a socket."""
        ...

    def truth(self) -> Mapping[str, float]:
        """What the physics knows now (W, pct), for tests and pictures: never for the gateway."""
        ...


class HouseFactory(Protocol):
    """Entry point group ``gridtender.houses``: name -> factory."""

    def __call__(self, clock: Clock, settings: Mapping[str, object]) -> House:
        """A house at rest; it moves when its devices are asked."""
        ...
