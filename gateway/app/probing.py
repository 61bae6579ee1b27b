"""A look at one device of which nothing is configured."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic_core import PydanticCustomError

from gateway.adapters.clock import WallClock
from gateway.adapters.plugins import driver_packages, line_factories
from gateway.config.connection import Connection, parse_connection
from gateway.model.device import Device, Role
from gateway.model.errors import DeviceMisbehaves, WrongInput
from gateway.model.inspection import Inspection
from gateway.model.time import Duration
from gateway.ports.driver import DriverPackage, Inspecting, Recording
from gateway.ports.line import Line


def connection_of(url: str) -> Connection:
    """The line and the unit that a person named.

    Raises:
        WrongInput: it is no URL that an installed line takes.
    """
    try:
        return parse_connection(url, line_factories())
    except PydanticCustomError as error:
        context = error.context or {}
        hint = f"; {context['hint']}" if context.get("hint") else ""
        message = f"found {context.get('found')}, allowed: {context.get('allowed')}{hint}"
        raise WrongInput(message) from None


def url_of(connection: Connection) -> str:
    """The URL of a unit on a line, as a configuration would have it."""
    joint = "&" if "?" in connection.line else "?"
    return f"{connection.line}{joint}unit={connection.unit}"


def device_at(connection: Connection, timeout: Duration) -> Device:
    """What stands at a connection, as far as it is known."""
    return Device(
        id=f"unit-{connection.unit}",
        role=Role.METER,
        driver="",
        connection=url_of(connection),
        line=connection.line,
        unit=connection.unit,
        timeout=timeout,
    )


@asynccontextmanager
async def line_to(connection: Connection) -> AsyncIterator[Line]:
    """An own line; it asks for a session of the device for as long as it is open."""
    factory = line_factories()[connection.line.partition("://")[0]]
    async with factory(connection.line, WallClock()) as line:
        yield line


async def inspect(connection: Connection, timeout: Duration) -> Inspection:
    """What the first driver that knows the device finds.

    Raises:
        DeviceUnavailable: it does not answer.
        DeviceMisbehaves: it answers, and no driver knows it; says what the last one saw.
    """
    refused = DeviceMisbehaves("no installed driver can look at a device that is not configured")
    async with line_to(connection) as line:
        for package in inspecting(driver_packages()).values():
            try:
                return await package.inspect(device_at(connection, timeout), line)
            except DeviceMisbehaves as misbehaves:
                refused = misbehaves
    raise refused


async def record(
    connection: Connection, timeout: Duration, day: Mapping[str, object] | None
) -> Mapping[str, object]:
    """The recording of the first driver that knows the device; with its day, also its night.

    Raises:
        DeviceUnavailable: it does not answer.
        DeviceMisbehaves: it answers, and no driver knows it; says what the last one saw.
    """
    refused = DeviceMisbehaves("no installed driver can record a device")
    async with line_to(connection) as line:
        for package in recording(driver_packages()):
            try:
                return await package.record(device_at(connection, timeout), line, day)
            except DeviceMisbehaves as misbehaves:
                refused = misbehaves
    raise refused


def recording(packages: Mapping[str, DriverPackage]) -> list[Recording]:
    """Drivers that can record a device and play it back, in the order of their names."""
    return [package for package in packages.values() if isinstance(package, Recording)]


def inspecting(packages: Mapping[str, DriverPackage]) -> dict[str, Inspecting]:
    """Drivers that can look at any device, by name, in its order."""
    return {name: one for name, one in packages.items() if isinstance(one, Inspecting)}
