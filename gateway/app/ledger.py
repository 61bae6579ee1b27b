"""The ledger of a gateway: seals, deliveries and statements, wired where parties want to check."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from gateway.adapters.journal import SqliteJournal
from gateway.adapters.seal_file import SealFile
from gateway.adapters.state import StateDir
from gateway.adapters.statements import StatementFiles
from gateway.agents import agents_for
from gateway.agents.must_run import MUST_RUN
from gateway.agents.utility import UTILITY
from gateway.model.device import Role
from gateway.model.errors import GridtenderError, JournalFailed
from gateway.model.event import Fact, MarketEvent
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.resource import Resource
from gateway.model.seal import Sealed
from gateway.model.settlement import Delivery
from gateway.model.site import DeviceSettings
from gateway.model.site import Site as Settings
from gateway.model.time import Duration, Interval
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.deliveries import Deliveries, positions_over
from gateway.runtime.delivery_book import DeliveryBook
from gateway.runtime.energy import Energy
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.meters import Meter
from gateway.runtime.recorder import Recorder
from gateway.runtime.register import Register
from gateway.runtime.sealing import Sealing
from gateway.runtime.statements import Statements

_MOST_TO_CATCH_UP = 100_000


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What is written for parties; made before the marketplace, joined with it after."""

    settings: Settings
    journal: SqliteJournal
    clock: Clock
    bus: Bus
    energy: Energy
    threaded: bool
    statements: Statements
    seals: SealFile
    forget_at_start: int
    sealing: Sealing
    book: DeliveryBook
    _deliveries: Deliveries | None = field(default=None)
    _marketplace: Marketplace | None = field(default=None)

    def heard(self, seq: int, events: Sequence[MarketEvent]) -> None:
        """The events of one journal row."""
        self.statements.hear(seq, events)
        if self._deliveries is not None:
            self._deliveries.cleared(events)

    def join(self, marketplace: Marketplace, recorder: Recorder) -> None:
        """Settle what this marketplace trades."""
        self._marketplace = marketplace
        products = _settled(self.settings.products)
        self._deliveries = Deliveries(
            products=products,
            meters=_meters(self.settings, products, self.energy),
            rest=_rest(self.settings),
            positions=lambda product, window: _positions(marketplace, product, window),
            record=recorder.delivery,
            settled=self._settled,
            book=self.book,
            bus=self.bus,
            clock=self.clock,
        )
        self.bus.listen(self._keep_seal)

    def tell(self, seq: int, facts: Sequence[Fact]) -> None:
        """Let facts out once the row is durable."""
        if self._marketplace is not None:
            self._marketplace.tell(seq, facts)

    async def run(self) -> None:
        """Seal, settle and state, until cancelled."""
        self.sealing.seal("start", self.forget_at_start)
        self.forget_at_start = 0
        self.statements.show_kept(self.clock.now())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sealing.run(), name="seals")
            tasks.create_task(self._settle(), name="deliveries")

    async def _settle(self) -> None:
        deliveries = self._deliveries
        while deliveries is not None:
            await deliveries.next_settled()
            await self.statements.keep(self.clock.now(), deliveries.settled_until)

    def _settled(self, seq: int, deliveries: tuple[Delivery, ...]) -> None:
        self.statements.delivered(seq, deliveries)

    async def before_prune(self, products: Sequence[str], keep: Duration) -> None:
        """Vouch for where the chain will begin.

        Raises:
            JournalFailed: the disk did not take it.
        """
        boundary = self.journal.prunable(products, keep)
        if boundary > self.journal.begins + 1:
            await self.journal.durable(self.sealing.seal("prune", boundary))

    async def close(self) -> None:
        """The last seal of a clean stop, and the statements as they stand."""
        deliveries = self._deliveries
        with contextlib.suppress(JournalFailed):
            if deliveries is not None:
                await self.statements.keep(self.clock.now(), deliveries.settled_until)
            await self.journal.durable(self.sealing.seal("stop"))
            if self.sealing.newest is not None:
                self._store(self.sealing.newest)

    def _keep_seal(self, fact: Fact) -> None:
        """The newest seal is kept beside the journal: a small file, an hour apart."""
        if isinstance(fact, Sealed):
            if self.threaded:
                asyncio.get_running_loop().run_in_executor(None, self._store, fact)
            else:
                self._store(fact)

    def _store(self, sealed: Sealed) -> None:
        try:
            self.seals.store(sealed)
        except GridtenderError as fault:
            structlog.get_logger().error("seal.not_kept", reason=str(fault))


def open_ledger(
    settings: Settings,
    state: StateDir,
    *,
    journal: SqliteJournal,
    clock: Clock,
    bus: Bus,
    energy: Energy,
    register: Register,
    threaded: bool,
) -> Ledger | None:
    """The ledger, None where it is not kept, or has no key: the house goes on without."""
    wanted = settings.ledger
    if not (wanted.kept or (wanted.kept_for_members and register.members)):
        return None
    from gateway.adapters.signing import has_key, open_signer  # noqa: PLC0415 - 10 MB

    known = has_key(state.path)
    try:
        signer = open_signer(state.path)
    except GridtenderError as fault:
        structlog.get_logger().error("ledger.unavailable", reason=str(fault))
        return None
    statements = Statements(
        zone=settings.timezone,
        store=StatementFiles(state.path, threaded=threaded),
        durable=journal.durable,
        tell=bus.publish,
        outside=lambda name: register.party(name) is not None,
    )
    statements.begin(journal.seq, journal.rows, most=_MOST_TO_CATCH_UP)
    ledger: Ledger
    sealing = Sealing(
        area=settings.area,
        zone=settings.timezone,
        every=settings.ledger.seal_every,
        journal=journal,
        signer=signer,
        clock=clock,
        tell=lambda seq, facts: ledger.tell(seq, facts),  # noqa: PLW0108 - it is made below
    )
    ledger = Ledger(
        settings=settings,
        journal=journal,
        clock=clock,
        bus=bus,
        energy=energy,
        threaded=threaded,
        statements=statements,
        seals=SealFile(state.path),
        # What is missing at the beginning was forgotten before there was a seal, or lost in a
        # damage that this start says aloud.
        forget_at_start=0 if known and journal.damage is None else journal.begins + 1,
        sealing=sealing,
        book=DeliveryBook(settings.ledger.meters),
    )
    return ledger


def _settled(products: Sequence[Product]) -> list[Product]:
    """The first product of each resource: those behind it share its positions."""
    first: dict[Resource, Product] = {}
    for product in products:
        first.setdefault(product.resource, product)
    return list(first.values())


def _rest(settings: Settings) -> str:
    """Who answers for what nobody measures."""
    return next((a.party.id for a in agents_for(settings) if a.party.id == MUST_RUN), "market")


def _meters(settings: Settings, products: Sequence[Product], energy: Energy) -> list[Meter]:
    """Of every agent with a device, of the utility, and of parties from outside."""
    devices = {item.device.id: item for item in settings.devices}
    parties = {agent.party.id for agent in agents_for(settings)}
    measured = [(name, name, 1) for name in devices if name in parties]
    grid = [name for name, item in devices.items() if item.device.role is Role.GRID]
    measured += [(UTILITY, name, -1) for name in grid[:1]]
    measured += [(party, name, 1) for party, name in settings.ledger.meters.items()]
    return [
        _meter(party, devices[name], product, sign, energy)
        for product in products
        for party, name, sign in measured
        if name in devices
    ]


def _meter(party: str, item: DeviceSettings, product: Product, sign: int, energy: Energy) -> Meter:
    device = item.device
    return Meter(
        party=party,
        device=device.id,
        product=product,
        poll=device.poll,
        sign=sign,
        counters=lambda: energy.metered(device.id),
    )


def _positions(
    marketplace: Marketplace, product: Product, window: Interval
) -> Mapping[str, Position]:
    several = [
        marketplace.market(one.id).positions
        for one in marketplace.products
        if one.resource == product.resource
    ]
    return positions_over(several, product.id, window)
