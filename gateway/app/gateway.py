"""A running gateway, and the world it meets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.adapters.armory import FileArmory
from gateway.adapters.journal import SqliteJournal
from gateway.adapters.watchdog import NoWatchdog
from gateway.app.beside import Beside
from gateway.app.catalogue import Catalogue
from gateway.app.ledger import Ledger
from gateway.model.admittance import (
    Admittance,
    AskRegistration,
    ConsentGiven,
    RegistrationTold,
)
from gateway.model.device import DeviceState
from gateway.model.forecast import OutsideForecast, TakenBack
from gateway.model.intertie import IntertieSettings
from gateway.model.request import (
    LimitRequest,
    OwnerRequest,
    PriceHeard,
    Reply,
    Request,
    WishRequest,
)
from gateway.model.site import Site as Settings
from gateway.model.site import Tariff
from gateway.ports.clock import Clock
from gateway.ports.driver import DriverPackage
from gateway.ports.line import LineFactory
from gateway.ports.parent import Parent
from gateway.ports.served import ServerFactory
from gateway.ports.watchdog import Watchdog
from gateway.runtime.bus import LocalBus
from gateway.runtime.climates import Climates
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.drills import Drills
from gateway.runtime.handover import Handover
from gateway.runtime.intertie import Intertie
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.opt_outs import OptOuts
from gateway.runtime.outlook import Outlooks
from gateway.runtime.owner import Owner
from gateway.runtime.prices import Calendars, Prices
from gateway.runtime.pushes import Pushes
from gateway.runtime.reception import Reception
from gateway.runtime.site import Site
from gateway.runtime.station import Station
from gateway.runtime.wishes import Wishes
from gateway.runtime.writes import Writes


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All that a gateway meets: clock, plug-ins and supervisor.

    Attributes:
        lines: URL scheme -> line factory.
        servers: URL scheme -> what listens for other programs.
        threaded: False on virtual time: disk work in the loop.
        speed: of a scaled clock.
        parent: makes the way to a market above; None: by MQTT.
    """

    clock: Clock
    packages: Mapping[str, DriverPackage]
    lines: Mapping[str, LineFactory]
    servers: Mapping[str, ServerFactory] = field(default_factory=dict)
    watchdog: Watchdog = field(default_factory=NoWatchdog)
    threaded: bool = True
    speed: float = 1.0
    parent: Callable[[IntertieSettings], Parent] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A running gateway's stations, for adapters and tests.  Implements ports.exchange."""

    settings: Settings
    site: Site
    bus: LocalBus
    marketplace: Marketplace
    dispatcher: Dispatcher
    stations: Mapping[str, Station]
    control: Owner
    prices: Prices
    pushes: Pushes
    reception: Reception
    journal: SqliteJournal
    armory: FileArmory
    handover: Handover
    writes: Writes
    drills: Drills
    beside: Beside
    outlooks: Outlooks
    catalogue: Catalogue
    wishes: Wishes
    opt_outs: OptOuts
    climates: Climates
    clock: Clock
    ledger: Ledger | None = None
    interties: Sequence[Intertie] = ()

    async def handle(self, request: Request) -> Reply:
        """A request of an outside party."""
        if isinstance(request, Admittance):
            return await self.reception.handle(request)
        return await self.marketplace.handle(request)

    def withdraw(self, party: str) -> None:
        """A party says it is offline."""
        self.marketplace.withdraw(party)

    def hear(self, party: str) -> None:
        """Something came from the party."""
        self.reception.attendance.hear(party)

    async def register(self, asked: AskRegistration) -> RegistrationTold:
        """A stranger asks to be a party."""
        return await self.reception.register(asked)

    async def consent(self, given: ConsentGiven) -> None:
        """The owner's word on what waits."""
        await self.reception.consent(given)

    def acknowledge(self, party: str, push: str) -> None:
        """The party has taken note of what it was told."""
        self.pushes.acknowledge(party, push)

    def back(self, party: str) -> None:
        """The party says that it is there: what it may have missed is told again."""
        if self.reception.attendance.is_back(party):
            self.pushes.again(party)
            self.marketplace.back(party)

    async def owner(self, request: OwnerRequest) -> None:
        """The owner's topic."""
        await self.control.say(request.control, request.by)

    async def limit(self, request: LimitRequest) -> None:
        """A limit of the owner's topic."""
        self.beside.limits.set(request)

    async def wish(self, request: WishRequest) -> None:
        """What the owner wishes of a device."""
        self.wishes.say(request.device, request.wish, "topic")

    def look(self) -> None:
        """Every second: what commands left in the state folder, and what is due."""
        self.reception.glance()
        self.wishes.look()
        self.opt_outs.look()

    def priced_by(self, tariff: Tariff, calendars: Calendars) -> None:
        """Have another tariff in force: for the prices, and for agents that know its highest."""
        self.prices.configure(tariff, calendars)
        self.beside.limits.priced_by(tariff)

    def foresee(self, told: OutsideForecast | TakenBack) -> None:
        """Somebody outside foresees load or sun, or takes it back."""
        self.outlooks.outside.hear(told)

    def price(self, heard: PriceHeard) -> None:
        """A tariff price on a topic."""
        self.prices.hear(heard.topic, heard.value)

    def summary(self) -> str:
        """One line for the service supervisor."""
        states = [self.site.state(d) for d in self.stations]
        counts = {s: states.count(s) for s in DeviceState if s in states}
        told = ", ".join(f"{n} {s.value}" for s, n in counts.items())
        return f"{len(states)} devices: {told}; control {self.control.mode().value}"
