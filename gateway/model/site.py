"""The area and its owner's settings, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.device import Device
from gateway.model.intertie import IntertieSettings
from gateway.model.membership import Allowance, Consent
from gateway.model.product import Product
from gateway.model.share import AggregateSettings, ShareSettings
from gateway.model.tender import Party
from gateway.model.time import HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant


class ControlMode(StrEnum):
    """How far the gateway may go.  Nothing is written before the owner said ``act``."""

    OBSERVE = "observe"
    ADVISE = "advise"
    ACT = "act"
    HANDS_OFF = "hands-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerControl:
    """The mode the owner set and when it ends (None: until changed)."""

    mode: ControlMode
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridLimits:
    """Limits at the connection point, W, both positive; None = not limited."""

    import_w: float | None = None
    export_w: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchSettings:
    """Timings and thresholds of dispatch.

    Attributes:
        settle: how long a command may take to show on the meter.
        deviation_w: grid meter away from the site's position by more than this for longer than
            ``settle`` calls an unscheduled auction.
    """

    gate_lead: Duration = Duration(500 * MILLISECOND)
    settle: Duration = Duration(2 * SECOND)
    deviation_w: float = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPrice:
    """One real price per price unit, for ever."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices that begin at given instants and hold until the next; sorted, not empty."""

    steps: tuple[tuple[Instant, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPrice:
    """A number published (retained) on an MQTT topic of the gateway's broker."""

    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPrice:
    """Prices as events of a calendar.

    Attributes:
        file: where it is; ``text``: what stands in it.
        zone: of days, and of times without one.
        default: real price between events, None = there is no such time.
        dearest: the highest real price it can ever tell.
    """

    file: str
    text: str = field(repr=False)
    zone: str
    default: float | None = None
    dearest: float = 0.0


PriceSource = FixedPrice | PriceTable | TopicPrice | CalendarPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What the utility asks and pays, per price unit."""

    import_price: PriceSource = field(default_factory=lambda: FixedPrice(value=0.30))
    export_price: PriceSource = field(default_factory=lambda: FixedPrice(value=0.08))


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerTls:
    """How a mosquitto of our own is reached by TLS; files in PEM.

    Attributes:
        ca: that certificates of clients are believed by.
        use_identity_as_username: the certificate's common name is the user.
    """

    certificate: str
    key: str
    ca: str | None = None
    require_client_certificate: bool = False
    use_identity_as_username: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where MQTT is spoken.

    Attributes:
        url: ``mqtt://host:port`` of an external broker; None = a broker of our own
            (mosquitto as a child, else in-process).
        kind: for an own broker: auto | mosquitto | embedded.
        listen_host, listen_port: of an own broker; port 0 = any free one.
        password_file: of ``username``; None = no password.
        guest: whether the own broker knows user guest with password guest (demo only).
        tls: of an own mosquitto; ``ca``, ``certificate``, ``key``: of the gateway towards an
            external broker, None = the system's authorities and no certificate.
        devices: topic filters that user ``devices`` of an own broker may read and write.
    """

    url: str | None = None
    kind: str = "auto"
    username: str = "gateway"
    password_file: str | None = None
    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    guest: bool = False
    devices: tuple[str, ...] = ()
    tls: BrokerTls | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    """How often the disk is asked to sync; ``syncs_per_minute`` 0 = no budget."""

    sync_window: Duration = Duration(5 * MILLISECOND)
    syncs_per_minute: int = 0
    keep: Duration = Duration(30 * 24 * 3600 * SECOND)

    @property
    def sync_spacing(self) -> Duration:
        """Shortest time between two syncs, by the budget."""
        return Duration(60 * SECOND // self.syncs_per_minute if self.syncs_per_minute else 0)

    @property
    def window_in_force(self) -> Duration:
        """How long an acknowledgement may wait for the disk: a budget of syncs widens it."""
        return max(self.sync_window, self.sync_spacing)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """What is kept for parties who want to check.

    Attributes:
        kept: whether the journal is sealed, and deliveries and statements are made.
        kept_for_members: whether it is kept as well when the start finds parties that were added.
        seal_every: the longest time between two seals.
        meters: the device that measures a party from outside, by party.
    """

    kept: bool = False
    kept_for_members: bool = False
    seal_every: Duration = HOUR
    meters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where metrics are served; port 0 = any free one."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is said, and how: auto | console | json."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionSettings:
    """Who may become a party, and enrol in a product, without being configured.

    Attributes:
        silence: of parties without one of their own; None = silence changes nothing.
    """

    registration: Consent = Consent.CLOSED
    enrollment: Consent = Consent.CONSENT
    silence: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeAssistantSettings:
    """Whether devices are announced to Home Assistant, and under which prefix it looks."""

    discovery: bool = True
    prefix: str = "homeassistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where the house stands, degrees: north and east positive."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalDavSettings:
    """A calendar on a server.

    Attributes:
        url: of the collection, http or https.
        user: empty = the server asks for none; ``password_file``: empty = no password.
        every: between two syncs.
    """

    url: str
    user: str = ""
    password_file: str = ""
    every: Duration = Duration(MINUTE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """A configured device and what its driver package made of the driver's own keys.

    Attributes:
        availability: calendar file with when its agent may tender; empty: always.
        programme: template that the device's programme was read from; empty: none.
    """

    device: Device
    settings: object
    availability: str = ""
    programme: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole configuration, defaults filled in.

    Attributes:
        area: its id; also marketId and the market's party id.
        devices: healthy ones in file order.
        parties: outside parties with their budgets, in file order; ``allowances``: what else
            they may do, by name; ``party_calendars``: files with when, of those that have one.
        products: in file order; the first with resource POWER is the dispatch product.
        metrics: None = off.
        location: None = the sun over it is not known.
        shares: connections lent to others; ``aggregate``: the site as a device, None = not served.
        interties: markets above this one; the first of the dispatch product is its connection.
        calendar: the file whose events are wishes; empty = none.  ``caldav``: a server instead.
    """

    area: str
    timezone: str
    currency: str
    control: ControlMode
    state_dir: str
    broker: BrokerSettings
    devices: tuple[DeviceSettings, ...]
    products: tuple[Product, ...]
    limits: GridLimits
    tariff: Tariff
    dispatch: DispatchSettings
    journal: JournalSettings
    parties: tuple[Party, ...]
    log: LogSettings
    metrics: MetricsSettings | None = None
    home_assistant: HomeAssistantSettings = field(default_factory=HomeAssistantSettings)
    location: Location | None = None
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    party_calendars: Mapping[str, str] = field(default_factory=dict)
    admission: AdmissionSettings = field(default_factory=AdmissionSettings)
    shares: tuple[ShareSettings, ...] = ()
    aggregate: AggregateSettings | None = None
    interties: tuple[IntertieSettings, ...] = ()
    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    calendar: str = ""
    caldav: CalDavSettings | None = None
