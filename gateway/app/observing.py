"""Metrics beside the house: counted where the configuration asks for them, else nothing."""

import contextlib
from collections.abc import Callable, Iterator

import structlog

from gateway.adapters.metrics import Metrics, MetricsUnavailable
from gateway.adapters.plugins import own_version
from gateway.app.gateway import Gateway
from gateway.app.mirroring import Mirroring
from gateway.model.site import Site
from gateway.ports.clock import Clock
from gateway.ports.watchdog import Watchdog


def open_metrics(site: Site, clock: Clock) -> Metrics | None:
    """None where they are off, or cannot be made, which is said."""
    if site.metrics is None:
        return None
    products = {product.id: product for product in site.products}
    try:
        return Metrics(site.metrics, products, own_version(), clock)
    except MetricsUnavailable as fault:
        _complain(fault)
        return None


def counted(watchdog: Watchdog, metrics: Metrics | None) -> Watchdog:
    """The watchdog, its feeds counted."""
    return watchdog if metrics is None else _CountedWatchdog(watchdog, metrics.fed)


@contextlib.contextmanager
def observing(metrics: Metrics | None, gateway: Gateway, mirroring: Mirroring) -> Iterator[None]:
    """Count and serve while inside."""
    if metrics is None:
        yield
        return
    gateway.bus.listen(metrics.listen)
    for device, station in gateway.stations.items():
        station.on_poll = _polled(metrics, device)
    gateway.dispatcher.on_pass = metrics.passed
    gateway.journal.on_write = lambda rows, size, seconds, synced: metrics.journalled(
        rows, size, seconds, synced=synced
    )
    metrics.show("mqtt_connected", "1 while connected.", lambda: mirroring.connected)
    metrics.show("mqtt_outbox_messages", "Messages that wait.", lambda: mirroring.waiting)
    with contextlib.ExitStack() as stack:
        try:
            port = stack.enter_context(metrics.serving())
        except MetricsUnavailable as fault:
            _complain(fault)
        else:
            structlog.get_logger().info("metrics.served", port=port)
        yield


def _polled(metrics: Metrics, device: str) -> Callable[[float, BaseException | None], None]:
    return lambda seconds, fault: metrics.polled(device, seconds, fault)


def _complain(fault: MetricsUnavailable) -> None:
    structlog.get_logger().error("metrics.unavailable", reason=str(fault))


class _CountedWatchdog:
    """Hands everything on."""

    def __init__(self, watchdog: Watchdog, on_feed: Callable[[], None]) -> None:
        self._watchdog = watchdog
        self._on_feed = on_feed
        self.ready, self.status = watchdog.ready, watchdog.status
        self.stopping = watchdog.stopping

    @property
    def interval_s(self) -> float | None:
        """As the watchdog says."""
        return self._watchdog.interval_s

    def feed(self) -> None:
        """Feed and count."""
        self._watchdog.feed()
        self._on_feed()
