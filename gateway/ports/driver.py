"""The driver port: how the house speaks with one device."""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from gateway.model.device import Description, Device, Role
from gateway.model.errors import SettingsError
from gateway.model.inspection import Inspection
from gateway.model.reading import Reading
from gateway.model.setpoint import Arming, Setpoint, Written
from gateway.model.share import Totals
from gateway.ports.line import Line
from gateway.ports.served import Registers, Replay


class Driver(Protocol):
    """One configured device on a line.  Calls never overlap except ``write`` with ``read``.

    All calls raise the errors of ``Line``; after any ``DeviceUnavailable`` the caller calls
    ``connect`` again before the next read.
    """

    async def connect(self) -> Description:
        """Find the device's blocks (SunSpec: walk the chain) and say what it can do."""
        ...

    async def read(self) -> Reading:
        """Read all measurements in few requests; signs are the project's."""
        ...

    async def arm(self) -> Arming:
        """Read the words that ``write`` will overwrite; writes nothing.

        Raises:
            DeviceMisbehaves: the device cannot be controlled; says why.
        """
        ...

    async def write(self, setpoint: Setpoint) -> Written:
        """Write limit, timer and enable in the device's order, and read back.

        A setpoint with ``quantity`` None releases the device: it writes its neutral state
        (no limit, own rule).
        """
        ...


@runtime_checkable
class Recalling(Protocol):
    """What a driver may offer too: it tells an earlier life's words from the device's own rule."""

    def recall(self, arming: Arming | None) -> None:
        """Take the words found before the first write of all as what a release returns to.

        Called before ``connect`` with the record that stands, None without one: what was armed
        is steered by the same registers.  Called after ``arm`` where there is a record.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """What a driver may offer too: it knows when it could not see all of its device."""

    @property
    def incomplete(self) -> bool:
        """Whether something that it would use was refused when it was connected.

        The caller connects again some time later, since a device that has just begun, or is
        busy, refuses what it will give a minute after.
        """
        ...


@runtime_checkable
class Beating(Protocol):
    """What a driver may offer too: its device listens for a heartbeat of its controller."""

    @property
    def listens(self) -> bool:
        """Whether the device, as it was connected, has a register for it."""
        ...

    async def beat(self) -> None:
        """One heartbeat; may overlap with ``read`` and ``write``."""
        ...


@runtime_checkable
class Signed(Protocol):
    """What the settings of a driver may offer too: the keys that turn the sign of power."""

    def turned(self, role: Role) -> Mapping[str, str]:
        """Own keys with the values that would count a device of the role the other way round."""
        ...


class DriverPackage(Protocol):
    """Entry point group ``gridtender.drivers``: name -> module or object with these."""

    def parse(
        self, device: Device, mapping: Mapping[str, object]
    ) -> object | tuple[SettingsError, ...]:
        """Settings from the driver's own keys of the device (all that is not common).

        Returns:
            An opaque settings value for ``open``, or every error found.
        """
        ...

    def json_schema(self) -> Mapping[str, object]:
        """JSON Schema ``properties`` of the driver's own keys."""
        ...

    def open(self, device: Device, settings: object, line: Line) -> Driver:
        """A driver for the device; does no I/O."""
        ...


@runtime_checkable
class Inspecting(Protocol):
    """What a driver package may offer too: a look at a device of which nothing is configured."""

    async def inspect(self, device: Device, line: Line) -> Inspection:
        """Read everything it has and say what it is; of ``device`` only unit and timeout count.

        Raises:
            DeviceUnavailable: it does not answer, or stopped answering on the way.
            DeviceMisbehaves: it answers, but is none of this driver's.
        """
        ...


@runtime_checkable
class Presenting(Protocol):
    """What a driver package may offer too: the site as a device of the kind it speaks with."""

    def present(self, totals: Callable[[], Totals], unit: int) -> Registers:
        """Registers of one unit; ``totals`` is asked at each read."""
        ...


@runtime_checkable
class Recording(Protocol):
    """What a driver package may offer too: a device as a JSON document, and back."""

    async def record(
        self, device: Device, line: Line, day: Mapping[str, object] | None
    ) -> Mapping[str, object]:
        """Everything the device has and refuses, without what tells of its owner.

        Args:
            device: only unit and timeout count.
            line: a line to it.
            day: an earlier recording of the same device, which is to be given what is different
                by night; None for a recording of its own.

        Raises:
            DeviceUnavailable: it does not answer, or stopped answering on the way.
            DeviceMisbehaves: it answers, but is none of this driver's.
        """
        ...

    def replay(self, recording: Mapping[str, object], *, night: bool) -> Replay:
        """The recorded device, to be served.

        Raises:
            SettingsError: the document is no recording; says where.
        """
        ...
