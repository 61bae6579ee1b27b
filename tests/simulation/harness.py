"""A whole house on virtual time: the real daemon, drivers and registers, no sockets."""

import contextlib
import json
from dataclasses import dataclass, field

from gateway.adapters.calendar_programme import read_programme
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import World, open_gateway
from gateway.config import load
from gateway.model.event import Clearing
from gateway.model.time import seconds
from gateway.testing import VirtualClock


@dataclass
class Home:
    """A house, the gateway that steers it, and what was heard on the bus."""

    clock: object
    house: object
    gateway: object
    facts: list = field(default_factory=list)
    trace: list = field(default_factory=list)

    @property
    def clearings(self):
        return [fact for fact in self.facts if isinstance(fact, Clearing)]

    async def pass_time(self, duration_s, step_s=0.1):
        """Let time pass, sampling the truth."""
        end = self.clock.now() + seconds(duration_s)
        while self.clock.now() < end:
            await self.clock.sleep(seconds(step_s))
            self.trace.append((self.clock.now(), dict(self.house.truth())))

    def since(self, start):
        """(seconds after start, truth) samples."""
        return [((at - start) / 1e9, truth) for at, truth in self.trace if at > start]

    def back_within(self, start, good):
        """Seconds after ``start`` from which ``good(grid_w)`` holds till the end of the trace."""
        bad = [t for t, truth in self.since(start) if not good(truth["grid_w"])]
        return max(bad, default=0.0)


def write_site(folder, house, *, scheme="mem", connections=None, **changes):
    devices = {}
    for name, config in house.devices.items():
        connection = connections[name] if connections else f"{scheme}://{name}?unit=1"
        devices[name] = {**config, "connection": connection}
    for name, more in changes.pop("devices", {}).items():
        if more is None:
            devices.pop(name)
        else:
            devices[name] = {**devices[name], **more}
    grid = {"import_limit_w": 17000, "import_price": 0.30, "export_price": 0.08}
    grid.update(changes.pop("grid", {}))
    site = {
        "area": "home",
        "timezone": "UTC",
        "currency": "EUR",
        "control": "act",
        "state_dir": str(folder / "state"),
        "devices": devices,
        "products": {"power": {"resource": "POWER", "unit": "W", "interval": "10s"}},
        "grid": {k: v for k, v in grid.items() if v is not None},
        **changes,
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site))
    return path


@contextlib.asynccontextmanager
async def open_home(
    folder, epoch, house_settings, house=None, clock=None, remember=True, parent=None, **changes
):
    clock = clock or VirtualClock(epoch)
    house = house or house_factories()["demo"](clock, house_settings)
    packages = driver_packages()
    path = write_site(folder, house, **changes)
    loaded = load(path, packages, ("mem",), environ={}, programmes=read_programme)
    assert not loaded.problems, [str(p) for p in loaded.problems]
    world = World(
        clock=clock,
        packages=packages,
        lines={"mem": house.line},
        threaded=False,
        parent=parent,
    )
    async with open_gateway(loaded.site, world) as gateway:
        home = Home(clock=clock, house=house, gateway=gateway)
        if remember:
            gateway.bus.listen(home.facts.append)
        yield home
