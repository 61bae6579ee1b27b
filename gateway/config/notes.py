"""What is allowed but may surprise the owner, as sentences."""

from collections.abc import Iterator

from gateway.config.devices import default_level_w
from gateway.config.wording import renewals_per_day, steered
from gateway.model.device import ContestPolicy, Device, Role
from gateway.model.resource import POWER
from gateway.model.site import ControlMode, FixedPrice, Site, TopicPrice


def notes(site: Site) -> tuple[str, ...]:
    """Every note, the site's first."""
    devices = [settings.device for settings in site.devices]
    return (
        *_about_meter(site, devices),
        *_about_prices(site),
        *(text for device in devices for text in _about_device(site, device)),
    )


def _about_meter(site: Site, devices: list[Device]) -> Iterator[str]:
    if not devices:
        yield "There is no healthy device: nothing is read and the gateway tenders for nobody."
    if any(device.role is Role.GRID for device in devices):
        return
    yield (
        "No device has role grid: what the house draws is not known, so no agent tenders for "
        "its load."
    )
    if site.control is not ControlMode.ACT and site.limits.import_w is not None:
        yield "import_limit_w cannot be kept without a grid meter; control: act will be refused."
    if site.control is not ControlMode.ACT and site.limits.export_w is not None:
        yield "export_limit_w cannot be kept without a grid meter; control: act will be refused."


def _about_prices(site: Site) -> Iterator[str]:
    buy, sell = site.tariff.import_price, site.tariff.export_price
    if isinstance(buy, FixedPrice) and isinstance(sell, FixedPrice) and sell.value > buy.value:
        yield (
            "export_price is above import_price: in the market the grid buys at one tick below "
            "import_price, and the rest is settled outside."
        )
    product = next(product for product in site.products if product.resource == POWER)
    low, high = product.real_price(product.price_floor), product.real_price(product.price_cap)
    for key, price in (("import_price", buy), ("export_price", sell)):
        if isinstance(price, FixedPrice) and not low <= price.value <= high:
            yield (
                f"{key} {price.value:g} is outside the prices of product {product.id}, {low:f} "
                f"to {high:f}: set its price_floor and price_cap."
            )
        if isinstance(price, TopicPrice):
            yield f"{key} is unknown until the first message on {price.topic} arrives."


def _about_device(site: Site, device: Device) -> Iterator[str]:
    level = default_level_w(device.role, site.limits, None)
    given = device.fallback.level_w
    if level is not None and (given is None or given > level) and not _alone_within(site, device):
        where = "its own rule" if given is None else f"{given:g} W"
        yield (
            f"{device.id} falls back to {where}, which may break a limit at the connection "
            f"point; {level:g} W would keep it."
        )
    count, _ = renewals_per_day(device)
    most = device.writes.per_day
    if steered(device) and device.writes.volatile is False and most is not None and count > most:
        yield (
            f"{device.id}: its lease alone renews {count} times a day, more than writes.per_day "
            f"{most}; fallback.after 120s or longer makes it {24 * 60}, which is the least."
        )
    if level is not None and device.contest is ContestPolicy.YIELD:
        yield (
            f"{device.id} yields to another controller, which may not know the limits at the "
            "connection point; contest: insist writes again."
        )
    if device.no_timer and device.driver == "mqtt" and site.broker.url is None:
        yield (
            f"{device.id}: `gridtender release` needs a broker; one of our own ends with the "
            "gateway, and then the device stays as it was told until the gateway is back."
        )
    if device.no_timer:
        yield (
            f"{device.id} may be driven without a timer of its own: after a crash only "
            "`gridtender release` or the next start lets go of it."
        )


def _alone_within(site: Site, device: Device) -> bool:
    """Whether all solar power together stays within the export limit."""
    if device.role is not Role.SOLAR or site.limits.export_w is None:
        return False
    plates = [one.device.limits.max_w for one in site.devices if one.device.role is Role.SOLAR]
    return None not in plates and sum(plate or 0.0 for plate in plates) <= site.limits.export_w
