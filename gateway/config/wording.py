"""How settings are said to a person: durations, prices, levels, what enforces a fall-back."""

from typing import Final

from gateway.dispatch.lease import lease_of
from gateway.model.device import ContestPolicy, Device, Role
from gateway.model.product import Product
from gateway.model.share import ShareMode, ShareSettings
from gateway.model.site import (
    BrokerSettings,
    CalendarPrice,
    ControlMode,
    PriceSource,
    PriceTable,
    Site,
    TopicPrice,
)
from gateway.model.time import HOUR, Duration, rfc3339, short_duration

READ_ONLY: Final = frozenset({Role.GRID, Role.METER, Role.SENSOR})

MODES: Final = {
    ControlMode.OBSERVE: "devices are read, agents tender, the market clears; nothing is written",
    ControlMode.ADVISE: "as observe, and setpoints are published; nothing is written",
    ControlMode.ACT: "setpoints are written to the devices",
    ControlMode.HANDS_OFF: "nothing is written",
}


WHEN_GONE: Final = {
    ControlMode.OBSERVE: "When the gateway is gone: nothing changes in observe; with control: act",
    ControlMode.ADVISE: "When the gateway is gone: nothing changes in advise; with control: act",
    ControlMode.ACT: "When the gateway is gone",
    ControlMode.HANDS_OFF: "When the gateway is gone: nothing changes",
}

# The SunSpec model whose timer ends at the device's own rule, not at a chosen level; and whether
# it is still used: a storage is better off at its own rule than left at a forced power.
_TIMER_ENDS_ABOVE: Final = {
    Role.SOLAR: "(model 123) is left off",
    Role.STORAGE: "(model 124) stays on",
}


def duration_text(duration: Duration) -> str:
    """As in the file, days included."""
    days, rest = divmod(duration, 24 * HOUR)
    return f"{days}d" if days and not rest else short_duration(duration)


def price_text(price: PriceSource, per: str) -> str:
    """E.g. ``0.3 EUR/kWh`` or ``from topic tariff/import, in EUR/kWh``."""
    if isinstance(price, TopicPrice):
        return f"the number on topic {price.topic}, in {per}"
    if isinstance(price, PriceTable):
        first, last = rfc3339(price.steps[0][0]), rfc3339(price.steps[-1][0])
        return f"{len(price.steps)} prices in {per}, the first from {first}, the last from {last}"
    if isinstance(price, CalendarPrice):
        between = "" if price.default is None else f", between them {price.default:g}"
        return f"events of {price.file}, in {per}{between}"
    return f"{price.value:g} {per}"


def broker_text(broker: BrokerSettings) -> str:
    """Which broker, and as whom."""
    password = f"password in {broker.password_file}" if broker.password_file else "no password"
    if broker.url is not None:
        return f"{broker.url} as {broker.username}, {password}"
    kinds = {
        "auto": "mosquitto as a child where it is installed, else in-process",
        "mosquitto": "mosquitto as a child",
        "embedded": "in-process",
    }
    port = f"port {broker.listen_port}" if broker.listen_port else "any free port"
    guest = "; user guest may tender" if broker.guest else ""
    return f"our own, {kinds[broker.kind]}; on {broker.listen_host}, {port}{guest}"


def terms_text(product: Product) -> str:
    """What is traded, how and when."""
    return (
        f"{product.resource} in {product.unit}, every {duration_text(product.interval)}, "
        f"{product.mechanism} ({product.price_rule}); "
        f"gate {duration_text(product.gate_lead)} before delivery"
    )


def steps_text(product: Product) -> str:
    """The range and the steps of price and quantity, as real numbers."""
    low, high, tick = (
        product.real_price(price)
        for price in (product.price_floor, product.price_cap, product.tick)
    )
    return (
        f"prices {low:f} to {high:f} {product.currency}/{product.price_unit} in ticks of {tick:f}; "
        f"quantities in lots of {product.real_quantity(product.lot):g} {product.unit}"
    )


def steered(device: Device) -> bool:
    """Whether the configuration lets the gateway write to the device at all."""
    return device.tender and device.role not in READ_ONLY


def fallback_text(device: Device) -> str:
    """Where the device goes, and within what time."""
    if not steered(device):
        return "nothing is ever written to it"
    level = device.fallback.level_w
    where = "its own rule" if level is None else f"{level:g} W"
    return f"{where}, within {duration_text(device.fallback.after)} of the last renewal"


def enforcement_texts(device: Device) -> tuple[str, ...]:
    """What brings it there; what only the connected device can tell is said as an if."""
    if not steered(device):
        return ()
    if device.fallback.level_w is None:
        return ("its own timer, which connecting it shows;", *_without_timer(device))
    level = f"{device.fallback.level_w:g} W"
    if use := _TIMER_ENDS_ABOVE.get(device.role):
        return (
            f"its own timer if that can end at {level} (model 704); a timer that ends at its own",
            f"rule {use}, and `gridtender release` writes {level};",
            *_without_timer(device),
        )
    return (
        f"its own timer if that can end at {level}, else `gridtender release`;",
        *_without_timer(device),
    )


def renewals_per_day(device: Device) -> tuple[int, Duration]:
    """How often a setpoint that stands all day is renewed, and the time between."""
    half = Duration(lease_of(device.fallback.timer or device.fallback.after) // 2)
    return 24 * HOUR // half, half


def writes_text(device: Device) -> str:
    """How often it may be written to, what the lease alone takes, and what does not count."""
    budget = device.writes
    count, half = renewals_per_day(device)
    lease = f"the lease alone renews {count} times a day, every {duration_text(half)}"
    most = "counted" if budget.per_day is None else f"at most {budget.per_day} a day"
    if budget.volatile is True:
        return f"counted, without wear (volatile: true); {lease}"
    if budget.volatile is False:
        return f"{most}, its timer's registers too (volatile: false); {lease}"
    return (
        f"{most}, without those that its own timer ends; with a timer {lease}, else what "
        "stands is read back and written once an hour"
    )


def contest_text(device: Device) -> str:
    """What is done when somebody else steers it too."""
    if device.contest is ContestPolicy.INSIST:
        return "written again, at most every 2 s to 30 s"
    return "left to the other for 5min to 1h, then tried again"


def _without_timer(device: Device) -> tuple[str, ...]:
    if device.no_timer:
        return ("without a timer: `gridtender release` alone (no_timer: accept)",)
    return ("without a timer it is only read (no_timer: refuse)",)


def served_texts(site: Site) -> tuple[str, ...]:
    """What other programs find at which address, one sentence each."""
    texts = [share_text(share) for share in site.shares]
    if site.aggregate is not None:
        one = site.aggregate
        where = f"{one.host}:{one.port}, unit {one.unit}"
        texts.append(f"the site as a SunSpec device at {where}; read only")
    return tuple(texts)


def share_text(share: ShareSettings) -> str:
    """E.g. ``roof and all units on its connection at 127.0.0.1:1502; words up to 1s old; ...``."""
    age = "always asked anew"
    if share.mode is ShareMode.CACHED:
        age = f"words up to {duration_text(share.max_age)} old"
    rules = ", ".join(
        f"{rule.clients.with_prefixlen.removesuffix('/32')} writes "
        f"{rule.first}..{rule.last} of unit {rule.unit}"
        for rule in share.writes
    )
    where = f"{share.host}:{share.port}"
    return f"{share.device} and all units on its connection at {where}; {age}; " + (
        f"{rules}, but nothing that the gateway steers" if rules else "read only"
    )
