"""Limits of the owner: inside what is configured, in force at once, kept if the disk can."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.adapters.state import StateUnusable
from gateway.agents import agents_for
from gateway.model.device import Capabilities, Control, Description, Device, Identity, Limits, Role
from gateway.model.event import Described, LimitsChanged
from gateway.model.limit import CONNECTION, LimitKey
from gateway.model.request import LimitRequest
from gateway.model.site import FixedPrice, GridLimits, Tariff
from gateway.runtime.bus import LocalBus
from gateway.runtime.limits import OwnerLimits
from scripts import mqtt_docs

NOW = mqtt_docs.NOW


def device(name, role, **limits):
    return Device(
        id=name, role=role, driver="sunspec", connection="x", line="x", limits=Limits(**limits)
    )


DEVICES = (
    device("roof", Role.SOLAR),
    device("battery", Role.STORAGE, min_soc_pct=10.0, max_soc_pct=90.0, charge_w=3000.0),
    device("meter", Role.GRID),
)
SITE = replace(
    mqtt_docs.SITE,
    devices=tuple(replace(mqtt_docs.SITE.devices[0], device=one) for one in DEVICES),
    limits=GridLimits(import_w=17_000.0, export_w=5_000.0),
)


class Clock:
    def now(self):
        return NOW


class Room:
    """A disk, a bus, and the limits before them."""

    def __init__(self, kept=None, broken=False):
        self.kept, self.full, self.broken = kept or {}, False, broken
        self.bus, self.told, self.sites = LocalBus(), [], []
        self.bus.listen(self.hear)
        self.limits = OwnerLimits(
            configured=SITE, load=self.load, store=self.store, clock=Clock(), bus=self.bus
        )
        self.limits.on_change = self.sites.append

    def hear(self, fact):
        if isinstance(fact, LimitsChanged):
            self.told.append((fact.device, dict(fact.limits)))

    def load(self):
        if self.broken:
            message = "not JSON"
            raise StateUnusable(message)
        return self.kept

    async def store(self, wishes):
        if self.full:
            message = "no space left"
            raise StateUnusable(message)
        self.kept = wishes

    async def set(self, name, key, value):
        with capture_logs() as logs:
            self.limits.set(LimitRequest(device=name, key=key, value=float(value)))
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(others)
        return [line["event"] for line in logs]

    def describe(self, name, **capabilities):
        told = Capabilities(control=Control.LIMIT, **capabilities)
        description = Description(identity=Identity(), capabilities=told)
        self.bus.publish(Described(device=name, description=description))


async def test_a_limit_is_in_force_kept_and_told():
    room = Room()
    assert await room.set("battery", LimitKey.MIN_SOC_PCT, 40) == ["limit.changed"]
    (site,) = room.sites
    battery = next(one.device for one in site.devices if one.device.id == "battery")
    assert battery.limits.min_soc_pct == 40
    assert room.kept == {"battery": {"min_soc_pct": 40.0}}
    name, limits = room.told[-1]
    assert name == "battery"
    assert limits[LimitKey.MIN_SOC_PCT] == 40


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("battery", LimitKey.MIN_SOC_PCT, 9),
        ("battery", LimitKey.MIN_SOC_PCT, 90),
        ("battery", LimitKey.MAX_SOC_PCT, 91),
        ("battery", LimitKey.MAX_SOC_PCT, 10),
        ("battery", LimitKey.CHARGE_W, 3001),
        ("battery", LimitKey.CHARGE_W, -1),
        ("battery", LimitKey.IMPORT_LIMIT_W, 1000),
        ("roof", LimitKey.MAX_W, 1000),  # nobody has told what it can do yet
        (CONNECTION, LimitKey.EXPORT_LIMIT_W, 5001),
        ("meter", LimitKey.MAX_W, 1),
        ("nobody", LimitKey.MAX_W, 1),
    ],
)
async def test_outside_the_range_nothing_changes_and_what_holds_is_told_again(name, key, value):
    room = Room()
    assert await room.set(name, key, value) == ["limit.refused"]
    assert not room.sites
    assert room.kept == {}
    assert [told for told, _ in room.told] == ([name] if name in {"battery", CONNECTION} else [])


async def test_what_a_device_tells_of_itself_is_a_bound_where_none_is_configured():
    room = Room()
    room.describe("roof", rating_w=8000.0)
    assert room.told == [("roof", {LimitKey.MAX_W: 8000.0})]
    assert await room.set("roof", LimitKey.MAX_W, 3000) == ["limit.changed"]
    assert await room.set("roof", LimitKey.MAX_W, 8001) == ["limit.refused"]


async def test_it_holds_though_the_disk_is_full():
    room = Room()
    room.full = True
    events = await room.set(CONNECTION, LimitKey.EXPORT_LIMIT_W, 0)
    assert events == ["limit.changed", "limit.not_kept"]
    assert room.sites[-1].limits.export_w == 0
    assert room.limits.site.limits.export_w == 0


async def test_kept_limits_are_in_force_from_the_start():
    room = Room(kept={CONNECTION: {"export_limit_w": 0.0}, "gone": {"max_w": 5.0}})
    assert room.limits.site.limits == GridLimits(import_w=17_000.0, export_w=0.0)


async def test_where_they_cannot_be_read_the_configured_ones_hold_and_it_is_said():
    with capture_logs() as logs:
        room = Room(broken=True)
    assert room.limits.site == SITE
    assert [line["event"] for line in logs] == ["limit.unreadable"]


def test_another_tariff_is_in_force_for_the_agents_and_what_the_owner_wished_stays():
    room = Room({"battery": {"charge_w": 2000.0}})
    room.limits.priced_by(Tariff(import_price=FixedPrice(value=0.55)))
    (site,) = room.sites
    storage = next(one for one in agents_for(site) if one.party.id == "battery")
    assert storage.dearest_import == 0.55
    assert storage.device.limits.charge_w == 2000.0
