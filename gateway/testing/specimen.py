"""The device on which a driver is tried."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.device import Device
from gateway.model.errors import RequestRefused
from gateway.ports.driver import DriverPackage
from gateway.ports.served import Registers

_ILLEGAL_ADDRESS = 2

Fake = Callable[[], Registers | Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A driver package with one device of its kind.

    Attributes:
        settings: what ``parse`` made of the own keys.
        fake: makes the device anew, as nobody steers it.
        power_w: what a reading of it says, W into the device; None where it has no power.
        level_w: a setpoint that it takes, another than it stands at; None = reading only.
        missing: words with which it says that it has no power, by register.
        watchdog: its timer is of a fixed time and in no register: any write starts it anew.
    """

    package: DriverPackage
    device: Device
    settings: object
    fake: Fake
    power_w: float | None
    level_w: float | None
    missing: Mapping[int, int] = field(default_factory=dict)
    watchdog: bool = False

    @property
    def level(self) -> float:
        """The level that is written; only asked where there is one."""
        return self.level_w or 0.0

    def registers(self) -> Registers:
        """The device anew."""
        made = self.fake()
        return Words(made) if isinstance(made, Mapping) else made


class Words:
    """Registers of one device, whatever its unit, that keep what is written."""

    def __init__(self, words: Mapping[int, int]) -> None:
        self._words = dict(words)

    def read(self, unit: int, address: int, count: int) -> list[int]:
        """The words, or exception 2 where one is missing."""
        self._exist(unit, address, count)
        return [self._words[at] for at in range(address, address + count)]

    def write(self, unit: int, address: int, words: Sequence[int]) -> None:
        """All words or none."""
        self._exist(unit, address, len(words))
        self._words.update(enumerate(words, address))

    def _exist(self, unit: int, address: int, count: int) -> None:
        if not self._words.keys() >= set(range(address, address + count)):
            message = f"unit {unit} has not all of {count} registers from {address}"
            raise RequestRefused(message, code=_ILLEGAL_ADDRESS)
