"""One fresh device, its driver on a bench, and calls that may fail only as the port says."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from gateway.model.device import Capabilities, Description
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused
from gateway.model.reading import Reading
from gateway.model.setpoint import Arming, Outcome, RegisterWrite, Setpoint, Written
from gateway.model.time import Instant, parse_rfc3339, seconds
from gateway.ports.driver import Beating, Driver, Recalling
from gateway.ports.served import Registers
from gateway.testing.bench import BenchLine
from gateway.testing.promises import Broken, Promise
from gateway.testing.specimen import Specimen
from gateway.testing.virtual import VirtualClock
from gateway.testing.weather import FAIR, Weather

_T = TypeVar("_T")
_ALLOWED = (DeviceUnavailable, RequestRefused, DeviceMisbehaves)
_LONGEST_S = 600.0  # of virtual time, for one call
_BEGINNING = parse_rfc3339("2026-06-21T12:00:00Z")


class Trial:
    """A device of the specimen, new, with a new driver; lives inside one virtual loop.

    Attributes:
        able: what the device said of itself when it was connected.
        failed: the error of the last call, None where it returned.
        record: the first arming record.
    """

    def __init__(self, specimen: Specimen, found: list[Broken], weather: Weather = FAIR) -> None:
        self.registers = specimen.registers()
        self.specimen, self.device = specimen, specimen.device
        self.clock = VirtualClock(_BEGINNING)
        self.line = BenchLine(self.registers, self.device, self.clock)
        self.line.weather = self.weather = weather
        self._found = found
        self.able = Capabilities()
        self.failed: Exception | None = None
        self.record: Arming | None = None
        self._begun, self._writing = 0, False
        self.driver = self.open()

    def open(self) -> Driver:
        """Another driver for the same device, as after a restart."""
        return self.specimen.package.open(self.device, self.specimen.settings, self.line)

    def broken(self, promise: Promise, seen: str) -> None:
        """Note that a promise was not kept."""
        self._found.append(Broken(promise, f"{seen}{self._where()}"))

    async def connect(self) -> Description | None:
        """Connect as the station does, which tells what was armed before."""
        if isinstance(self.driver, Recalling):
            self.driver.recall(self.record)
        description = await self._quiet("connect", self.driver.connect(), Description)
        if description is not None:
            self.able = description.capabilities
        return description

    async def read(self) -> Reading | None:
        """Read once; a reading without an answer is none."""
        before, struck = len(self.line.asked), len(self.line.struck)
        reading = await self._quiet("read", self.driver.read(), Reading)
        asked = len(self.line.asked) - before
        unanswered = len(self.line.struck) - struck if self.line.weather.fails else 0
        if reading is not None and asked == unanswered:
            asked_for = "nothing was answered" if asked else "it asked the device for nothing"
            self.broken(Promise.ANSWERED, f"read returned {reading.flows} although {asked_for}")
        return reading

    async def arm(self) -> Arming | None:
        """Arm; a record that stands already is kept, as the station does."""
        arming = await self._quiet("arm", self.driver.arm(), Arming)
        if arming is not None and self.record is None:
            self.record = arming
        elif arming is not None and isinstance(self.driver, Recalling):
            self.driver.recall(self.record)
        return arming

    async def write(self, quantity: float | None, timer_s: int = 60) -> Written | None:
        """One setpoint; None releases."""
        now = self.clock.now()
        setpoint = Setpoint(
            device=self.device.id,
            quantity=quantity,
            valid_until=Instant(now + seconds(timer_s)),
            timer_s=timer_s,
            because="the driver is checked",
        )
        what = "release" if quantity is None else f"write {quantity:g} W"
        struck = len(self.line.struck)
        self._begun, self._writing = self._begun + 1, True
        written = await self._call(what, self.driver.write(setpoint), Written)
        self._writing = False
        weather, accepted = self.line.weather, written and written.outcome is Outcome.ACCEPTED
        if accepted and weather.fails and weather.lasting and len(self.line.struck) > struck:
            self.broken(Promise.READ_BACK, f"{what} accepted, although a request failed")
        return written

    async def beat(self, driver: Beating) -> None:
        """One heartbeat."""
        await self._call("beat", driver.beat(), type(None))

    def written(self, since: int = 0) -> tuple[RegisterWrite, ...]:
        """What the driver asked to write, from the request of that index on."""
        asked = self.line.asked[since:]
        return tuple(RegisterWrite(address=a.address, words=a.words) for a in asked if a.words)

    def put(self, writes: Iterable[RegisterWrite]) -> None:
        """Write past the driver, as somebody else."""
        for write in writes:
            self.registers.write(self.device.unit, write.address, write.words)

    def word(self, address: int) -> int | None:
        """What a register holds now, None where it cannot be read."""
        return _word(self.registers, self.device.unit, address)

    def true(self, address: int) -> int | None:
        """What it holds where nobody steers the device."""
        return _word(self.specimen.registers(), self.device.unit, address)

    async def connected(self) -> Description | None:
        """Connect and expect it to work: nothing strikes this device."""
        description = await self.connect()
        if description is None:
            self.broken(Promise.HEALTHY, f"connect failed: {self.failed}")
        return description

    async def _quiet(self, what: str, answer: Awaitable[_T], kind: type[_T]) -> _T | None:
        before, begun, beside = len(self.line.asked), self._begun, self._writing
        result = await self._call(what, answer, kind)
        if beside or begun != self._begun:
            return result  # what was written meanwhile may be of the write beside it
        for asked in self.line.asked[before:]:
            if asked.words:
                self.broken(Promise.QUIET, f"{what} was {asked}: {list(asked.words)}")
        return result

    async def _call(self, what: str, answer: Awaitable[_T], kind: type[_T]) -> _T | None:
        """What the call returned, None where it failed as it may."""
        self.failed = None
        limit = asyncio.timeout(_LONGEST_S)
        try:
            async with limit:
                result = await answer
        except _ALLOWED as error:
            self.failed = error
            return None
        except Exception as error:  # noqa: BLE001 - a driver on trial may raise anything
            self.failed = error
            if limit.expired():
                self.broken(Promise.ENDS, f"{what} was still at it after {_LONGEST_S:g} s")
            else:
                self.broken(Promise.ERRORS, f"{what} raised {error!r}")
            return None
        if isinstance(result, kind):
            return result
        self.broken(Promise.KINDS, f"{what} returned {result!r}, not a {kind.__name__}")
        return None

    def _where(self) -> str:
        """What the weather did, for a person."""
        fault, struck = self.weather.fault, self.line.struck
        if fault is None or not struck:
            return ""
        rest = " and everything after it" if self.weather.lasting else ""
        which = f"request {self.weather.begins + 1} ({struck[0]})"
        return f", after {which}{rest} {fault.text}"


def _word(registers: Registers, unit: int, address: int) -> int | None:
    try:
        return registers.read(unit, address, 1)[0]
    except _ALLOWED:
        return None
