"""What Prometheus reads: names by its rules, missing values absent, labels bounded."""

import contextlib
import http.client
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.adapters.clock import WallClock
from gateway.adapters.metrics import Metrics, MetricsUnavailable
from gateway.model.clearing import Clearing, ClearingType
from gateway.model.device import DeviceState
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable
from gateway.model.event import EnergyCounted, FaultChanged, StateChanged
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.site import MetricsSettings
from gateway.model.time import SECOND, Duration, Instant, Interval

NOW = Instant(1_000_000 * SECOND)
PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
HERE = MetricsSettings(host="127.0.0.1", port=0)


class StillClock(WallClock):
    def now(self):
        return NOW


@pytest.fixture
def metrics():
    return Metrics(HERE, {"power": PRODUCT}, "1.2.3", StillClock())


@contextmanager
def answering(metrics):
    with metrics.serving() as port:
        yield f"http://127.0.0.1:{port}/metrics"


def scraped(metrics):
    """(name, labels) -> value, as the server renders them."""
    return parsed(generate_latest(metrics._registry).decode())


def parsed(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found, name, **labels):
    return found.get((f"gridtender_{name}", tuple(sorted(labels.items()))))


def reading(**more):
    return Reading(device="roof", at=NOW, **more)


def status(**more):
    known = {
        "wanted": None, "commanded": -100.0, "accepted": -100.0, "effective": None,
        "outcome": Outcome.ACCEPTED, "lease_until": Instant(NOW + 42 * SECOND),
        "timer_until": None, "because": "",
    }  # fmt: skip
    return SetpointStatus(device="roof", at=NOW, **(known | more))


def clearing(*, scheduled=True, price=1854, late_s=0.25):
    interval = PRODUCT.next_interval(NOW)
    return Clearing(
        sequence=1, product="power", at=Instant(PRODUCT.gate(interval) + int(late_s * SECOND)),
        instrument=interval, interval=Interval(interval.start, interval.end),
        scheduled=scheduled, price=price, reference_price=800, low=None, high=None, quantity=5,
        type=ClearingType.EXACT,
    )  # fmt: skip


def test_a_scraper_gets_them_over_http(metrics):
    metrics.polled("roof", 0.25, None)
    with answering(metrics) as url, urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        found = parsed(answer.read().decode())
    assert value(found, "polls_total", device="roof") == 1
    assert found.keys() == scraped(metrics).keys()


def test_polls_are_counted_with_their_time_and_what_went_wrong(metrics):
    metrics.polled("roof", 0.25, None)
    metrics.polled("roof", 0.5, DeviceUnavailable("x"))
    metrics.polled("roof", 0.5, DeviceMisbehaves("x"))
    metrics.polled("roof", 0.5, KeyError("x"))
    found = scraped(metrics)
    assert value(found, "polls_total", device="roof") == 4
    assert value(found, "poll_seconds_sum", device="roof") == 1.75
    kinds = {key: n for key, n in found.items() if key[0] == "gridtender_poll_errors_total"}
    assert {dict(labels)["kind"]: n for (_, labels), n in kinds.items()} == {
        "unavailable": 1, "misbehaves": 1, "other": 1
    }  # fmt: skip


def test_a_value_that_is_missing_is_absent_and_never_the_last_one(metrics):
    metrics.listen(reading(flows={POWER: -2310.5}, soc_pct=61.5))
    found = scraped(metrics)
    assert value(found, "power_watts", device="roof") == -2310.5
    assert value(found, "state_of_charge_ratio", device="roof") == 0.615
    metrics.listen(reading())
    found = scraped(metrics)
    assert value(found, "power_watts", device="roof") is None
    assert value(found, "state_of_charge_ratio", device="roof") is None


def test_a_device_that_is_gone_shows_its_state_and_no_power(metrics):
    metrics.listen(reading(flows={POWER: -1.0}))
    offline = StateChanged(device="roof", state=DeviceState.OFFLINE, since=NOW, reason="x")
    metrics.listen(offline)
    found = scraped(metrics)
    assert value(found, "power_watts", device="roof") is None
    key = {"device": "roof", "gridtender_device_state": "offline"}
    assert value(found, "device_state", **key) == 1
    assert value(found, "device_state", **(key | {"gridtender_device_state": "online"})) == 0


def test_setpoints_leases_and_writes(metrics):
    metrics.listen(status(writes_today=7))
    metrics.listen(status(outcome=Outcome.EFFECTIVE))
    found = scraped(metrics)
    assert value(found, "setpoints_total", device="roof", outcome="accepted") == 1
    assert value(found, "setpoints_total", device="roof", outcome="effective") == 1
    assert value(found, "lease_left_seconds", device="roof") == 42
    metrics.listen(status(lease_until=Instant(NOW - SECOND)))
    assert value(scraped(metrics), "lease_left_seconds", device="roof") == 0
    metrics.listen(status(lease_until=None, outcome=None, writes_today=7))
    found = scraped(metrics)
    assert value(found, "lease_left_seconds", device="roof") is None
    assert value(found, "register_writes_today", device="roof") == 7


def test_clearings_price_and_lateness(metrics):
    metrics.listen(clearing())
    metrics.listen(clearing(scheduled=False, price=None, late_s=99))
    found = scraped(metrics)
    assert value(found, "clearings_total", product="power", scheduled="true") == 1
    assert value(found, "clearings_total", product="power", scheduled="false") == 1
    assert value(found, "price", product="power", currency="EUR", unit="kWh") == 0.08
    assert value(found, "gate_lateness_seconds_sum", product="power") == 0.25


def test_faults_and_energy(metrics):
    metrics.listen(FaultChanged(device="gateway", code="JOURNAL_FAILED", active=True, at=NOW))
    metrics.listen(EnergyCounted(device="roof", at=NOW, in_wh=1, out_wh=2000))
    found = scraped(metrics)
    assert value(found, "fault", device="gateway", code="JOURNAL_FAILED") == 1
    assert value(found, "energy_watthours", device="roof", direction="out") == 2000
    metrics.listen(FaultChanged(device="gateway", code="JOURNAL_FAILED", active=False, at=NOW))
    assert value(scraped(metrics), "fault", device="gateway", code="JOURNAL_FAILED") == 0


def test_journal_dispatcher_watchdog_and_what_is_asked_at_the_scrape(metrics):
    metrics.journalled(3, 900, 0.02, synced=True)
    metrics.journalled(1, 100, 0.01, synced=False)
    metrics.passed(0.002)
    metrics.fed()
    metrics.show("mqtt_outbox_messages", "Waiting.", lambda: 12)
    found = scraped(metrics)
    assert value(found, "journal_rows_total") == 4
    assert value(found, "journal_bytes_total") == 1000
    assert value(found, "journal_sync_seconds_count") == 1
    assert value(found, "dispatch_pass_seconds_sum") == 0.002
    assert value(found, "watchdog_feeds_total") == 1
    assert value(found, "mqtt_outbox_messages") == 12
    assert value(found, "disk_written_bytes") >= 0
    assert value(found, "build_info", version="1.2.3") == 1
    assert found["process_resident_memory_bytes", ()] > 1e6


def _everything(metrics, device="roof"):
    for fact in (
        reading(flows={POWER: 1.0}, soc_pct=1.0), status(), clearing(),
        StateChanged(device=device, state=DeviceState.ONLINE, since=NOW, reason=""),
        EnergyCounted(device=device, at=NOW, in_wh=1, out_wh=2),
        FaultChanged(device=device, code="CODE", active=True, at=NOW, text="words"),
    ):  # fmt: skip
        metrics.listen(fact)
    metrics.polled(device, 0.1, DeviceUnavailable("words that differ each time"))


def test_names_follow_the_rules_of_prometheus(metrics):
    """Prefix, base units, _total of counters only; source: prometheus.io/docs/practices/naming."""
    _everything(metrics)
    text = generate_latest(metrics._registry).decode()
    families = list(text_string_to_metric_families(text))
    ours = [family for family in families if not family.name.startswith("process_")]
    assert len(ours) >= 20
    for family in ours:
        assert re.fullmatch(r"gridtender_[a-z][a-z_]*[a-z]", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|milliseconds|percent|pct|kwh|kw)(_|$)", family.name)
        if family.type == "counter":
            assert all(s.name == f"{family.name}_total" for s in family.samples)
        else:
            assert not family.name.endswith("_total")


def test_the_number_of_series_is_bounded_by_devices_and_words(metrics):
    _everything(metrics)
    before = len(scraped(metrics))
    for number in range(500):
        metrics.polled("roof", 0.1, DeviceUnavailable(f"text {number}"))
        metrics.listen(status(because=f"price {number}", detail=f"text {number}"))
        fault = FaultChanged(
            device="roof", code="CODE", active=bool(number % 2), at=NOW, text=f"text {number}"
        )
        metrics.listen(fault)
    assert len(scraped(metrics)) == before


def test_who_connects_and_keeps_silent_takes_few_threads_and_a_scraper_comes_after(metrics, capfd):
    before = threading.active_count()
    with metrics.serving() as port, contextlib.ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 30))
            for _ in range(40)
        ]
        # The last was refused when the ones before it had been taken.
        assert silent[-1].recv(1) == b""
        assert threading.active_count() - before <= 9
        stack.close()
        deadline = time.monotonic() + 5
        while not (found := scrape(port)):
            assert time.monotonic() < deadline
    assert b"gridtender_polls" in found
    assert capfd.readouterr().err == ""


def scrape(port):
    """What a scraper gets, nothing where it is not served."""
    url = f"http://127.0.0.1:{port}/metrics"
    with (
        contextlib.suppress(OSError, http.client.HTTPException),
        urllib.request.urlopen(url, timeout=5) as answer,
    ):
        return answer.read()
    return b""


def test_the_server_is_gone_when_it_is_left(metrics):
    with answering(metrics) as url:
        pass
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)


def test_an_address_that_is_taken_is_a_sentence(metrics):
    with metrics.serving() as port:
        taken = MetricsSettings(host="127.0.0.1", port=port)
        other = Metrics(taken, {}, "1", StillClock())
        with (
            pytest.raises(MetricsUnavailable, match=f"cannot listen on 127.0.0.1:{port}"),
            other.serving(),
        ):
            pass


def test_without_the_extra_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MetricsUnavailable, match=r"pip install 'gridtender\[metrics\]'"):
        Metrics(HERE, {}, "1", StillClock())


def test_who_does_not_ask_for_metrics_does_not_pay_for_the_library():
    code = "import sys, gateway.app.daemon; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
