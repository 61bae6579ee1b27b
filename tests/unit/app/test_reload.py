"""What a hang-up changes live and what it names."""

import dataclasses

import pytest

from gateway.app.reload import restart_keys, topics
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DispatchSettings,
    FixedPrice,
    GridLimits,
    JournalSettings,
    LogSettings,
    Site,
    Tariff,
    TopicPrice,
)

SITE = Site(
    area="home",
    timezone="UTC",
    currency="EUR",
    control=ControlMode.OBSERVE,
    state_dir="/var/lib/gridtender",
    broker=BrokerSettings(),
    devices=(),
    products=(),
    limits=GridLimits(),
    tariff=Tariff(),
    dispatch=DispatchSettings(),
    journal=JournalSettings(),
    parties=(),
    log=LogSettings(),
)
LISTENING = Tariff(import_price=TopicPrice(topic="tariff/import"))


@pytest.mark.parametrize(
    "change",
    [
        {"control": ControlMode.ACT},
        {"log": LogSettings(level="debug")},
        {"tariff": Tariff(import_price=FixedPrice(value=0.5))},
    ],
)
def test_control_level_and_prices_need_no_restart(change):
    assert restart_keys(SITE, dataclasses.replace(SITE, **change)) == []


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"area": "shed"}, "area"),
        ({"limits": GridLimits(export_w=0.0)}, "grid limits"),
        ({"dispatch": DispatchSettings(deviation_w=50.0)}, "dispatch"),
        ({"tariff": LISTENING}, "price topics"),
        ({"log": LogSettings(format="json")}, "log.format"),
    ],
)
def test_what_takes_a_restart_is_named(change, key):
    assert restart_keys(SITE, dataclasses.replace(SITE, **change)) == [key]


def test_a_price_may_stop_to_come_by_topic_without_a_restart():
    running = dataclasses.replace(SITE, tariff=LISTENING)
    assert topics(LISTENING) == {"tariff/import"}
    assert restart_keys(running, SITE) == []
