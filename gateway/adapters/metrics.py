"""Prometheus metrics: what happens in the house, counted, for a scraper on request.

The one door to prometheus_client (extra ``metrics``), which is imported only where the
configuration asks for metrics.  Labels are ids of the configuration and words of the model.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.model.clearing import Clearing
from gateway.model.device import DeviceState
from gateway.model.errors import (
    DeviceBusy,
    DeviceMisbehaves,
    DeviceUnavailable,
    GridtenderError,
    RequestRefused,
)
from gateway.model.event import EnergyCounted, Fact, FaultChanged, StateChanged
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.setpoint import SetpointStatus
from gateway.model.site import MetricsSettings
from gateway.model.time import Duration, Instant, in_seconds
from gateway.ports.clock import Clock

if TYPE_CHECKING:
    from socketserver import BaseServer

    from prometheus_client import Gauge

_KINDS: Final[Mapping[type[BaseException], str]] = {
    DeviceUnavailable: "unavailable",
    DeviceBusy: "unavailable",
    DeviceMisbehaves: "misbehaves",
    RequestRefused: "refused",
}
_FAST_S: Final = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5)
_SLOW_S: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
_SCRAPERS: Final = 8
_SILENT_S: Final = 5.0
_IO: Final = Path("/proc/self/io")


class MetricsUnavailable(GridtenderError):
    """They cannot be served; the house runs on without."""


class Metrics:
    """Counters and gauges of one gateway, and the server that shows them.

    Methods are called from the gateway's loop, ``journalled`` also from the journal's thread.
    """

    def __init__(
        self, settings: MetricsSettings, products: Mapping[str, Product], version: str, clock: Clock
    ) -> None:
        """Raises MetricsUnavailable where prometheus_client is not installed."""
        try:
            import prometheus_client as prometheus  # noqa: PLC0415  4 MB only for who asks
        except ImportError as error:
            message = "prometheus_client is not installed: pip install 'gridtender[metrics]'"
            raise MetricsUnavailable(message) from error
        prometheus.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._prometheus = prometheus
        self._settings = settings
        self._products = products
        self._clock = clock
        self._leases: dict[str, Instant] = {}
        self._registry = registry = prometheus.CollectorRegistry()
        counter, gauge, histogram = prometheus.Counter, prometheus.Gauge, prometheus.Histogram
        device = ("device",)

        def named(name: str) -> str:
            return f"gridtender_{name}"

        self._polls = counter(named("polls"), "Polls of a device.", device, registry=registry)
        self._poll_seconds = prometheus.Summary(
            named("poll_seconds"), "Duration of a poll, answered or not.", device, registry=registry
        )
        self._poll_errors = counter(
            named("poll_errors"),
            "Polls that failed.",
            ("device", "kind"),
            registry=registry,
        )
        self._state = prometheus.Enum(
            named("device_state"),
            "State of a device.",
            device,
            states=[state.value for state in DeviceState],
            registry=registry,
        )
        self._power = gauge(
            named("power_watts"), "Power into the device.", device, registry=registry
        )
        self._soc = gauge(
            named("state_of_charge_ratio"), "State of charge, 0 to 1.", device, registry=registry
        )
        self._energy = gauge(
            named("energy_watthours"),
            "Energy of a device since it was first counted; it never falls.",
            ("device", "direction"),
            registry=registry,
        )
        self._faults = gauge(
            named("fault"), "1 while the fault lasts.", ("device", "code"), registry=registry
        )
        self._setpoints = counter(
            named("setpoints"),
            "Setpoints by how far they came, as published.",
            ("device", "outcome"),
            registry=registry,
        )
        self._lease = gauge(
            named("lease_left_seconds"),
            "How long the newest setpoint still holds.",
            device,
            registry=registry,
        )
        self._writes = gauge(
            named("register_writes_today"),
            "Requests of this UTC day to registers that keep their value.",
            device,
            registry=registry,
        )
        self._price = gauge(
            named("price"),
            "Price of the last clearing.",
            ("product", "currency", "unit"),
            registry=registry,
        )
        self._clearings = counter(
            named("clearings"), "Clearings.", ("product", "scheduled"), registry=registry
        )
        self._lateness = histogram(
            named("gate_lateness_seconds"),
            "How long after its gate a product was cleared.",
            ("product",),
            buckets=_SLOW_S,
            registry=registry,
        )
        self._passes = histogram(
            named("dispatch_pass_seconds"),
            "Duration of a pass of the dispatcher.",
            buckets=_FAST_S,
            registry=registry,
        )
        self._feeds = counter(
            named("watchdog_feeds"), "Times the service supervisor was told all is well.",
            registry=registry,
        )  # fmt: skip
        self._syncs = histogram(
            named("journal_sync_seconds"),
            "Duration of a synced write of the journal.",
            buckets=_SLOW_S,
            registry=registry,
        )
        self._rows = counter(named("journal_rows"), "Rows written.", registry=registry)
        self._bytes = counter(
            named("journal_bytes"), "Characters of the rows written.", registry=registry
        )
        prometheus.Info(named("build"), "Of this program.", registry=registry).info(
            {"version": version}
        )
        prometheus.ProcessCollector(registry=registry)
        self.show("disk_written_bytes", "Bytes this process caused to be written.", _disk_written)

    def show(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge that is asked at each scrape, from another thread: it must only look."""
        gauge = self._prometheus.Gauge(f"gridtender_{name}", text, registry=self._registry)
        gauge.set_function(value)

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        """Answer ``GET /metrics`` while inside; the port.

        Raises:
            MetricsUnavailable: the address cannot be listened on.
        """
        host, port = self._settings.host, self._settings.port
        try:
            server, thread = self._prometheus.start_http_server(port, host, self._registry)
        except OSError as error:
            message = f"cannot listen on {host}:{port}: {error.strerror or error}"
            raise MetricsUnavailable(message) from error
        _bound(server)
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    # What is told.

    def listen(self, fact: Fact) -> None:
        """The bus listener."""
        match fact:
            case Reading():
                self._read(fact)
            case StateChanged(device=device, state=state):
                self._state.labels(device).state(state.value)
                if state in {DeviceState.OFFLINE, DeviceState.SLEEPING}:
                    _forget(self._power, device)
                    _forget(self._soc, device)
            case SetpointStatus():
                self._set(fact)
            case FaultChanged(device=device, code=code, active=active):
                self._faults.labels(device, code).set(active)
            case EnergyCounted(device=device, in_wh=in_wh, out_wh=out_wh):
                self._energy.labels(device, "in").set(in_wh)
                self._energy.labels(device, "out").set(out_wh)
            case Clearing():
                self._cleared(fact)
            case _:
                return

    def polled(self, device: str, seconds: float, fault: BaseException | None) -> None:
        """A device was asked; ``fault`` is None when it answered."""
        self._polls.labels(device).inc()
        self._poll_seconds.labels(device).observe(seconds)
        if fault is not None:
            self._poll_errors.labels(device, _KINDS.get(type(fault), "other")).inc()

    def passed(self, seconds: float) -> None:
        """The dispatcher made a pass."""
        self._passes.observe(seconds)

    def fed(self) -> None:
        """The watchdog was fed."""
        self._feeds.inc()

    def journalled(self, rows: int, size: int, seconds: float, *, synced: bool) -> None:
        """The journal wrote rows with so many characters."""
        self._rows.inc(rows)
        self._bytes.inc(size)
        if synced:
            self._syncs.observe(seconds)

    def _read(self, reading: Reading) -> None:
        """A value that is missing is not shown, never 0 and never the last one."""
        _put(self._power, reading.device, reading.power_w)
        soc = None if reading.soc_pct is None else reading.soc_pct / 100
        _put(self._soc, reading.device, soc)

    def _set(self, status: SetpointStatus) -> None:
        device = status.device
        self._writes.labels(device).set(status.writes_today)
        if status.outcome is not None:
            self._setpoints.labels(device, status.outcome.value).inc()
        if status.lease_until is None:
            if self._leases.pop(device, None) is not None:
                _forget(self._lease, device)
            return
        fresh = device not in self._leases
        self._leases[device] = status.lease_until
        if fresh:
            self._lease.labels(device).set_function(lambda: self._left_s(device))

    def _left_s(self, device: str) -> float:
        until = self._leases.get(device)
        return 0.0 if until is None else max(0.0, in_seconds(Duration(until - self._clock.now())))

    def _cleared(self, clearing: Clearing) -> None:
        product = self._products[clearing.product]
        self._clearings.labels(product.id, str(clearing.scheduled).lower()).inc()
        price = clearing.reference_price if clearing.price is None else clearing.price
        if price is not None:
            labels = (product.id, product.currency, product.price_unit)
            self._price.labels(*labels).set(float(product.real_price(price)))
        if clearing.scheduled:
            late = clearing.at - product.gate(clearing.instrument)
            self._lateness.labels(product.id).observe(max(0.0, in_seconds(late)))


def _bound(server: "BaseServer") -> None:
    """So many at once, and nobody who keeps silent: each holds one of the process's threads."""
    free = threading.BoundedSemaphore(_SCRAPERS)

    class Impatient(server.RequestHandlerClass):  # type: ignore[name-defined, misc]
        timeout = _SILENT_S

        def finish(self) -> None:
            free.release()
            super().finish()

    server.RequestHandlerClass = Impatient
    server.verify_request = lambda *_: free.acquire(blocking=False)  # type: ignore[method-assign]
    # Who left early needs no traceback.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]


def _put(gauge: "Gauge", device: str, value: float | None) -> None:
    if value is None:
        _forget(gauge, device)
    else:
        gauge.labels(device).set(value)


def _forget(gauge: "Gauge", device: str) -> None:
    with contextlib.suppress(KeyError):
        gauge.remove(device)


def _disk_written() -> float:
    """Source: proc(5), /proc/pid/io."""
    with contextlib.suppress(OSError, ValueError):
        for line in _IO.read_text("ascii").splitlines():
            if line.startswith("write_bytes:"):
                return float(line.partition(":")[2])
    return 0.0
