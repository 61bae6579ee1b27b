"""The example driver keeps every promise; with one thing broken it is refused, and told why."""

import asyncio
import importlib.util
import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model.device import Control
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, RequestRefused, SettingsError
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome
from gateway.testing import BrokenPromises, Promise, check_driver

EXAMPLE = Path(__file__).parents[3] / "examples" / "driver-acme" / "gridtender_acme.py"
HEATER = {"connection": "tcp://192.168.1.40:502?unit=7", "role": "heat", "rod_w": 1200}
FAILURES = (DeviceUnavailable, RequestRefused, DeviceMisbehaves)


def example():
    spec = importlib.util.spec_from_file_location("gridtender_acme", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


acme = example()
Heater, AcmePackage = acme.Heater, acme.AcmePackage


def heater():
    words = dict.fromkeys(range(22), 0)
    return words | {0: 0xAC03, 1: 0x0001, 2: 0x0203, 10: 1180, 11: 525, 20: 0xFFFF}


def of(driver):
    """The example's package with another driver."""

    class Package(AcmePackage):
        def open(self, device, settings, line):
            return driver(device, settings, line)

    return Package()


def check(package, mapping=HEATER, power_w=1180, level_w=2400, missing=None):
    missing = {10: 0xFFFF} if missing is None else missing
    check_driver(package, mapping, heater, power_w=power_w, level_w=level_w, missing=missing)


BROKEN = []


def breaks(promise, *words):
    """This class breaks the promise, and the report says all of these words."""

    def keep(broken):
        package = broken() if issubclass(broken, AcmePackage) else of(broken)
        BROKEN.append(pytest.param(package, promise, words, id=broken.__name__))
        return broken

    return keep


@breaks(Promise.SETTINGS, "raised ValueError", "rod_w")
class RaisesInParse(AcmePackage):
    def parse(self, device, mapping):
        if "rod_w" not in mapping:
            return super().parse(device, mapping)
        return acme.Settings(rod_w=int(float(mapping["rod_w"])))


@breaks(Promise.SETTINGS, "rod_w: True", "'rod'")
class NamesAnotherKey(AcmePackage):
    def parse(self, device, mapping):
        parsed = super().parse(device, mapping)
        if isinstance(parsed, tuple):
            return (SettingsError(path=("rod",), found="it", allowed="something else"),)
        return parsed


@breaks(Promise.SCHEMA, "refuses its own default 50")
class DefaultsToWhatItRefuses(AcmePackage):
    def json_schema(self):
        return {"rod_w": {"type": "integer", "minimum": 100, "default": 50}}


@breaks(Promise.SCHEMA, "type 'watts'")
class SchemaOfNoType(AcmePackage):
    def json_schema(self):
        return {"rod_w": {"type": "watts"}}


@breaks(Promise.SCHEMA, "rod_w is not in it")
class SchemaWithoutItsKey(AcmePackage):
    def json_schema(self):
        return {}


@breaks(Promise.SCHEMA, "refuses rod_w: 1.5, parse takes it")
class TakesWhatTheSchemaRefuses(AcmePackage):
    def parse(self, device, mapping):
        if isinstance(mapping.get("rod_w"), float):
            return acme.Settings(rod_w=1000)
        return super().parse(device, mapping)


@breaks(Promise.SCHEMA, "names rod_w: 50, parse refuses it")
class RefusesWhatTheSchemaNames(AcmePackage):
    def json_schema(self):
        return {"rod_w": {"type": "integer", "enum": [50, 1200]}}


@breaks(Promise.OPEN, "reading 3 registers from 0")
class AsksWhenOpened(Heater):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.early = asyncio.get_running_loop().create_task(self._read(0, 3))


@breaks(Promise.OPEN, "it called open")
class ReadsAFileWhenOpened(Heater):
    def __init__(self, *settings):
        super().__init__(*settings)
        io.open(__file__).close()  # noqa: UP020 - what it really is


@breaks(Promise.HEALTHY, "connect failed", "not today")
class NeverConnects(Heater):
    async def connect(self):
        raise DeviceMisbehaves("not today")


@breaks(Promise.HEALTHY, "arm failed", "not that")
class NeverArms(Heater):
    async def arm(self):
        raise DeviceMisbehaves("not that")


@breaks(Promise.HEALTHY, "it says that it cannot be steered")
class SaysItOnlyReads(Heater):
    async def connect(self):
        told = await super().connect()
        return replace(told, capabilities=replace(told.capabilities, control=Control.NONE))


@breaks(Promise.KINDS, "read returned {", "not a Reading")
class ReturnsADict(Heater):
    async def read(self):
        return {"power": (await super().read()).power_w}


@breaks(Promise.KINDS, "the reading is of 'heater'")
class NamesAnotherDevice(Heater):
    async def read(self):
        return replace(await super().read(), device="heater")


@breaks(Promise.ERRORS, "read raised ZeroDivisionError", "was answered with zeros")
class DividesByARegister(Heater):
    async def read(self):
        reading = await super().read()
        return replace(reading, points={"share": 1 / reading.points["water"]})


@breaks(Promise.ERRORS, "connect raised TimeoutError")
class RaisesItsOwnTimeout(Heater):
    async def connect(self):
        try:
            return await super().connect()
        except DeviceUnavailable as error:
            raise TimeoutError from error


@breaks(Promise.ENDS, "read was still at it")
class AsksForEver(Heater):
    async def read(self):
        while True:
            try:
                return await super().read()
            except DeviceUnavailable:
                await asyncio.sleep(5)


@breaks(Promise.LIMITS, "reading 200 registers from 10: a request has 1 to 125")
class AsksForTooMuch(Heater):
    async def read(self):
        reading = await super().read()
        try:
            await self._read(10, 200)
        except RequestRefused:
            return reading


@breaks(Promise.LIMITS, "of unit 1: the device's is 7")
class AsksUnitOne(Heater):
    def __init__(self, device, settings, line):
        super().__init__(replace(device, unit=1), settings, line)


@breaks(Promise.QUIET, "connect was writing 1 registers from 20: [65535]")
class ResetsWhenItConnects(Heater):
    async def connect(self):
        await self._line.write(7, 20, (0xFFFF,), timeout=self._device.timeout)
        return await super().connect()


@breaks(Promise.SIGN, "read -1180 W, expected 1180 W: the sign is turned")
class TurnsTheSign(Heater):
    async def read(self):
        reading = await super().read()
        return replace(reading, flows={name: -flow for name, flow in reading.flows.items()})


@breaks(Promise.MISSING, "reads 0 W where the device says it has none")
class MissingIsZero(Heater):
    async def read(self):
        reading = await super().read()
        return reading if reading.flows else replace(reading, flows={POWER: 0.0})


@breaks(Promise.MISSING, "became 0.0 (in truth 52.5)")
class RefusedIsZero(Heater):
    async def read(self):
        reading = await super().read()
        try:
            water = (await self._read(11, 1)).words[0] / 10
        except RequestRefused:
            water = 0.0
        return replace(reading, points={"water": water})


@breaks(Promise.NUMBERS, "point cos_phi is nan", "all ones")
class NoNumber(Heater):
    async def read(self):
        reading = await super().read()
        return replace(reading, points={"cos_phi": 1.0 if reading.flows else float("nan")})


@breaks(Promise.NUMBERS, "soc_pct is 6553.5", "all ones")
class ChargeBeyondFull(Heater):
    async def read(self):
        reading = await super().read()
        return replace(reading, soc_pct=(await self._read(11, 1)).words[0] / 10)


@breaks(Promise.ANSWERED, "although nothing was answered")
class RepeatsTheLastReading(Heater):
    last = None

    async def read(self):
        try:
            self.last = await super().read()
        except FAILURES:
            if self.last is None:
                raise
        return self.last


@breaks(Promise.ANSWERED, "it asked the device for nothing")
class ReadsOnce(Heater):
    once = None

    async def read(self):
        self.once = self.once or await super().read()
        return self.once


@breaks(Promise.SAME, "first", "then")
class CountsItsLives(Heater):
    lives = 0

    async def read(self):
        CountsItsLives.lives += 1
        return replace(await super().read(), points={"life": CountsItsLives.lives})


@breaks(Promise.FROZEN, "when it read again")
class SharesItsPoints(Heater):
    def __init__(self, *settings):
        super().__init__(*settings)
        self.points = {}

    async def read(self):
        reading = await super().read()
        self.points.update(reading.points)
        return replace(reading, points=self.points)


@breaks(Promise.AGAIN, "once all was well again", "given up")
class GivesUp(Heater):
    gone = False

    async def connect(self):
        if self.gone:
            raise DeviceUnavailable("given up")
        return await super().connect()

    async def read(self):
        try:
            return await super().read()
        except DeviceUnavailable:
            self.gone = True
            raise


@breaks(Promise.LEVEL, "asked for 2400 W, its registers say 2.4 W")
class SaysKilowatts(Heater):
    async def write(self, setpoint):
        written = await super().write(setpoint)
        known = written.quantity is not None
        return replace(written, quantity=written.quantity / 1000) if known else written


@breaks(Promise.LEVEL, "the reading after it says")
class DoubtsItself(Heater):
    async def read(self):
        reading = await super().read()
        return replace(reading, overridden="somebody" if self._asked else None)


@breaks(Promise.READ_BACK, "although the device ignored the write")
class BelievesTheAnswer(Heater):
    async def write(self, setpoint):
        written = await super().write(setpoint)
        return replace(written, outcome=Outcome.ACCEPTED)


@breaks(Promise.TOLD, "it wrote (register, count) [(21, 1), (20, 1)] and told []")
class HidesItsWrites(Heater):
    async def write(self, setpoint):
        return replace(await super().write(setpoint), taken=())


@breaks(Promise.OTHERS, "overridden is None")
class SeesNobody(Heater):
    async def read(self):
        return replace(await super().read(), overridden=None)


@breaks(Promise.TIMER, "for 60 s there stands", "for 120 s")
class AlwaysAnHour(Heater):
    async def write(self, setpoint):
        return await super().write(replace(setpoint, timer_s=3600))


@breaks(Promise.TIMER, "the second write of the same level wrote nothing")
class WritesOnlyChanges(Heater):
    written = (None, None)

    async def write(self, setpoint):
        if setpoint.quantity is not None and self.written[0] == setpoint.quantity:
            return replace(self.written[1], taken=())
        self.written = (setpoint.quantity, await super().write(setpoint))
        return self.written[1]


@breaks(Promise.ARMING, "after the words found were written back register 20 holds 2")
class ForgetsTheCommand(Heater):
    async def arm(self):
        arming = await super().arm()
        return replace(arming, found=arming.found[:1])


@breaks(Promise.ARMING, "nothing in it brings the device to 0 W")
class HasNoLevel(Heater):
    async def arm(self):
        return replace(await super().arm(), level=())


@breaks(Promise.ARMING, "not of device at tcp://192.168.1.40:502")
class RecordOfAnother(Heater):
    async def arm(self):
        return replace(await super().arm(), unit=1)


@breaks(Promise.NEUTRAL, "after the release register 20 holds 0")
class ReleasesToStandstill(Heater):
    async def write(self, setpoint):
        if setpoint.quantity is None:
            return replace(
                await super().write(replace(setpoint, quantity=0.0, timer_s=0)), quantity=None
            )
        return await super().write(setpoint)


def test_the_example_keeps_every_promise():
    check(AcmePackage())


@pytest.mark.parametrize(("package", "promise", "words"), BROKEN)
def test_a_broken_promise_is_named_with_what_was_seen(package, promise, words):
    with pytest.raises(BrokenPromises) as refused:
        check(package)
    seen = [one.seen for one in refused.value.broken if one.promise is promise]
    assert any(all(word in one for word in words) for one in seen), str(refused.value)
    assert f"{promise}:" in str(refused.value)


def test_each_promise_has_a_driver_that_breaks_it():
    assert {param.values[1] for param in BROKEN} == set(Promise)


def test_a_mapping_that_is_wrong_itself_is_told_at_once():
    with pytest.raises(BrokenPromises, match="rod_w: found 5, allowed"):
        check(AcmePackage(), {**HEATER, "rod_w": 5})


def test_a_power_that_is_not_expected_is_told():
    with pytest.raises(BrokenPromises, match=r"read 1180.0 W, expected None"):
        check(AcmePackage(), power_w=None)


def test_a_device_that_only_reads_needs_no_level():
    class OnlyReads(SaysItOnlyReads):
        async def arm(self):
            raise DeviceMisbehaves("it only reads")

    check(of(OnlyReads), level_w=None)


def test_a_device_that_can_be_steered_needs_a_level():
    with pytest.raises(BrokenPromises, match="say at which level"):
        check(AcmePackage(), level_w=None)
