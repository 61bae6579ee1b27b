"""Ports that the configuration asks for: taken, free, and closed at the end."""

import socket
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from drivers.sunspec import package
from drivers.transport import MemLine, RegisterMemory, serve_tcp
from gateway.adapters.clock import WallClock
from gateway.app.serving import open_served
from gateway.model.device import Device, Role
from gateway.model.share import AggregateSettings, ShareSettings
from gateway.runtime.bus import LocalBus
from gateway.runtime.sharing import WatchedLine

ROOF = Device(id="roof", role=Role.SOLAR, driver="sunspec", connection="mem://x", line="mem://x")


@pytest.fixture
def listener():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


async def served(port, stack):
    """What is said when a device and the site are to be served at a port."""
    clock = WallClock()
    line = MemLine(RegisterMemory({1: {0: 7}}), clock)
    settings = SimpleNamespace(
        area="home",
        devices=[SimpleNamespace(device=ROOF)],
        aggregate=AggregateSettings(host="127.0.0.1", port=port),
        shares=(ShareSettings(device="roof", line="mem://x", host="127.0.0.1", port=port),),
    )
    gateway = SimpleNamespace(
        settings=settings,
        site=SimpleNamespace(view=None),
        writes=SimpleNamespace(note=None),
        armory={},
        clock=clock,
        bus=LocalBus(),
    )
    world = SimpleNamespace(servers={"tcp": serve_tcp}, packages={"sunspec": package})
    view = {"mem://x": WatchedLine(line, clock)}
    gateway.site.view = lambda device, now: SimpleNamespace(power_w=None, state=None)
    with capture_logs() as said:
        await open_served(gateway, world, {"mem://x": line}, view, stack)
    return said


async def test_a_port_that_is_taken_is_told_and_ends_nothing(listener):
    async with AsyncExitStack() as stack:
        said = await served(listener, stack)
    assert [one["event"] for one in said] == ["aggregate.unavailable", "share.unavailable"]
    assert all(f"127.0.0.1:{listener}" in one["reason"] for one in said)


async def test_ports_are_open_until_the_end():
    async with AsyncExitStack() as stack:
        said = await served(0, stack)
        ports = [one["port"] for one in said]
        for port in ports:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
    assert [one["event"] for one in said] == ["aggregate.served", "share.served"]
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
