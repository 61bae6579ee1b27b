"""The configuration file becomes a ``Site``, or the list of everything wrong with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath

from gateway.config.caldav import caldav, check_caldav
from gateway.config.calendars import (
    check_availability,
    check_events,
    read_price_calendar,
    with_calendars,
    with_programmes,
)
from gateway.config.devices import Devices, read_devices, with_agents
from gateway.config.document import Document, read
from gateway.config.field_broker import at_own_broker, check_filters
from gateway.config.intertie import read_interties, within_contracts
from gateway.config.ledger import check_meters, read_ledger
from gateway.config.names import check_names
from gateway.config.notes import notes
from gateway.config.parties import (
    admission,
    allowances,
    check_parties,
    check_tls,
    party_calendars,
)
from gateway.config.places import broker, check_broker, check_timezone, state_dir
from gateway.config.prices import CsvPrice, IcsPrice, PriceSetting, read_table
from gateway.config.problem import Finding, Path, Position, Problem, describe
from gateway.config.products import read_products
from gateway.config.shapes import SiteShape
from gateway.config.sharing import Given, read_shares
from gateway.config.validation import validate
from gateway.market.mechanisms import built_in
from gateway.model.device import Role
from gateway.model.share import AggregateSettings
from gateway.model.site import (
    ControlMode,
    DispatchSettings,
    FixedPrice,
    GridLimits,
    HomeAssistantSettings,
    JournalSettings,
    Location,
    LogSettings,
    MetricsSettings,
    PriceSource,
    Site,
    Tariff,
)
from gateway.model.tender import Party, TieClass
from gateway.ports.calendar import ReadCalendar, ReadEvents, ReadPrices, ReadProgramme
from gateway.ports.driver import DriverPackage
from gateway.ports.mechanism import Mechanism


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What came of a file.

    Attributes:
        file: its name as given.
        site: with the healthy devices only; None if anything but a device is wrong.
        problems: everything that is wrong, in the order of the file.
        notes: sentences for the owner about what is allowed but may surprise.
        positions: where each value of the file stands, by its path of keys; what is not here
            has its default.
        refused: ids of devices with problems, in file order.
        state_dir: the folder that the file names, whatever else is wrong in it; None if it
            names none.
    """

    file: str
    site: Site | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    positions: Mapping[Path, Position] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    state_dir: str | None = None


def exit_code(loaded: Loaded) -> int:
    """0 if nothing is wrong, else 2 (wrong input)."""
    return 2 if loaded.problems else 0


def load(
    path: str | FilePath,
    packages: Mapping[str, DriverPackage],
    schemes: Collection[str],
    *,
    environ: Mapping[str, str],
    mechanisms: Mapping[str, Mechanism] | None = None,
    prices: ReadPrices | None = None,
    availability: ReadCalendar | None = None,
    events: ReadEvents | None = None,
    programmes: ReadProgramme | None = None,
    agents: Collection[str] | None = None,
) -> Loaded:
    """Everything the file says, checked; never raises for what is in the file.

    Args:
        path: of the file; other files it names are relative to its folder.
        packages: driver packages by name; one that cannot be loaded raises ImportError.
        schemes: of connection URLs for which a line is installed.
        environ: for the defaults of folders and credentials.
        mechanisms: installed beside the built-in ones, by the name that a product gives.
        prices: understands tariffs in calendars; without it they are taken unread.
        availability: understands those of devices; as prices.
        events: understands the house's own; as prices.
        programmes: understands templates of loads; without it those have no programme.
        agents: names of those installed; without them any name is taken.
    """
    document = read(FilePath(path))
    if document.root is None:
        return _loaded(document, None, _Work(document.findings))
    work = _Work(document.findings)
    value = document.root.value()
    if not isinstance(value, dict):
        allowed = "a mapping with keys such as area, devices and grid"
        work.find(Finding(path=(), found=describe(value), allowed=allowed))
        return _loaded(document, None, work)
    known = {**(mechanisms or {}), **built_in()}
    around = _Surroundings(
        FilePath(path).parent, environ, known, prices, agents, availability, events, programmes
    )
    site = work.site(value, packages, schemes, around)
    return _loaded(document, site, work)


def _loaded(document: Document, site: Site | None, work: "_Work") -> Loaded:
    problems = [document.problem(finding) for finding in work.findings] + work.problems
    positions = document.positions()
    if work.about_site() or work.problems:
        site = None
    return Loaded(
        file=document.file,
        site=site,
        problems=tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column))),
        notes=notes(site) if site else (),
        positions=positions,
        refused=tuple(str(path[1]) for path in positions if _is_one_of(path, work.refused())),
        state_dir=_named_state_dir(document),
    )


def _named_state_dir(document: Document) -> str | None:
    value = None if document.root is None else document.root.value()
    given = value.get("state_dir") if isinstance(value, dict) else None
    return str(FilePath(document.file).parent / given) if isinstance(given, str) else None


def _is_one_of(path: Path, ids: Collection[str]) -> bool:
    return len(path) == len(("devices", "id")) and path[0] == "devices" and path[1] in ids


@dataclass(frozen=True, slots=True)
class _Surroundings:
    folder: FilePath
    environ: Mapping[str, str]
    mechanisms: Mapping[str, Mechanism]
    prices: ReadPrices | None
    agents: Collection[str] | None
    availability: ReadCalendar | None
    events: ReadEvents | None
    programmes: ReadProgramme | None


class _Work:
    """One pass over the file; collects what is wrong."""

    def __init__(self, findings: Collection[Finding]) -> None:
        self.findings = list(findings)
        self.problems: list[Problem] = []  # in other files

    def find(self, *findings: Finding) -> None:
        self.findings.extend(findings)

    def about_site(self) -> bool:
        """Whether anything but a single device is wrong."""
        return any(_device_of(finding) is None for finding in self.findings)

    def refused(self) -> frozenset[str]:
        """Ids of devices that something is wrong with."""
        owners = (_device_of(finding) for finding in self.findings)
        return frozenset(name for name in owners if name is not None)

    def site(
        self,
        value: Mapping[str, object],
        packages: Mapping[str, DriverPackage],
        schemes: Collection[str],
        around: _Surroundings,
    ) -> Site | None:
        """The site; None where the shape of the file leaves too little to build one."""
        shape, findings = validate(SiteShape, value)
        self.find(*findings)
        self.find(*_check_names(shape, value))
        limits = GridLimits()
        if shape is not None:
            limits = GridLimits(
                import_w=shape.grid.import_limit_w, export_w=shape.grid.export_limit_w
            )
            limits = within_contracts(limits, shape)
        entries = value.get("devices")
        entries = entries if isinstance(entries, dict) else {}
        devices = read_devices(entries, packages, schemes, limits, self.refused())
        if around.agents is not None:
            devices = with_agents(devices, around.agents)
        self.find(*devices.findings)
        return None if shape is None else self._assemble(shape, limits, devices, around)

    def _assemble(
        self, shape: SiteShape, limits: GridLimits, devices: Devices, around: _Surroundings
    ) -> Site:
        products, findings = read_products(shape, around.mechanisms)
        folder = state_dir(shape.state_dir, around.folder, around.environ)
        self.find(*findings, *check_timezone(shape.timezone))
        self.find(*check_broker(shape.broker, around.folder))
        self.find(*check_parties(shape), *check_tls(shape.broker, around.folder))
        self.find(*check_caldav(shape, around.folder))
        self.find(*check_filters(shape.broker.devices, shape.area))
        settings = broker(shape.broker, around.folder, around.environ)
        devices.healthy, placeless = at_own_broker(devices.healthy, settings, folder)
        self.find(*placeless)
        devices.healthy, unread = with_calendars(
            devices.healthy, around.folder, around.availability, tuple(shape.products)
        )
        calendars = party_calendars(shape, around.folder)
        for name, file in calendars.items():
            path = f"parties.{name}.available"
            self.problems += check_availability(
                FilePath(file), path, around.availability, tuple(shape.products)
            )
        devices.healthy, unknown = with_programmes(
            devices.healthy, around.folder, around.programmes
        )
        self.problems += unread + unknown
        self.find(*_check_state_dir(folder), *_check_grid_meter(shape, limits, devices))
        aggregate = _aggregate(shape)
        shared = read_shares(
            tuple(_given(shape)),
            {one.device.id: one.device for one in devices.healthy},
            list(shape.devices),
            aggregate,
        )
        self.find(*shared.findings)
        ties = read_interties(shape.interties, shape.area, products, around.folder)
        self.find(*ties.findings)
        self.find(*check_meters(shape, {one.device.id: one.device for one in devices.healthy}))
        return Site(
            area=shape.area,
            timezone=shape.timezone,
            currency=shape.currency,
            control=ControlMode(shape.control),
            state_dir=folder,
            broker=settings,
            devices=tuple(devices.healthy),
            products=products,
            limits=limits,
            tariff=self._tariff(shape, around),
            dispatch=_dispatch(shape),
            journal=_journal(shape),
            parties=tuple(
                Party(
                    id=name,
                    outside=True,
                    max_open_tenders=party.max_open_tenders,
                    tie_class=TieClass[party.tie_class.upper()],
                )
                for name, party in shape.parties.items()
            ),
            allowances=allowances(shape),
            party_calendars=calendars,
            admission=admission(shape),
            log=LogSettings(level=shape.log.level, format=shape.log.format),
            metrics=_metrics(shape),
            home_assistant=HomeAssistantSettings(
                discovery=shape.home_assistant.discovery, prefix=shape.home_assistant.prefix
            ),
            location=_location(shape),
            shares=shared.shares,
            aggregate=aggregate,
            interties=ties.interties,
            ledger=read_ledger(shape, guest=settings.guest),
            calendar=self._calendar(shape, around),
            caldav=caldav(shape.caldav, around.folder),
        )

    def _calendar(self, shape: SiteShape, around: _Surroundings) -> str:
        """The file of intents, named from the root."""
        if not shape.calendar:
            return ""
        file = around.folder / shape.calendar
        self.problems += check_events(file, "calendar", shape.timezone, around.events)
        return str(file)

    def _tariff(self, shape: SiteShape, around: _Surroundings) -> Tariff:
        grid, zone = shape.grid, shape.timezone
        return Tariff(
            import_price=self._price("import_price", grid.import_price, zone, around),
            export_price=self._price("export_price", grid.export_price, zone, around),
        )

    def _price(
        self, key: str, setting: PriceSetting, zone: str, around: _Surroundings
    ) -> PriceSource:
        """The source; what is in a file is read now, so that a wrong one is known now."""
        path, folder = f"grid.{key}", around.folder
        if isinstance(setting, IcsPrice):
            found = read_price_calendar(setting, folder, path, zone, around.prices)
            if not isinstance(found, Problem):
                return found
            self.problems.append(found)
            return FixedPrice(value=0.0)
        if not isinstance(setting, CsvPrice):
            return setting
        result = read_table(folder / setting.file, key, path)
        self.problems.extend(result.problems)
        return result.table or FixedPrice(value=0.0)


def _device_of(finding: Finding) -> str | None:
    """The id of the device that a finding is about."""
    path = finding.path
    return str(path[1]) if len(path) > 1 and path[0] == "devices" else None


def _check_names(shape: SiteShape | None, value: Mapping[str, object]) -> Iterator[Finding]:
    """Ids of all sections; devices come last, so that a clash refuses the device."""
    sections = {}
    for section in ("products", "parties", "interties", "devices"):
        entries = value.get(section)
        sections[section] = list(entries) if isinstance(entries, dict) else []
    if shape is not None:
        sections["products"] = list(shape.products)
    area = value.get("area", "home")
    yield from check_names(area if isinstance(area, str) else "home", sections)


def _check_state_dir(folder: str) -> Iterator[Finding]:
    if not folder:
        found = "nothing, and neither $STATE_DIRECTORY, $XDG_STATE_HOME nor $HOME"
        yield Finding(path=("state_dir",), found=found, allowed="a folder for the journal")


def _check_grid_meter(shape: SiteShape, limits: GridLimits, devices: Devices) -> Iterator[Finding]:
    """Nobody can keep a limit at a point that nobody measures."""
    if shape.control != "act" or any(one.device.role is Role.GRID for one in devices.healthy):
        return
    for key, limit in (("import_limit_w", limits.import_w), ("export_limit_w", limits.export_w)):
        if limit is not None:
            found = f"{limit:g} without a healthy device of role grid while control is act"
            allowed = "a limit with a grid meter, or control: observe or advise"
            yield Finding(path=("grid", key), found=found, allowed=allowed)


def _dispatch(shape: SiteShape) -> DispatchSettings:
    given = shape.dispatch
    return DispatchSettings(
        gate_lead=given.gate_lead, settle=given.settle, deviation_w=given.deviation_w
    )


def _metrics(shape: SiteShape) -> MetricsSettings | None:
    if shape.metrics.listen is None:
        return None
    host, port = shape.metrics.listen
    return MetricsSettings(host=host, port=port)


def _given(shape: SiteShape) -> Iterator[Given]:
    for device, share in shape.share.items():
        yield Given(
            device=device,
            listen=share.listen,
            mode=share.mode,
            max_age=share.max_age,
            writes=share.writes,
        )


def _aggregate(shape: SiteShape) -> AggregateSettings | None:
    if shape.aggregate.listen is None:
        return None
    host, port = shape.aggregate.listen
    return AggregateSettings(host=host, port=port, unit=shape.aggregate.unit)


def _location(shape: SiteShape) -> Location | None:
    given = shape.location
    if given is None:
        return None
    return Location(latitude=given.latitude, longitude=given.longitude)


def _journal(shape: SiteShape) -> JournalSettings:
    given = shape.journal
    return JournalSettings(
        sync_window=given.sync_window, syncs_per_minute=given.syncs_per_minute, keep=given.keep
    )
