"""The shape of the file: its keys, what each may be, its default and what it is for.

Only this module and ``shapes_product`` list keys; messages, the JSON Schema and the check read
them from here.  Defaults are written as the owner would write them.
"""

from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from gateway.config.field_broker import Filters
from gateway.config.prices import Price, PriceSetting
from gateway.config.priorities import Priority
from gateway.config.problem import describe, listed
from gateway.config.scalars import (
    Address,
    Choice,
    Flag,
    Real,
    Scalar,
    Span,
    Text,
    Whole,
    refusal,
)
from gateway.config.shape import Shape, key
from gateway.config.shapes_intertie import IntertieShape
from gateway.config.shapes_ledger import LedgerShape
from gateway.config.shapes_loads import (
    ChargerShape,
    ComfortShape,
    ProgrammeFile,
    ProgrammeText,
    WaterShape,
    WishText,
)
from gateway.config.shapes_parties import OutwardTlsShape, PartyShape, Silence, TlsShape
from gateway.config.shapes_product import ProductShape
from gateway.config.sharing import Ranges, RegisterRanges
from gateway.model.device import ContestPolicy, Role, Strategy
from gateway.model.membership import Consent
from gateway.model.programme import Programme
from gateway.model.share import ShareMode
from gateway.model.time import MILLISECOND, SECOND, Duration
from gateway.model.wish import Wish

OWN_RULE: Final = "own-rule"
# A SunSpec timer is an unsigned 16-bit number of seconds (123 WMaxLimPct_RvrtTms).
LONGEST_TIMER: Final = Duration(65_535 * SECOND)

_Number = Annotated[float, Real()]
_Watts = Annotated[float, Real(unit="W", minimum=0)]
_Percent = Annotated[float, Real(unit="%", minimum=0, maximum=100)]
_Span = Annotated[Duration, Span()]
_Flag = Annotated[bool, Flag()]
_File = Annotated[str, Text(what="the name of a file")]
_Price = Annotated[PriceSetting, Price()]


class Level(Scalar):
    """``own-rule`` or ``{limit_w: N}``."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The two forms."""
        return "own-rule or {limit_w: N} with N in W, at least 0"

    def parse(self, value: object) -> float | str:
        """The limit's magnitude in W, or the word."""
        if value == OWN_RULE:
            return OWN_RULE
        if isinstance(value, dict) and set(value) == {"limit_w"}:
            limit = value["limit_w"]
            if isinstance(limit, bool) or not isinstance(limit, int | float) or limit < 0:
                raise refusal(value, self.allowed, found=f"limit_w: {describe(limit)}")
            return Real(unit="W", minimum=0).parse(limit)
        if isinstance(value, dict):
            raise refusal(value, self.allowed, found=f"a mapping with the keys {listed(value)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        raise refusal(value, self.allowed, hint=f"write {{limit_w: {value}}}" if number else "")

    def schema(self) -> dict[str, object]:
        """The two forms."""
        limit = {
            "type": "object",
            "properties": {"limit_w": {"type": "number", "minimum": 0}},
            "required": ["limit_w"],
            "additionalProperties": False,
        }
        return {"oneOf": [{"const": OWN_RULE}, limit]}


class FallbackShape(Shape):
    """Where the device goes when the gateway is gone."""

    after: Annotated[Duration, Span(minimum=SECOND, maximum=LONGEST_TIMER)] = key(
        "60s", "at most so long after the last renewal"
    )
    level: Annotated[float | str | None, Level()] = key(
        None, "own-rule, or a limit; default: own-rule, under a site limit what keeps it"
    )
    timer: Annotated[Duration, Span(minimum=SECOND, maximum=LONGEST_TIMER)] | None = key(
        None, "what is written into the device's own timer; default: after"
    )


class WritesShape(Shape):
    """How often the device's registers may be written."""

    per_day: Annotated[int, Whole(minimum=0)] = key(
        500, "writes a day to registers that keep their value; 0 = counted, no budget"
    )
    volatile: _Flag | None = key(
        None, "true: none of them wears; default: what the device's own timer ends does not"
    )


class LimitsShape(Shape):
    """What the owner allows a device."""

    max_w: _Watts | None = key(None, "bound on the device's power; of solar its nameplate")
    min_w: _Watts | None = key(None, "generator: the least it runs at; default: what it tells")
    charge_w: _Watts | None = key(None, "storage: fastest charge")
    discharge_w: _Watts | None = key(None, "storage: fastest discharge")
    min_soc_pct: _Percent | None = key(None, "storage: reserve; default 0")
    max_soc_pct: _Percent | None = key(None, "storage: upper bound; default 100")
    ramp_w_per_s: Annotated[float, Real(unit="W/s", above=0)] | None = key(
        None, "fastest change of a setpoint"
    )
    min_run: _Span = key("0s", "once on, stay on so long")
    min_rest: _Span = key("0s", "once off, stay off so long")
    dwell: _Span = key("0s", "shortest time between two changes of direction")


class DeviceShape(Shape):
    """One device: the keys every driver shares."""

    driver: Annotated[str, Text(what="the name of an installed driver")] = Field(
        description="the driver package that speaks with the device"
    )
    connection: Annotated[str, Text(what="a URL such as tcp://192.168.1.20:502?unit=1")] = Field(
        description="tcp://HOST:PORT?unit=N, or rtu+tcp://, tls://, rtu:///dev/PORT; "
        "port 502 and unit 1 may be left out"
    )
    role: Annotated[str, Choice(words=tuple(Role))] = Field(
        description="the part it plays in the area"
    )
    poll: _Span = key("1s", "time between reads; 0ms = as fast as it answers")
    timeout: Annotated[Duration, Span(minimum=MILLISECOND)] = key("1s", "for one request")
    fallback: FallbackShape = key({}, "where it goes when the gateway is gone")
    limits: LimitsShape = key({}, "what you allow it")
    no_timer: Annotated[str, Choice(words=("refuse", "accept"))] = key(
        "refuse", "accept: drive it even if it has no timer of its own"
    )
    writes: WritesShape = key({}, "how often its registers may be written")
    contest: Annotated[str, Choice(words=tuple(ContestPolicy))] | None = key(
        None, "somebody else steers it too; default: yield, under a site limit insist"
    )
    tender: _Flag = key(default=True, text="whether an agent of the gateway tenders for it")
    price_cap: _Number | None = key(None, "what a load pays at most, per price unit")
    gives_up_at: _Number | None = key(None, "of a load: it sells what it bought from this price on")
    marginal_cost: _Number = key(0, "of a source, per price unit; of a generator its fuel")
    start_cost: Annotated[float, Real(minimum=0)] = key(0, "of a generator, money per start")
    wear: Annotated[float, Real(minimum=0)] = key(0, "of a storage, per kWh of throughput")
    round_trip: Annotated[float, Real(above=0, maximum=1)] | None = key(
        None, "of a storage: efficiency, where the device does not tell"
    )
    capacity_wh: Annotated[float, Real(unit="Wh", above=0)] | None = key(
        None, "of a storage, or a car: usable energy, where the device does not tell"
    )
    strategy: Annotated[str, Choice(words=tuple(Strategy))] | None = key(
        None, "of a storage: plan ahead by tariff and history, or self-consumption; default: plan"
    )
    wish: Annotated[Wish, WishText()] | None = key(
        None, 'of a load, every day: {energy: 30kWh, by: "07:00"}, or plain words'
    )
    agent: Annotated[str, Text(what="the name of an installed agent")] | None = key(
        None, "who tenders for it; default: the agent of its role"
    )
    available: Annotated[str, Text(what="the name of a calendar file")] | None = key(
        None, "its agent tenders only in the windows of this calendar (VAVAILABILITY)"
    )
    programme: Annotated[Programme | ProgrammeFile, ProgrammeText()] | None = key(
        None, "of role load: what it draws once it has begun; it is begun once, for a wish"
    )
    charger: ChargerShape | None = key(None, "of role ev: its phases and currents")
    comfort: ComfortShape | None = key(None, "of role heat: the temperatures it keeps")
    water: WaterShape | None = key(None, "of role heat: the hot water it keeps")
    priority: Annotated[tuple[str, ...], Priority()] | None = key(
        None, "of a load: before car = at one price it goes before the car"
    )


class ListenShape(Shape):
    """Where a broker of our own listens."""

    host: Annotated[str, Text(what="a host name or address")] = key("127.0.0.1", "its address")
    port: Annotated[int, Whole(minimum=0, maximum=65_535)] = key(0, "its port; 0 = any free one")


class BrokerShape(OutwardTlsShape):
    """Where MQTT is spoken."""

    url: Annotated[str, Text(what="mqtt://HOST:PORT")] | None = key(
        None, "an external broker, mqtt:// or mqtts://HOST:PORT; default: a broker of our own"
    )
    username: Annotated[str, Text(what="a user name")] = key("gateway", "the gateway's user")
    password_file: _File | None = key(
        None, "its password; default $CREDENTIALS_DIRECTORY/mqtt-password if that is there"
    )
    kind: Annotated[str, Choice(words=("auto", "mosquitto", "embedded"))] = key(
        "auto", "broker of our own; auto: mosquitto if installed, else in-process"
    )
    listen: ListenShape = key({}, "where a broker of our own listens")
    tls: TlsShape | None = key(None, "how a mosquitto of our own is reached by TLS")
    guest: _Flag = key(default=False, text="user guest, password guest, may tender (demo)")
    devices: Annotated[tuple[str, ...], Filters()] = key(
        [], "topics that user devices may read and write, for devices on a broker of our own"
    )


class GridShape(Shape):
    """The connection point and its tariff."""

    import_limit_w: _Watts | None = key(None, "most that may be drawn (the fuse)")
    export_limit_w: _Watts | None = key(None, "most that may be fed in; 0 = nothing")
    import_price: _Price = key(0.30, "what drawing costs: number, {topic: …}, {csv: …}, {ics: …}")
    export_price: _Price = key(
        0.08, "what feeding in earns: number, {topic: …}, {csv: …}, {ics: …}"
    )


class DispatchShape(Shape):
    """Timings and thresholds of dispatch."""

    gate_lead: _Span = key("500ms", "tenders close so long before delivery")
    settle: _Span = key("2s", "how long a command may take to show on the meter")
    deviation_w: _Watts = key(200, "deviation from the position that calls an auction")


class JournalShape(Shape):
    """How often the disk is asked to sync."""

    sync_window: _Span = key("5ms", "rows wait so long to be synced together")
    syncs_per_minute: Annotated[int, Whole(minimum=0)] = key(0, "budget; 0 = no budget")
    keep: Annotated[Duration, Span(minimum=SECOND)] = key("30d", "how long rows are kept")


class HomeAssistantShape(Shape):
    """What Home Assistant is told."""

    discovery: _Flag = key(default=True, text="announce every device by MQTT discovery")
    prefix: Annotated[
        str, Text(what="a topic without wildcards", pattern=r"[^+#/\s][^+#\s]{0,63}(?<!/)")
    ] = key("homeassistant", "the discovery prefix that Home Assistant is set to")


class LogShape(Shape):
    """What is said, and how."""

    level: Annotated[str, Choice(words=("debug", "info", "warning", "error"))] = key(
        "info", "the least severe line that is shown"
    )
    format: Annotated[str, Choice(words=("auto", "console", "json"))] = key(
        "auto", "auto, console: lines for a person; json: for a machine"
    )


class MetricsShape(Shape):
    """Numbers for Prometheus."""

    listen: Annotated[tuple[str, int], Address()] | None = key(
        None, "where GET /metrics is answered, e.g. 127.0.0.1:9464; default: nowhere"
    )


class ShareShape(Shape):
    """The connection of a device, lent to other programs."""

    listen: Annotated[tuple[str, int], Address()] = Field(
        description="where others reach the device by Modbus TCP, e.g. 127.0.0.1:1502"
    )
    mode: Annotated[str, Choice(words=tuple(ShareMode))] = key(
        "cached", "cached: what the gateway read not long ago; through: always asks the device"
    )
    max_age: _Span = key("1s", "of cached words; what is older is read anew")
    writes: dict[str, Annotated[Ranges, RegisterRanges()]] = key(
        {}, "who may write what: {192.168.1.7: 40232-40236}; nobody else writes anything"
    )


class AggregateShape(Shape):
    """The site as a whole, as one SunSpec device."""

    listen: Annotated[tuple[str, int], Address()] | None = key(
        None, "where it is served by Modbus TCP, e.g. 127.0.0.1:1503; default: nowhere"
    )
    unit: Annotated[int, Whole(minimum=1, maximum=247)] = key(1, "its Modbus address")


class LocationShape(Shape):
    """Where the house stands."""

    latitude: Annotated[float, Real(unit="degrees", minimum=-90, maximum=90)] = Field(
        description="north of the equator, south negative"
    )
    longitude: Annotated[float, Real(unit="degrees", minimum=-180, maximum=180)] = Field(
        description="east of Greenwich, west negative"
    )


class CalDavShape(Shape):
    """A calendar on a server, such as Radicale, Nextcloud or iCloud."""

    url: Annotated[str, Text(what="the address of one calendar, https://...")] = Field(
        description="of the calendar itself, as its settings page shows it"
    )
    user: Annotated[str, Text(what="a user name")] | None = key(None, "its login there")
    password_file: _File | None = key(None, "its password, in the first line")
    every: Annotated[Duration, Span(minimum=10 * SECOND)] = key("1min", "time between two syncs")


class SiteShape(Shape):
    """The whole file.  Devices are looked at one by one, so that one cannot spoil another."""

    area: Annotated[str, Text(what="a name", pattern=".*")] = key(
        "home", "the area's name; also the market's"
    )
    timezone: Annotated[str, Text(what="a zone such as Europe/Amsterdam")] = key(
        "UTC", "IANA time zone, for people only"
    )
    currency: Annotated[str, Text(what="three capital letters such as EUR", pattern="[A-Z]{3}")] = (
        key("EUR", "ISO 4217 code of all prices")
    )
    control: Annotated[
        Literal["observe", "advise", "act"],
        Choice(
            words=("observe", "advise", "act"),
            hints=MappingProxyType(
                {
                    "hands-off": "observe writes nothing; `gridtender hands-off` works at any time",
                },
            ),
        ),
    ] = key("observe", "observe: no setpoints; advise: publishes them; act: writes them")
    state_dir: _File | None = key(
        None, "default $STATE_DIRECTORY, else $XDG_STATE_HOME/gridtender or ~/.local/state/…"
    )
    broker: BrokerShape = key({}, "where MQTT is spoken")
    devices: dict[str, Any] = key({}, "the devices, by id")
    products: dict[str, ProductShape] = key({"power": {}}, "what is traded, by id")
    grid: GridShape = key({}, "the connection point and its tariff")
    dispatch: DispatchShape = key({}, "timings of dispatch")
    journal: JournalShape = key({}, "how often the disk is asked to sync")
    parties: dict[str, PartyShape] = key({}, "outside parties, by id")
    registration: Annotated[str, Choice(words=tuple(Consent))] = key(
        "closed", "whether strangers may ask to be a party: by your consent, or open to all"
    )
    enrollment: Annotated[str, Choice(words=("consent", "open"))] = key(
        "consent", "whether a party may trade a product it asks for: by your consent, or open"
    )
    silence: Silence | None = key(
        None, "of parties that have none of their own; default: silence changes nothing"
    )
    interties: dict[str, IntertieShape] = key({}, "markets above this one, by name")
    ledger: LedgerShape = key({}, "what is kept for parties who want to check")
    home_assistant: HomeAssistantShape = key({}, "what Home Assistant is told")
    location: LocationShape | None = key(
        None, "where the house stands: tells an inverter asleep from one that is away"
    )
    calendar: _File | None = key(
        None, "a calendar file whose events are wishes, such as `car: 30 kWh`"
    )
    caldav: CalDavShape | None = key(None, "a calendar on a server, instead of a file; both ways")
    share: dict[str, ShareShape] = key({}, "connections lent to other programs, by device")
    aggregate: AggregateShape = key({}, "the site as a whole, as one SunSpec device")
    log: LogShape = key({}, "what is said, and how")
    metrics: MetricsShape = key({}, "numbers for Prometheus")

    @model_validator(mode="before")
    @classmethod
    def _empty_sections(cls, value: object) -> object:
        """A section without content is as good as left out."""
        if not isinstance(value, dict):
            return value
        return {name: content for name, content in value.items() if content is not None}
