"""MQTT beside the house: a broker is opened and kept, and the house goes on without one."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import structlog

from gateway.adapters.broker import open_broker
from gateway.adapters.broker_accounts import GUEST
from gateway.adapters.clock import scale_of
from gateway.adapters.credentials import OWNER, passwords
from gateway.adapters.installation import client_id, installation
from gateway.adapters.mqtt import MqttAdapter
from gateway.adapters.party_file import CREDENTIALS
from gateway.adapters.plugins import own_version
from gateway.adapters.presence import Presence, announce
from gateway.app.gateway import Gateway, World
from gateway.model.admittance import AskRegistration, ConsentGiven, RegistrationTold
from gateway.model.errors import BrokerUnavailable, GridtenderError, SettingsError
from gateway.model.forecast import OutsideForecast, TakenBack
from gateway.model.membership import Consent
from gateway.model.request import (
    LimitRequest,
    OwnerRequest,
    PriceHeard,
    Reply,
    Request,
    WishRequest,
)
from gateway.ports.broker import BrokerEndpoint, MqttVersion, OwnBroker, Trust
from gateway.wire.acl import DEVICES
from gateway.wire.border import border
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.mirror import Mirror

# Above real-time speed MQTT mirrors at most five messages a second and topic.
_FAST_INTERVAL_S = 0.2
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0

OpenBroker = Callable[[], AbstractAsyncContextManager[BrokerEndpoint]]


class Mirroring:
    """The gateway on MQTT: hears every fact from the first, publishes once a broker is there."""

    def __init__(self, gateway: Gateway, world: World) -> None:
        settings = replace(gateway.settings, products=gateway.marketplace.products)
        self._open = _opening(gateway)
        self._door = _Door()
        self._exchange = _Exchange(gateway)
        self._area, self._state = settings.area, Path(settings.state_dir)
        self._scale = scale_of(world.clock)
        assistant = HomeAssistant(
            settings, installation=installation(settings.state_dir), version=own_version()
        )
        self._adapter = MqttAdapter(
            endpoint=self._door,
            identifier=client_id(settings.area, settings.state_dir),
            mirror=Mirror(settings, assistant),
            border=border(settings),
            exchange=self._exchange,
            clock=world.clock,
            assistant=assistant,
            min_interval_s=_FAST_INTERVAL_S if world.speed > 1 else 0.0,
        )
        gateway.bus.listen(self._adapter.listen)
        gateway.pushes.reached = self._adapter.connected.is_set
        self._users = _users(gateway)
        gateway.reception.on_logins = self._renew

    async def run(self) -> None:
        """Keep a broker open and the house mirrored on it, for ever."""
        pause_s, told = _FIRST_PAUSE_S, ""
        while True:
            try:
                await self._mirrored()
            except (BrokerUnavailable, SettingsError, OSError) as fault:
                if str(fault) != told:
                    told = str(fault)
                    log = structlog.get_logger()
                    log.error(  # noqa: TRY400 - a sentence is enough
                        "broker.unavailable", reason=told, effect="the house runs on without MQTT"
                    )
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _renew(self) -> None:
        """Who may log in has changed; a broker elsewhere has its own list."""
        endpoint = self._door.endpoint
        if isinstance(endpoint, OwnBroker):
            try:
                await endpoint.admit(await asyncio.to_thread(self._users))
            except OSError as fault:
                structlog.get_logger().error("broker.not_reloaded", reason=str(fault))

    async def _mirrored(self) -> None:
        async with self._open() as endpoint:
            self._door.endpoint = endpoint
            await self._renew()  # for whoever came between the files and the door
            announce(self._state, self._presence(endpoint))
            await self._adapter.run()

    @property
    def connected(self) -> bool:
        """Whether the broker hears us."""
        return self._adapter.connected.is_set()

    @property
    def waiting(self) -> int:
        """How many messages the broker has not taken yet."""
        return self._adapter.waiting

    def _presence(self, endpoint: BrokerEndpoint) -> Presence:
        return Presence(
            area=self._area,
            kind=endpoint.kind,
            host=endpoint.host,
            port=endpoint.port,
            username=endpoint.username,
            version=own_version(),
            scale=self._scale,
        )

    def close(self) -> None:
        """From now on nobody outside is served: the stations are about to stop."""
        self._exchange.open = False


def _opening(gateway: Gateway) -> OpenBroker:
    settings, state = gateway.settings, Path(gateway.settings.state_dir)

    users_now = _users(gateway)

    def opened() -> AbstractAsyncContextManager[BrokerEndpoint]:
        neighbours = tuple(one.contract.tie for one in settings.interties)
        users = users_now() if settings.broker.url is None else {}
        return open_broker(
            settings.broker,
            settings.area,
            state,
            users,
            gateway.prices.topics,
            discovery=settings.home_assistant.prefix,
            neighbours=neighbours,
            registration=settings.admission.registration is not Consent.CLOSED,
        )

    return opened


def _users(gateway: Gateway) -> Callable[[], Mapping[str, str]]:
    """Asked whenever it may have changed: who logs in at a broker of our own, with what."""
    settings, folder = gateway.settings, Path(gateway.settings.state_dir) / CREDENTIALS

    def users() -> Mapping[str, str]:
        field = (DEVICES,) if settings.broker.devices else ()
        neighbours = (one.contract.tie for one in settings.interties)
        parties = (name for name in gateway.reception.parties if name != GUEST)
        return passwords(folder, (OWNER, *field, *parties, *neighbours))

    return users


class _Stopping(GridtenderError):
    """Too late for a request."""


class _Exchange:
    """The gateway until it stops; then every request is refused."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self.open = True

    async def handle(self, request: Request) -> Reply:
        """A request of an outside party."""
        self._check()
        return await self._gateway.handle(request)

    def withdraw(self, party: str) -> None:
        """A party says it is offline."""
        self._gateway.withdraw(party)

    def hear(self, party: str) -> None:
        """Something came from the party."""
        self._gateway.hear(party)

    async def register(self, asked: AskRegistration) -> RegistrationTold:
        """A stranger asks to be a party."""
        self._check()
        return await self._gateway.register(asked)

    async def consent(self, given: ConsentGiven) -> None:
        """The owner's word on what waits."""
        self._check()
        await self._gateway.consent(given)

    def acknowledge(self, party: str, push: str) -> None:
        """The party has taken note of what it was told."""
        self._gateway.acknowledge(party, push)

    def back(self, party: str) -> None:
        """The party says that it is there: what it may have missed is told again."""
        self._gateway.back(party)

    async def owner(self, request: OwnerRequest) -> None:
        """The owner's topic."""
        self._check()
        await self._gateway.owner(request)

    async def limit(self, request: LimitRequest) -> None:
        """A limit of the owner's topic."""
        self._check()
        await self._gateway.limit(request)

    async def wish(self, request: WishRequest) -> None:
        """What the owner wishes of a device."""
        self._check()
        await self._gateway.wish(request)

    def foresee(self, told: OutsideForecast | TakenBack) -> None:
        """Somebody outside foresees load or sun, or takes it back."""
        self._gateway.foresee(told)

    def price(self, heard: PriceHeard) -> None:
        """A tariff price on a topic."""
        self._gateway.price(heard)

    def _check(self) -> None:
        if not self.open:
            message = "the gateway stops: ask again when it is back"
            raise _Stopping(message)


class _Door:
    """The endpoint of a broker that may be opened later than the adapter is made."""

    endpoint: BrokerEndpoint | None = None

    @property
    def _there(self) -> BrokerEndpoint:
        if self.endpoint is None:
            message = "no broker is open yet"
            raise BrokerUnavailable(message)
        return self.endpoint

    @property
    def kind(self) -> str:
        return self._there.kind

    @property
    def host(self) -> str:
        return self._there.host

    @property
    def port(self) -> int:
        return self._there.port

    @property
    def tls(self) -> bool:
        return self._there.tls

    @property
    def protocol(self) -> MqttVersion:
        return self._there.protocol

    @property
    def username(self) -> str:
        return self._there.username

    @property
    def password(self) -> str | None:
        return self._there.password

    @property
    def trust(self) -> Trust:
        return self._there.trust

    @property
    def alive(self) -> bool:
        return self.endpoint is not None and self.endpoint.alive
