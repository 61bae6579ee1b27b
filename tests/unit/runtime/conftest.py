"""Fakes of the world around the stations, and what is said on the bus."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from gateway.market import Market
from gateway.model.device import Capabilities, Control, Description, Device, Identity, Role, Timer
from gateway.model.errors import DeviceUnavailable
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, Outcome, Setpoint, Written
from gateway.model.site import Tariff
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.prices import Prices
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Start
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
        known = self.get(arming.device, arming)
        self[arming.device] = replace(arming, found=known.found, at=known.at)

    async def discard(self, device):
        del self[device]


class Memory(dict):
    """What is known of devices, in memory."""

    async def keep(self, known):
        self[known.device] = known


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
        Memory=Memory,
        Driver=Driver,
        device=device,
        reading=reading,
        setpoint=setpoint,
        describe=describe,
        target=TARGET,
        unavailable=lambda: DeviceUnavailable("no answer"),
        site=lambda *devices: Site(devices, Prices(Tariff())),
    )


class Tenderer:
    """An agent that tenders the same at every gate."""

    def __init__(self, id_, side, price, quantity, tie_class=TieClass.LOCAL):
        self.party = Party(id=id_, tie_class=tie_class)
        self.tender = Tender(id=f"{id_}-1", side=side, price=price, quantity=quantity)

    def tenders(self, gate):
        return (self.tender,)


class Journal(list):
    """Rows in memory, durable at once."""

    epoch = 1
    failed = None

    def append(self, now, kind, body):
        super().append((now, kind))
        return len(self)

    async def durable(self, seq):
        pass


class Exchange:
    """A marketplace of 10 s intervals with the given agents."""

    def __init__(self, clock, site, *agents):
        product = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
        parties = tuple(agent.party for agent in agents)
        self.bus, self.journal, self.traded = Heard(), Journal(), []
        recorder = Recorder(self.journal)
        start = Start(epoch=1, area="home", products=(product,), parties=parties, rules={})
        recorder.start(clock.now(), start, {})
        self.market = Market(product, area="home", epoch=1, parties=parties)
        self.marketplace = Marketplace(
            markets={"power": self.market},
            agents=agents,
            outside=(Party(id="anna", outside=True),),
            site=site,
            journal=self.journal,
            recorder=recorder,
            bus=self.bus,
            clock=clock,
            trading=lambda: True,
            remembered={},
        )
        self.marketplace.on_traded = self.traded.append


@pytest.fixture
def exchange(clock, fakes):
    """``exchange(site, *agents)``; agents default to a utility at 0.30 / 0.08."""

    def made(site, *agents):
        sides = ((Side.SELL, 3000), (Side.BUY, 800))
        utility = [Tenderer("utility", side, price, 50_000, TieClass.GRID) for side, price in sides]
        utility[0].tenders = lambda gate: tuple(
            replace(u.tender, id=f"u{n}") for n, u in enumerate(utility)
        )
        return Exchange(clock, site, utility[0], *agents)

    return made


@pytest.fixture
def tenderer():
    """An agent that tenders the same at every gate."""
    return Tenderer
