"""A scraper reads a running gateway; one that cannot be served costs the house nothing."""

import asyncio
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.processes import NO_HEAT, free_port, until

pytestmark = pytest.mark.e2e


def scrape(port):
    url = f"http://127.0.0.1:{port}/metrics"
    with urllib.request.urlopen(url, timeout=5) as answer:
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {
        (sample.name.removeprefix("gridtender_"), *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


async def test_a_scraper_sees_what_the_house_does(place):
    await place.build()
    port = free_port()
    config = place.write(
        broker={"kind": "embedded"},
        devices=NO_HEAT,
        metrics={"listen": f"127.0.0.1:{port}"},
    )
    daemon = await place.run(config)
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    await until(lambda: len(place.clearings()) >= 2, "two clearings", 25)
    await until(lambda: scrape(port).get(("power_watts", "battery"), 0) > 1000, "it is read")
    found = await asyncio.to_thread(scrape, port)
    assert found["mqtt_connected",] == 1
    assert found["polls_total", "roof"] >= 3
    assert found["poll_seconds_sum", "roof"] > 0
    assert found["device_state", "battery", "online"] == 1
    assert found["power_watts", "battery"] > 1000
    assert found["state_of_charge_ratio", "battery"] == pytest.approx(0.5, abs=0.05)
    assert 0 < found["lease_left_seconds", "battery"] <= 120
    assert found["setpoints_total", "accepted", "battery"] >= 1
    assert found["clearings_total", "power", "true"] >= 1
    assert 0 <= found["gate_lateness_seconds_sum", "power"] < 1
    assert found["price", "EUR", "kWh", "power"] > 0
    assert found["dispatch_pass_seconds_count",] > 3
    assert found["watchdog_feeds_total",] >= 1
    assert found["journal_rows_total",] > 5
    assert found["journal_sync_seconds_count",] >= 1
    assert found["disk_written_bytes",] > 0
    await place.house.unplug("roof")
    await until(lambda: "state=offline" in daemon.text, "the roof is offline", 20)
    found = await asyncio.to_thread(scrape, port)
    assert found["poll_errors_total", "roof", "unavailable"] >= 1
    assert ("power_watts", "roof") not in found
    code, _ = await daemon.end()
    assert code == 0


async def test_a_port_that_is_taken_is_said_and_the_house_runs(place):
    await place.build()
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    config = place.write(
        broker={"kind": "embedded"}, devices=NO_HEAT, metrics={"listen": f"127.0.0.1:{port}"}
    )
    daemon = await place.run(config)
    await daemon.says("metrics.unavailable")
    await until(lambda: place.truth("battery_w") > 3000, "the surplus charges the battery", 25)
    taken.close()
