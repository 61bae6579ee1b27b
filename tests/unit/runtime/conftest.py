"""Fakes of the world around the stations, and what is said on the bus."""

from types import SimpleNamespace

import pytest

from gateway.model.device import Capabilities, Control, Description, Device, Identity, Role, Timer
from gateway.model.errors import DeviceUnavailable
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, Outcome, Setpoint, Written
from gateway.model.site import Tariff
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.prices import Prices
from gateway.runtime.site import Site


class Heard(list):
    """A bus that keeps what was published."""

    def publish(self, fact):
        self.append(fact)

    def listen(self, listener):
        raise NotImplementedError


class Armory(dict):
    """Records in memory."""

    def all(self):
        return tuple(self.values())

    async def store(self, arming):
        self.setdefault(arming.device, arming)

    async def discard(self, device):
        del self[device]


class Driver:
    """Answers with 100 W more at each read; ``fault`` is raised instead while it is set."""

    def __init__(self, clock, capabilities):
        self.clock = clock
        self.capabilities = capabilities
        self.fault = None
        self.connects = self.reads = 0
        self.written = []
        self.write_takes = Duration(0)
        self.busy = 0

    def _answer(self):
        if self.fault is not None:
            raise self.fault

    async def connect(self):
        self._answer()
        assert self.busy == 0
        self.connects += 1
        return Description(identity=Identity(), capabilities=self.capabilities)

    async def read(self):
        self._answer()
        self.reads += 1
        return reading("d", self.clock.now(), 100.0 * self.reads)

    async def arm(self):
        self._answer()
        return Arming(
            device="d", connection="mem://d", unit=1, at=self.clock.now(), identity=(), found=(),
            level=(), timeout=Duration(SECOND),
        )  # fmt: skip

    async def write(self, setpoint):
        self.busy += 1
        try:
            await self.clock.sleep(self.write_takes)
            self._answer()
        finally:
            self.busy -= 1
        self.written.append((setpoint.quantity, self.clock.now()))
        return Written(outcome=Outcome.ACCEPTED, quantity=setpoint.quantity, at=self.clock.now())


def device(id_="d", role=Role.STORAGE, **more):
    return Device(
        id=id_, role=role, driver="x", connection=f"mem://{id_}", line=f"mem://{id_}", **more
    )


def reading(id_, at, power_w, **more):
    flows = {} if power_w is None else {POWER: power_w}
    return Reading(device=id_, at=at, flows=flows, **more)


def setpoint(quantity, id_="d"):
    return Setpoint(
        device=id_, quantity=quantity, valid_until=Instant(0), timer_s=60, because="a test"
    )


def describe(site, id_, **capabilities):
    site.describe(id_, Description(identity=Identity(), capabilities=Capabilities(**capabilities)))


TARGET = Capabilities(control=Control.TARGET, timer=Timer(max_s=60))


@pytest.fixture
def fakes():
    """What tests of stations build with."""
    return SimpleNamespace(
        Heard=Heard,
        Armory=Armory,
        Driver=Driver,
        device=device,
        reading=reading,
        setpoint=setpoint,
        describe=describe,
        target=TARGET,
        unavailable=lambda: DeviceUnavailable("no answer"),
        site=lambda *devices: Site(devices, Prices(Tariff())),
    )
