"""A look at one configured device over a connection of our own: from its name to its controls."""

import asyncio
import socket
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.adapters.clock import WallClock
from gateway.adapters.plugins import driver_packages, line_factories, probes
from gateway.app.doctor.catalogue import Finding, found
from gateway.app.doctor.findings import of_inspection
from gateway.app.doctor.makers import of_maker
from gateway.app.inspection_page import named
from gateway.app.scan_targets import Endpoint, Targets
from gateway.app.scanning import UNITS, Scanner
from gateway.model.device import Device
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable, GridtenderError
from gateway.model.refusal import Refusal
from gateway.model.site import DeviceSettings
from gateway.model.time import SECOND, Duration, in_seconds, rfc3339
from gateway.ports.driver import Inspecting
from gateway.ports.line import Line
from gateway.ports.probe import Answer, Heard

PATIENCE: Final = Duration(SECOND)
"""Slow devices answer after most of a second, whatever timeout is configured."""
_NOT_THERE: Final = frozenset({0x0A, 0x0B})
_TCP: Final = frozenset({"tcp", "rtu+tcp"})
_SAID: Final = {
    Heard.NOTHING: "NOTHING_THERE",
    Heard.REFUSED: "PORT_REFUSED",
    Heard.HUNG_UP: "HANGS_UP",
    Heard.LOGIN: "LOGIN_WANTED",
    Heard.FOREIGN: "NOT_MODBUS",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A configured device, and what is remembered of it.

    Attributes:
        refusal: the last write that it refused, None if it took the last one.
        patience: the least that is waited for an answer.
    """

    item: DeviceSettings
    refusal: Refusal | None = None
    patience: Duration = PATIENCE

    @property
    def device(self) -> Device:
        """As configured, with a timeout that slow devices keep."""
        device = self.item.device
        return replace(device, timeout=Duration(max(device.timeout, self.patience)))


async def examine(patient: Patient) -> list[Finding]:
    """All that is found, the maker's preconditions last."""
    device = patient.device
    if device.line.partition("://")[0] not in line_factories():
        return [found("UNLOOKED", device.id, line=device.line)]
    findings, maker = await _walk(patient)
    if patient.refusal is not None:
        findings.append(refused(patient.refusal))
    return [*findings, *of_maker(device.id, maker, {one.code for one in findings})]


def refused(refusal: Refusal) -> Finding:
    """The last write of the device, which it did not take."""
    at = rfc3339(refusal.at)
    return found("WRITE_REFUSED", refusal.device, at=at, why=refusal.why)


async def _walk(patient: Patient) -> tuple[list[Finding], str]:
    """From the network to the chain, as far as it goes; and the device's maker, if it told."""
    device = patient.device
    scheme, _, rest = device.line.partition("://")
    if scheme in {*_TCP, "tls"} and (stopped := await _network(device)):
        return stopped, ""
    if scheme == "rtu" and (port := _port(device.id, Path(rest.partition("?")[0]))):
        return [port], ""
    async with line_factories()[scheme](device.line, WallClock()) as line:
        return await _device(patient, line)


async def _network(device: Device) -> list[Finding]:
    """Why it cannot be spoken to; nothing where it can."""
    parts = urlsplit(device.line)
    host, port = parts.hostname or "", parts.port or 0
    try:
        await asyncio.get_running_loop().getaddrinfo(host, port)
    except socket.gaierror as error:
        return [found("HOST_UNKNOWN", device.id, host=host, why=error.strerror)]
    unit = device.unit if parts.scheme in _TCP else None  # in TLS only the line can ask
    answer = await probes()["tcp"](host, port, unit, device.timeout)
    if answer.heard in _SAID:
        return [_mute(device, host, port, answer)]
    if answer.heard is Heard.RTU and parts.scheme == "tcp":
        url = device.connection.replace("tcp://", "rtu+tcp://", 1)
        return [found("RTU_FRAMES", device.id, url=url)]
    absent = answer.heard is Heard.EXCEPTION and answer.code in _NOT_THERE
    if absent or answer.heard is Heard.SILENT:
        return [await _elsewhere(device, answer)]
    return []


def _mute(device: Device, host: str, port: int, answer: Answer) -> Finding:
    why = answer.detail
    if answer.heard is Heard.NOTHING:
        why = f": {why}" if why else ""
    return found(_SAID[answer.heard], device.id, host=host, port=port, why=why)


async def _elsewhere(device: Device, answer: Answer) -> Finding:
    """It does not answer at its unit: who does?"""
    there = await _sunspec_units(device)
    exception = answer.code if answer.heard is Heard.EXCEPTION else 0
    if there:
        return _at_unit(device, f"exception 0x{exception:02X}" if exception else "no answer", there)
    if exception:
        asked = ", ".join(str(unit) for unit in UNITS if unit != device.unit)
        unit = device.unit
        return found("UNIT_ABSENT", device.id, exception=exception, unit=unit, asked=asked)
    port = urlsplit(device.line).port
    return found("DEVICE_SILENT", device.id, port=port, unit=device.unit)


def _at_unit(device: Device, why: str, there: list[int]) -> Finding:
    units = ", ".join(map(str, there))
    unit, first = device.unit, there[0]
    return found("UNIT_ELSEWHERE", device.id, why=why, unit=unit, there=units, first=first)


async def _sunspec_units(device: Device) -> list[int]:
    """Units, other than its own, where a driver knows what answers."""
    parts = urlsplit(device.line)
    if parts.scheme not in _TCP:
        return []
    endpoint = Endpoint(parts.hostname or "", parts.port or 0, named=True, exact=True)
    units = [unit for unit in UNITS if unit != device.unit]
    scanner = Scanner(units, device.timeout, lambda _: None)
    scan = await scanner.scan(Targets(endpoints=(endpoint,), serial=()))
    return [one.unit for one in scan.sightings if one.inspection and one.unit is not None]


def _port(device: str, path: Path) -> Finding | None:
    """What is wrong with a serial port before anything is sent."""
    try:
        with path.open("rb", buffering=0):
            return None
    except FileNotFoundError:
        return found("SERIAL_MISSING", device, path=path)
    except PermissionError:
        return found("SERIAL_DENIED", device, path=path)
    except OSError:
        return None  # the line says it better


async def _device(patient: Patient, line: Line) -> tuple[list[Finding], str]:
    """What the device says of itself."""
    device = patient.device
    try:
        package = driver_packages()[device.driver]
        if isinstance(package, Inspecting):
            inspection = await package.inspect(device, line)
            findings = list(of_inspection(device, inspection, WallClock().now()))
            return findings, f"{inspection.identity.maker} {inspection.identity.model}"
        return [await _connected(patient, line)], ""
    except DeviceMisbehaves as fault:
        return [await _misfit(device, fault)], ""
    except DeviceUnavailable as fault:
        return [_unanswered(device, fault)], ""
    except GridtenderError as fault:
        return [found("ANSWERS_BADLY", device.id, why=fault)], ""


async def _connected(patient: Patient, line: Line) -> Finding:
    """A device whose driver cannot inspect is connected and read once, which writes nothing."""
    device = patient.device
    driver = driver_packages()[device.driver].open(device, patient.item.settings, line)
    try:
        described = await driver.connect()
    except DeviceUnavailable:  # what tells by itself may not have told yet
        await asyncio.sleep(in_seconds(device.timeout))
        described = await driver.connect()
    reading = await driver.read()
    power = "no power" if reading.power_w is None else f"{reading.power_w:.0f} W"
    who = named(described.identity) or device.driver
    return found("DEVICE_FINE", device.id, what=f"{who}, {power}, reading {reading.quality.value}")


async def _misfit(device: Device, fault: DeviceMisbehaves) -> Finding:
    """It answers, and not as its driver expects."""
    if not isinstance(driver_packages()[device.driver], Inspecting):
        return found("NOT_ITS_MAP", device.id, driver=device.driver, why=fault)
    there = await _sunspec_units(device)
    if there:
        return _at_unit(device, "it answers, with another map than SunSpec,", there)
    return found("NOT_SUNSPEC", device.id, unit=device.unit, why=fault)


def _unanswered(device: Device, fault: DeviceUnavailable) -> Finding:
    scheme, _, rest = device.line.partition("://")
    if scheme == "rtu":
        path = rest.partition("?")[0]
        return found("SERIAL_SILENT", device.id, unit=device.unit, path=path, why=fault)
    return found("ANSWERS_BADLY" if scheme in _TCP else "UNANSWERED", device.id, why=fault)
