"""What a hang-up changes live and what it names."""

import dataclasses

import pytest
import structlog

from gateway.adapters.log import Threshold
from gateway.app.reload import Reload, restart_keys, topics
from gateway.config import Loaded, Problem
from gateway.model.membership import Allowance
from gateway.model.site import (
    AdmissionSettings,
    BrokerSettings,
    CalendarPrice,
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
from gateway.model.tender import Party
from gateway.model.time import Duration, Instant

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
        ({"parties": (Party(id="a"),), "allowances": {"a": Allowance()}}, "parties"),
        (
            {"admission": AdmissionSettings(silence=Duration(1))},
            "registration, enrollment, silence",
        ),
    ],
)
def test_what_takes_a_restart_is_named(change, key):
    assert restart_keys(SITE, dataclasses.replace(SITE, **change)) == [key]


def test_a_price_may_stop_to_come_by_topic_without_a_restart():
    running = dataclasses.replace(SITE, tariff=LISTENING)
    assert topics(LISTENING) == {"tariff/import"}
    assert restart_keys(running, SITE) == []


class Running:
    """A gateway as far as a reload sees it; ``changes`` of mode and prices."""

    def __init__(self):
        self.settings, self.changes = SITE, []
        self.control = self.prices = self

    async def configure(self, change):
        self.changes.append(change)

    def priced_by(self, tariff, calendars):
        self.changes.append((tariff, dict(calendars)))


@pytest.mark.parametrize("refused", [("roof",), ()])
async def test_one_mistake_in_one_device_and_nothing_of_the_file_is_taken(refused):
    """The rest of the file is healthy then, and would have been a site of its own."""
    problem = Problem(
        file="site.yaml", line=9, column=5, path="devices.roof", found="x", allowed="y"
    )
    changed = dataclasses.replace(SITE, control=ControlMode.ACT, log=LogSettings(level="debug"))
    gateway, threshold = Running(), Threshold("info")
    file = Loaded(
        file="site.yaml", site=changed if refused else None, problems=(problem,), refused=refused
    )
    await Reload(lambda: file, gateway, threshold)()
    assert gateway.changes == []
    with pytest.raises(structlog.DropEvent):
        threshold(None, "debug", {})


async def test_a_file_without_mistakes_is_taken():
    gateway, changed = Running(), dataclasses.replace(SITE, control=ControlMode.ACT)
    file = Loaded(file="site.yaml", site=changed)
    await Reload(lambda: file, gateway, Threshold("info"))()
    assert gateway.changes == [ControlMode.ACT]


async def test_a_tariff_in_a_calendar_is_taken_with_what_is_in_it():
    text = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:all\nSUMMARY:0.21\nDTSTART;VALUE=DATE:19700101\n"
        "RRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    source = CalendarPrice(file="tariff.ics", text=text, zone="UTC", dearest=0.21)
    tariff = Tariff(import_price=source)
    gateway = Running()
    file = Loaded(file="site.yaml", site=dataclasses.replace(SITE, tariff=tariff))
    await Reload(lambda: file, gateway, Threshold("info"))()
    ((taken, calendars),) = gateway.changes
    assert taken == tariff
    assert calendars[source].at(Instant(0)) == 0.21
