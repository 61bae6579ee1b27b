"""Devices: what one is, what it can do, what the owner allows, and where it falls back to."""

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.comfort import Comfort
from gateway.model.programme import Programme
from gateway.model.resource import Resource
from gateway.model.time import SECOND, Duration
from gateway.model.wish import Wish


class Role(StrEnum):
    """The part a device plays in the area."""

    GRID = "grid"
    SOLAR = "solar"
    STORAGE = "storage"
    EV = "ev"
    HEAT = "heat"
    LOAD = "load"
    GENERATOR = "generator"
    METER = "meter"
    CONTROLLER = "controller"
    AGGREGATE = "aggregate"
    TIE = "tie"
    SENSOR = "sensor"  # tells a state (temperature, occupancy), moves no power


class DeviceState(StrEnum):
    """Sleeping (asleep, healthy), offline (does not answer) and faulty are three things."""

    ONLINE = "online"
    SLEEPING = "sleeping"
    OFFLINE = "offline"
    FAULTY = "faulty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the owner allows; None = only what the device itself allows.

    Attributes:
        max_w: magnitude bound on the device's power, W.
        min_w: the smallest power of a load or a generator besides standing still, W; 0 = any.
        charge_w, discharge_w: storage only, both positive.
        min_soc_pct, max_soc_pct: storage only, 0..100.
        ramp_w_per_s: fastest change of a setpoint.
        min_run, min_rest: once on stay on, once off stay off.
        dwell: shortest time between two changes of direction.
    """

    max_w: float | None = None
    min_w: float = 0.0
    charge_w: float | None = None
    discharge_w: float | None = None
    min_soc_pct: float = 0.0
    max_soc_pct: float = 100.0
    ramp_w_per_s: float | None = None
    min_run: Duration = Duration(0)
    min_rest: Duration = Duration(0)
    dwell: Duration = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """Where the device goes when the gateway is gone.

    Attributes:
        after: the promise: at most so long after the last renewal.
        level_w: magnitude in W the device falls to (0 = standstill); None = its own rule.
        timer: what is written into the device's own countdown, where a drill showed that it
            counts longer than it was told; None = ``after``.
    """

    after: Duration = Duration(60 * SECOND)
    level_w: float | None = None
    timer: Duration | None = None


class Strategy(StrEnum):
    """How a storage is used."""

    PLAN = "plan"  # by what may come, once that is known; until then the other
    SELF_CONSUMPTION = "self-consumption"


class ContestPolicy(StrEnum):
    """What the gateway does when somebody else keeps writing to a device."""

    INSIST = "insist"  # writes again, ever slower
    YIELD = "yield"  # leaves the device to the other for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBudget:
    """How often registers that keep their value without power may be written.

    Attributes:
        per_day: requests in one UTC day; None = counted only.
        volatile: what the device's maker says of its control registers; None = as the driver
            thinks: volatile while the device's own timer runs.
    """

    per_day: int | None = 500
    volatile: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """The device's own countdown.

    Attributes:
        max_s: the longest it takes, seconds.
        reaches_level: whether its end is a chosen level (model 704) or only the device's own
            rule (123, 124).
    """

    max_s: int
    reaches_level: bool = False


class Control(StrEnum):
    """What a setpoint means to the device."""

    NONE = "none"  # reading only
    LIMIT = "limit"  # an upper bound on generation (123)
    TARGET = "target"  # a flow to hold (124, a relay, a stage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the device told of itself when it was connected; None where it told nothing.

    Attributes:
        rating_w: nameplate magnitude, W (120 WRtg, 121 WMax).
        charge_w, discharge_w: storage, W, positive.
        capacity_wh: usable energy, Wh.
        round_trip: efficiency 0..1.
        stages_w: discrete powers of a stepped load, ascending, without 0.
        resolution_w: the smallest change a setpoint can express.
        floor_w: the smallest non-zero limit (1 % for curtailment).
        wake_floor_w: the same while it does not produce yet; 0 = no other.
        states: what it tells besides power: a temperature, an occupancy.
    """

    control: Control = Control.NONE
    rating_w: float | None = None
    charge_w: float | None = None
    discharge_w: float | None = None
    capacity_wh: float | None = None
    round_trip: float | None = None
    stages_w: tuple[float, ...] = ()
    resolution_w: float = 1.0
    floor_w: float = 0.0
    wake_floor_w: float = 0.0
    timer: Timer | None = None
    states: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """SunSpec model 1, or what a map file says."""

    maker: str = ""
    model: str = ""
    version: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What ``Driver.connect`` found.

    Attributes:
        models: ids of the SunSpec models in chain order, empty for other devices.
        notes: sentences for the operator (what is missing or odd).
    """

    identity: Identity
    capabilities: Capabilities
    models: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A configured device, as every floor but the driver's sees it.

    Attributes:
        connection: the URL as configured; ``line``: its part that devices share (one connection
            per host:port), e.g. ``tcp://192.168.1.20:502``; ``unit``: the address on it.
        poll: between reads; 0 = as fast as it answers.
        timeout: for one request on the line.
        no_timer: whether the owner accepts driving it without a timer.
        writes: how often it may be written to.
        contest: what is done when somebody else writes its setpoint.
        tender: whether an agent of the gateway tenders for it.
        price_cap: real price a stepped load or EV pays at most; None = never more than the
            tariff's cap.
        gives_up_at: real price from which on such a load sells what it has bought, at least its
            ``price_cap``; None = from its ``price_cap`` on.
        marginal_cost: of a source, real price per price unit: a generator's fuel.
        start_cost: of a generator, money each time it starts.
        wear: of a storage, real price per kWh throughput; ``round_trip`` 0..1 and
            ``capacity_wh`` where the device does not tell; ``strategy``: how it is used.
        agent: name of an installed agent that tenders for it; empty = the one of its role.
        programme: what a load draws once it has begun, None where that is not known.
        wish: what the owner configured for it, None = nothing.
        comfort: the temperatures it keeps, None = none.
        before: loads that it goes before at one price; ``rank``: how many go before it.
    """

    id: str
    role: Role
    driver: str
    connection: str
    line: str
    unit: int = 1
    poll: Duration = SECOND
    timeout: Duration = SECOND
    limits: Limits = field(default_factory=Limits)
    fallback: Fallback = field(default_factory=Fallback)
    no_timer: bool = False
    writes: WriteBudget = field(default_factory=WriteBudget)
    contest: ContestPolicy = ContestPolicy.YIELD
    tender: bool = True
    price_cap: float | None = None
    gives_up_at: float | None = None
    marginal_cost: float = 0.0
    start_cost: float = 0.0
    wear: float = 0.0
    strategy: Strategy = Strategy.PLAN
    round_trip: float | None = None
    capacity_wh: float | None = None
    agent: str = ""
    programme: Programme | None = None
    comfort: Comfort | None = None
    wish: Wish | None = None
    before: tuple[str, ...] = ()
    rank: int = 0
