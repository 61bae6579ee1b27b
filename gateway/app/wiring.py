"""From a configured site to running stations: the only place that knows them all."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import structlog

from gateway.adapters.armory import FileArmory
from gateway.adapters.calendar import read_calendar
from gateway.adapters.calendar_prices import read_prices
from gateway.adapters.drill import DrillFiles
from gateway.adapters.journal import SqliteJournal, open_journal
from gateway.adapters.memory import FileMemory
from gateway.adapters.opt_out_file import OptOutFiles
from gateway.adapters.standing_file import StandingFile
from gateway.adapters.state import StateDir
from gateway.adapters.wear import WearFile
from gateway.agents import looks_ahead, wires
from gateway.app.admission import day_in, open_reception, open_register, recount
from gateway.app.agents import retender, site_agents
from gateway.app.availability import AvailabilityFiles, bind
from gateway.app.beside import attend, beside, obey
from gateway.app.calendar_sync import SYNCED, CalendarSync
from gateway.app.catalogue import Catalogue, revised, tag_of
from gateway.app.climates import open_climates
from gateway.app.gateway import Gateway, World
from gateway.app.intents import Intents
from gateway.app.interties import connect
from gateway.app.ledger import Ledger, open_ledger
from gateway.app.lines import borrow, open_lines
from gateway.app.mechanisms import mechanisms
from gateway.app.outlooks import open_outlooks
from gateway.app.serving import open_served
from gateway.app.sky import sun_over
from gateway.app.tariff_files import TariffFiles, calendars_of
from gateway.app.tasks import Tasks
from gateway.app.together import share_positions
from gateway.app.upkeep import remember, tell_findings, tidy
from gateway.app.wishes import LOADS, open_wishes
from gateway.market import Market
from gateway.model.device import Device, Role
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import CalDavSettings, ControlMode, DeviceSettings
from gateway.model.site import Site as Settings
from gateway.model.tender import Party
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration, Instant
from gateway.ports.line import Line
from gateway.runtime.bus import LocalBus
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.drills import Drills
from gateway.runtime.handover import Handover
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.opt_outs import OptOuts
from gateway.runtime.owner import Owner
from gateway.runtime.past import Past
from gateway.runtime.prices import Calendars, Prices
from gateway.runtime.pushes import Pushes
from gateway.runtime.recorder import Recorder
from gateway.runtime.recovery import REMEMBER, recover
from gateway.runtime.register import Register
from gateway.runtime.rows import Start
from gateway.runtime.sharing import WatchedLine
from gateway.runtime.site import Site
from gateway.runtime.standings import Standings
from gateway.runtime.station import Station
from gateway.runtime.writes import Writes
from gateway.wire.border import border

if TYPE_CHECKING:
    from gateway.market.checkpoint import Dump

GUEST = "guest"
# Devices polled together, how long after one another such groups are, and the part of a poll
# (a quarter) that all of them may take.
_TOGETHER, _STEP, _SPREAD = 8, Duration(10 * MILLISECOND), 4
_BEHIND = Duration(MILLISECOND)
# Grows whenever the same tenders would clear otherwise than before.
RULES = 1
# How long a pass waits for devices of the meter's slot, real seconds at speed 1.
SLOT_WAIT_S = 0.1


@asynccontextmanager
async def open_gateway(settings: Settings, world: World) -> AsyncIterator[Gateway]:
    """Build and start everything but MQTT; leaving it releases the devices.

    Order of going down is the reverse of coming up: tasks, release, lines, journal, lock.

    Raises:
        StateInUse, StateUnusable, JournalFailed: the state directory does not serve.
    """
    async with AsyncExitStack() as stack:
        state = StateDir(Path(settings.state_dir))
        stack.enter_context(state.lock())
        armory = FileArmory(state.armings, threaded=world.threaded)
        for sentence in armory.broken:
            structlog.get_logger().error("arming.unusable", reason=sentence)
        journal = await stack.enter_async_context(
            open_journal(
                state.journal,
                clock=world.clock,
                settings=settings.journal,
                products=[product.id for product in settings.products],
                threaded=world.threaded,
            )
        )
        lines = await open_lines(settings, world, stack)
        ground = _Ground(
            settings=settings,
            world=world,
            journal=journal,
            armory=armory,
            memory=FileMemory(state.known, threaded=world.threaded),
            lines=lines,
            watched={s.line: WatchedLine(lines[s.line], world.clock) for s in settings.shares},
            on_line=_on_line(settings),
            phases=_phases(settings),
            calendars=await calendars_of(settings.tariff, threaded=world.threaded),
        )
        gateway = _build(ground, state)
        await gateway.handover.adopt_or_release()
        if gateway.ledger is not None:
            stack.push_async_callback(gateway.ledger.close)
        # Last of all: a slow disk must not hold up the release.
        stack.push_async_callback(gateway.beside.energy.keep)
        stack.push_async_callback(gateway.beside.yields.keep)
        stack.push_async_callback(gateway.outlooks.keep)
        stack.push_async_callback(remember, gateway)
        tasks = await stack.enter_async_context(Tasks())
        _start(gateway, world, tasks)
        ports = await stack.enter_async_context(AsyncExitStack())
        await open_served(gateway, world, lines, ground.watched, ports)
        stack.push_async_callback(gateway.writes.keep)
        stack.push_async_callback(gateway.handover.release)
        stack.push_async_callback(tasks.stop)
        stack.push_async_callback(ports.aclose)
        yield gateway


def _dispatched(settings: Settings) -> str:
    """The product whose positions are dispatched: the first of POWER."""
    power = (product.id for product in settings.products if product.resource == POWER)
    return next(power, settings.products[0].id)


def _outside(settings: Settings) -> tuple[Party, ...]:
    guest = (Party(id=GUEST, outside=True),) if settings.broker.guest else ()
    return (*settings.parties, *guest)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What every station stands on."""

    settings: Settings
    world: World
    journal: SqliteJournal
    armory: FileArmory
    memory: FileMemory
    lines: Mapping[str, Line]
    watched: Mapping[str, WatchedLine]
    bus: LocalBus = field(default_factory=LocalBus)
    turns: Mapping[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    on_line: Mapping[str, list[str]]
    phases: Mapping[str, Duration]
    calendars: Calendars

    def own(self, line: str) -> Line:
        """The gateway's way to a connection: one that is shared sees what passes."""
        return self.watched.get(line) or self.lines[line]


def _build(ground: _Ground, state: StateDir) -> Gateway:
    settings, world = ground.settings, ground.world
    others = beside(settings, state, world.clock, ground.bus, threaded=world.threaded)
    prices = Prices(settings.tariff, read_prices)
    prices.configure(settings.tariff, ground.calendars)
    # At high speed a fresh reading is one that is fresh in real time.
    fresh = Duration(max(3 * SECOND, int(500 * MILLISECOND * world.speed)))
    site = Site((item.device for item in settings.devices), prices, fresh)
    owner = Owner(
        configured=settings.control,
        stored=state.load_control,
        store=state.store_control,
        clock=world.clock,
        bus=ground.bus,
        on_change=lambda mode: handover.follow(mode),  # noqa: PLW0108 - it is made below
        threaded=world.threaded,
    )
    register = open_register(settings, state, _outside(settings))
    ledger = open_ledger(
        settings,
        state,
        journal=ground.journal,
        clock=world.clock,
        bus=ground.bus,
        energy=others.energy,
        register=register,
        threaded=world.threaded,
    )
    marketplace, pushes = _marketplace(ground, site, owner, ledger, register)
    wear = WearFile(state.path)
    writes = Writes(
        {item.device.id: item.device for item in settings.devices},
        world.clock,
        kept=wear.load(),
        store=wear.store,
        threaded=world.threaded,
    )
    stations = {
        item.device.id: _station(ground, item, site, lambda: dispatcher)
        for item in settings.devices
    }
    dispatcher = Dispatcher(
        site=site,
        stations=stations,
        marketplace=marketplace,
        product=_dispatched(settings),
        limits=settings.limits,
        settings=settings.dispatch,
        bus=ground.bus,
        clock=world.clock,
        watchdog=world.watchdog,
        mode=owner.mode,
        armed=lambda device: ground.armory.get(device) is not None,
        writes=writes,
        slot_wait_s=SLOT_WAIT_S / world.speed,
    )
    marketplace.on_traded = dispatcher.on_traded
    recount(marketplace, ground.journal, world.clock.now())
    writes.on_day = dispatcher.tell
    obey(others.limits, marketplace, dispatcher)
    attend(marketplace, _dispatched(settings), ground.bus, world.clock)
    handover = Handover(
        armory=ground.armory,
        stations=stations,
        dispatcher=dispatcher,
        open_line=lambda url: borrow(url, ground.lines, world),
        clock=world.clock,
        mode=owner.mode,
    )
    drills = Drills(
        book=DrillFiles(state.path),
        site=site,
        dispatcher=dispatcher,
        settings=settings.dispatch,
        bus=ground.bus,
        clock=world.clock,
        mode=owner.mode,
    )
    opt_outs = OptOuts(
        devices=stations,
        left=OptOutFiles(state.path).left,
        bus=ground.bus,
        clock=world.clock,
    )
    dispatcher.opt_outs = lambda: opt_outs.in_force
    interties = connect(
        settings,
        world,
        marketplace,
        dispatcher,
        dispatched=_dispatched(settings),
        grid=site.grid,
        bus=ground.bus,
    )
    outlooks = open_outlooks(
        settings,
        state,
        site=site,
        energy=others.energy,
        prices=prices,
        clock=world.clock,
        bus=ground.bus,
        threaded=world.threaded,
    )
    if looks_ahead(settings) or any(product.ahead for product in settings.products):
        marketplace.outlook = outlooks.latest
    return Gateway(
        settings=settings,
        site=site,
        bus=ground.bus,
        marketplace=marketplace,
        dispatcher=dispatcher,
        stations=stations,
        control=owner,
        prices=prices,
        pushes=pushes,
        reception=open_reception(
            settings,
            state,
            register,
            marketplace,
            clock=world.clock,
            bus=ground.bus,
            threaded=world.threaded,
        ),
        journal=ground.journal,
        armory=ground.armory,
        handover=handover,
        writes=writes,
        drills=drills,
        ledger=ledger,
        beside=others,
        interties=interties,
        catalogue=Catalogue(marketplace, load_market),
        opt_outs=opt_outs,
        wishes=open_wishes(
            settings,
            state,
            site=site,
            energy=others.energy,
            bus=ground.bus,
            clock=world.clock,
            threaded=world.threaded,
        ),
        outlooks=outlooks,
        climates=open_climates(settings, state, site=site, bus=ground.bus, threaded=world.threaded),
        clock=world.clock,
    )


def load_market(product: Product, start: Start, dump: object) -> Market:
    """A market in the state of a checkpoint, under the given start."""
    return Market.load(
        product,
        start.area,
        start.epoch,
        start.parties,
        cast("Dump", dump),
        mechanisms=mechanisms(),
    )


def rules_of(product: Product) -> str:
    """Mechanism and revision the product is cleared by, as the journal names them."""
    return f"{product.mechanism}/{RULES}"


def _marketplace(
    ground: _Ground, site: Site, owner: Owner, ledger: Ledger | None, register: Register
) -> tuple[Marketplace, Pushes]:
    settings, clock = ground.settings, ground.world.clock
    agents, outside = site_agents(settings), register.parties
    now, ids = clock.now(), [product.id for product in settings.products]
    rows = ground.journal.rows_for_recovery(ids, Instant(now - REMEMBER))
    own = border(settings).local | {party.id for party in wires(settings)}
    recovered = recover(rows, load_market, now=now, own=own)
    if recovered.difference is not None:
        structlog.get_logger().error("journal.differed", seq=recovered.difference.seq)
    products = revised(settings.products, recovered.dumps)
    start = Start(
        epoch=ground.journal.epoch,
        area=settings.area,
        products=products,
        parties=(*(agent.party for agent in agents), *wires(settings), *outside),
        rules={product.id: rules_of(product) for product in products},
    )
    markets = {
        product.id: load_market(product, start, recovered.dumps[product.id])
        if product.id in recovered.dumps
        else Market(
            product,
            area=start.area,
            epoch=start.epoch,
            parties=start.parties,
            tag=tag_of(product, products),
            mechanisms=mechanisms(),
        )
        for product in products
    }
    share_positions(markets, recovered.dumps)
    recorder = Recorder(ground.journal, None if ledger is None else ledger.heard)
    pushes = Pushes(
        own=own,
        recorder=recorder,
        epoch=ground.journal.epoch,
        bus=ground.bus,
        clock=clock,
        unread=recovered.unread,
    )
    ground.bus.listen(pushes.listen)
    owed = recovered.owed
    if owed is not None:
        recorder.finish(owed.at, owed.happened)
    if recovered.unanswered is not None:
        recorder.reply(recovered.unanswered.at, recovered.unanswered)
    recorder.start(now, start, {id_: market.dump() for id_, market in markets.items()})
    marketplace = Marketplace(
        markets=markets,
        agents=agents,
        outside=outside,
        register=register,
        day_of=day_in(settings.timezone),
        site=site,
        journal=ground.journal,
        recorder=recorder,
        bus=ground.bus,
        clock=clock,
        trading=lambda: owner.mode() is ControlMode.ACT,
        remembered=recovered.replies,
        owed=owed.happened.events if owed is not None and owed.happened.product in ids else (),
        deliveries=None if ledger is None else ledger.book,
        standings=Standings(
            StandingFile(Path(settings.state_dir)),
            read_calendar,
            threaded=ground.world.threaded,
        ),
    )
    bind(marketplace, settings)
    if ledger is not None:
        ledger.join(marketplace, recorder)
    return marketplace, pushes


def _station(
    ground: _Ground, item: DeviceSettings, site: Site, dispatcher: Callable[[], Dispatcher]
) -> Station:
    device = item.device
    package = ground.world.packages[device.driver]
    neighbours = tuple(id_ for id_ in ground.on_line[device.line] if id_ != device.id)
    return Station(
        device=device,
        driver=package.open(device, item.settings, ground.own(device.line)),
        neighbours=neighbours,
        turn=ground.turns[device.line],
        phase=ground.phases[device.id],
        clock=ground.world.clock,
        site=site,
        bus=ground.bus,
        armory=ground.armory,
        past=Past(
            device=device,
            memory=ground.memory,
            sun=sun_over(ground.settings.location),
            clock=ground.world.clock,
            bus=ground.bus,
        ),
        on_reading=lambda reading: dispatcher().on_reading(reading),
        on_attempt=lambda attempt: dispatcher().on_attempt(attempt),
    )


def _on_line(settings: Settings) -> Mapping[str, list[str]]:
    """The devices by line."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in settings.devices:
        found[item.device.line].append(item.device.id)
    return found


def _phases(settings: Settings) -> Mapping[str, Duration]:
    """Where in its slot each device is polled: a few together, the grid meter after the last.

    Whoever wakes together waits for each other, so a hundred devices in one tick would be read
    at a different moment in every slot; what the grid meter says is acted upon when all of the
    slot were read, so it asks when the others have asked.
    """
    devices = sorted((item.device for item in settings.devices), key=lambda d: d.role is Role.GRID)
    return {
        device.id: Duration(rank // _TOGETHER * _step(device, len(devices)) + _behind(device))
        for rank, device in enumerate(devices)
    }


def _behind(device: Device) -> int:
    """The grid meter's delay after its group."""
    return min(_BEHIND, device.poll // _SPREAD) if device.role is Role.GRID else 0


def _step(device: Device, count: int) -> int:
    """Between two groups of so many devices in all."""
    return min(_STEP, device.poll * _TOGETHER // (_SPREAD * count))


def _start(gateway: Gateway, world: World, tasks: Tasks) -> None:
    for name, station in gateway.stations.items():
        tasks.start(f"station[{name}]", station.run, world.clock)
    tasks.start("pushes", gateway.pushes.run, world.clock)
    tasks.start("marketplace", gateway.marketplace.run, world.clock)
    tasks.start("dispatcher", gateway.dispatcher.run, world.clock)
    tasks.start("owner", gateway.control.run, world.clock)
    gateway.control.on_look = gateway.look
    tasks.start("reception", gateway.reception.run, world.clock)
    tasks.start("handover", gateway.handover.run, world.clock)
    tasks.start("writes", gateway.writes.run, world.clock)
    tasks.start("drills", gateway.drills.run, world.clock)
    for tie in gateway.interties:
        tasks.start(f"intertie[{tie.contract.tie}]", tie.run, world.clock)
    tasks.start("energy", gateway.beside.run, world.clock)
    if gateway.ledger is not None:
        tasks.start("ledger", gateway.ledger.run, world.clock)
    if gateway.settings.caldav is not None:
        sync = _calendar_sync(gateway, world, gateway.settings.caldav)
        tasks.start("calendar", sync.run, world.clock)
    tasks.start("chores", lambda: _chores(gateway, world), world.clock)


def _calendar_sync(gateway: Gateway, world: World, settings: CalDavSettings) -> CalendarSync:
    return CalendarSync(
        settings,
        site=gateway.settings,
        folder=Path(gateway.settings.state_dir),
        marketplace=gateway.marketplace,
        bus=gateway.bus,
        clock=world.clock,
    )


def _intents(gateway: Gateway, world: World) -> Intents:
    settings = gateway.settings
    synced = Path(settings.state_dir) / SYNCED if settings.caldav else ""
    return Intents(
        file=settings.calendar or str(synced),
        zone=settings.timezone,
        devices=tuple(item.device for item in settings.devices if item.device.role in LOADS),
        wishes=gateway.wishes,
        opt_outs=gateway.opt_outs,
        clock=world.clock,
        threaded=world.threaded,
    )


async def _chores(gateway: Gateway, world: World) -> None:
    """Follow a stepped wall clock, tell the supervisor, and once an hour tidy up."""
    tell_findings(gateway)
    available = AvailabilityFiles(gateway.settings)
    tariffs = TariffFiles(gateway.prices, gateway.priced_by, threaded=world.threaded)
    intents = _intents(gateway, world)
    forget_at = Duration(world.clock.monotonic() + HOUR)
    while True:
        step = world.clock.reanchor()
        if step is not None:
            # By a clock that is wrong for a moment everything may look old.
            forget_at = Duration(world.clock.monotonic() + HOUR)
            gateway.site.step(step.by)
            gateway.dispatcher.step(step.by)
            gateway.bus.publish(step)
            structlog.get_logger().warning("clock.stepped", by_s=step.by / SECOND)
        world.watchdog.status(gateway.summary())
        await remember(gateway)
        await gateway.beside.watch()
        await gateway.outlooks.look()
        await tariffs.look()
        await intents.look()
        if written := available.changed():
            retender(gateway.marketplace, gateway.beside.limits.site, written)
        if world.clock.monotonic() >= forget_at:
            forget_at = Duration(world.clock.monotonic() + HOUR)
            await tidy(gateway)
        await world.clock.sleep(Duration(10 * SECOND))
