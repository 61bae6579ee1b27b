"""What all loads share: when one rests, runs on or is left alone, and what its owner pays."""

from gateway.agents.steps import steerable
from gateway.model.device import Device
from gateway.model.product import Product
from gateway.model.snapshot import DeviceView
from gateway.model.time import MINUTE, Duration, Instant
from gateway.ports.agent import Gate

# So long nothing is bought for a load that did not follow.
PATIENCE = Duration(5 * MINUTE)
RUNS_W = 50.0


def ready(gate: Gate, device: Device) -> DeviceView | None:
    """The view of a load that may be bought for, else None.

    Inside its minimum rest nothing is bought for it, nor for some minutes after a command had no
    effect (too warm, full, not plugged in: it has its own reasons).
    """
    view = steerable(gate, device.id)
    if view is None or _must_rest(device, view, gate.interval.start):
        return None
    begins = max(gate.now, gate.interval.start)
    if view.no_effect_at is not None and begins < view.no_effect_at + PATIENCE:
        return None
    return view


def runs_on(device: Device, view: DeviceView, start: Instant) -> bool:
    """Whether its minimum run keeps it on at ``start``."""
    started = view.running_since
    return started is not None and start < started + device.limits.min_run


def dearest(product: Product) -> int:
    """A tick below the product's cap: when a limit binds, it yields to load that must run."""
    return product.price_cap - product.tick


def in_turn(product: Product, device: Device, price: int) -> int:
    """The price, at most ``dearest``, a tick less for each load that goes before it."""
    return min(price, dearest(product)) - device.rank * product.tick


def won(gate: Gate, view: DeviceView, price: int) -> bool:
    """Whether its least power is sure at ``price``: it runs already, or the grid sells so much.

    Only then is more asked for: a little surplus may be bought that no load can take.
    """
    tariff = gate.snapshot.import_price
    sold = tariff is not None and price - gate.product.tick >= gate.product.price(tariff)
    return sold or (view.power_w or 0.0) > RUNS_W


def _must_rest(device: Device, view: DeviceView, start: Instant) -> bool:
    """Whether it stopped less than its minimum rest before ``start``."""
    stopped = view.stopped_since
    if stopped is None or view.running_since is not None:
        return False
    return start < stopped + device.limits.min_rest
