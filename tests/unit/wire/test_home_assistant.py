"""What Home Assistant is told, held to its documented rules, and what it shows of our messages."""

import json
from dataclasses import replace

import pytest

from gateway.model.device import (
    Capabilities,
    Control,
    Description,
    Device,
    DeviceState,
    Identity,
    Limits,
    Role,
)
from gateway.model.event import (
    ControlChanged,
    Described,
    EnergyCounted,
    HealthChanged,
    LimitsChanged,
    StateChanged,
)
from gateway.model.limit import CONNECTION, LimitKey, device_ranges, in_force, site_ranges
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.site import ControlMode, HomeAssistantSettings, OwnerControl
from gateway.model.time import MINUTE, SECOND, Duration, Instant
from gateway.wire.home_assistant import HomeAssistant
from gateway.wire.mirror import Mirror
from scripts import mqtt_docs
from tests.unit.wire.home_assistant_rules import entities, is_available, render

NOW = mqtt_docs.NOW
TOLD = Capabilities(control=Control.TARGET, rating_w=5000.0, charge_w=5000.0, discharge_w=4000.0)
IDENTITY = Identity(maker="Acme", model="Sun 8", version="1.4", serial="123")


def device(role, **more):
    name = more.pop("name", str(role))
    return Device(id=name, role=role, driver="sunspec", connection="x", line="x", **more)


def site(*devices, **changes):
    settings = tuple(replace(mqtt_docs.SITE.devices[0], device=one) for one in devices)
    return replace(mqtt_docs.SITE, devices=settings, **changes)


def assistant(where, installation="ab12cd34"):
    return HomeAssistant(where, installation=installation, version="0.1.0")


def announcements(home):
    return (*home.standing(), *home.unasked())


def described(one, told=TOLD):
    return Described(device=one.id, description=Description(identity=IDENTITY, capabilities=told))


def shown(one, *facts, told=TOLD, where=None):
    """The device's entities by their short names, and what is retained after the facts."""
    where = where or site(one)
    home = assistant(where)
    mirror = Mirror(where, home)
    retained = {m.topic: m.payload for m in (mirror.birth(NOW), *mirror.standing())}
    for fact in (described(one, told), *facts):
        retained |= {m.topic: m.payload for m in mirror.messages(fact, NOW)}
    topic = f"homeassistant/device/gridtender-home-D-{one.id}/config"
    found = entities(topic, retained[topic])
    return {id_.rsplit("-", 1)[1]: entity for id_, entity in found.items()}, retained


def state_of(entity, retained):
    """As Home Assistant shows it: a text, or unavailable."""
    if not is_available(entity, retained):
        return "unavailable"
    return render(entity["value_template"], retained[entity["state_topic"]])


def online(one):
    return StateChanged(device=one.id, state=DeviceState.ONLINE, since=NOW, reason="")


def reading(one, power_w=-3120.0, **more):
    flows = {} if power_w is None else {POWER: power_w}
    return Reading(device=one.id, at=NOW, flows=flows, **more)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("told", [Capabilities(), TOLD], ids=["unknown", "told"])
def test_every_role_is_announced_by_the_documented_rules(role, told):
    found, retained = shown(device(role), told=told)
    assert {"power", "state", "problem"} <= set(found)
    for topic, payload in retained.items():
        if topic.startswith("homeassistant/"):
            entities(topic, payload)


def test_gateway_is_a_device_with_mode_prices_limits_and_health():
    home = assistant(site())
    (message,) = home.standing()
    found = entities(message.topic, message.payload)
    names = {id_.rsplit("-", 1)[1] for id_ in found}
    assert {"control", "hands_off", "import_limit_w", "export_limit_w", "price_power"} <= names
    assert {"connected", "problem", "faults"} <= names
    assert message.retain
    assert message.qos == 1


def test_ids_are_the_same_in_every_run_and_differ_between_areas_and_devices():
    one = site(device(Role.SOLAR, name="roof"), device(Role.STORAGE, name="battery"))
    other = replace(one, area="garden")
    ids = [
        entity["unique_id"]
        for where in (one, other)
        for message in announcements(assistant(where))
        for entity in entities(message.topic, message.payload).values()
    ]
    assert len(ids) == len(set(ids))
    again = [m.payload for m in announcements(assistant(one))]
    assert again == [m.payload for m in announcements(assistant(one))]


def test_area_a_b_with_device_c_is_never_area_a_with_device_b_c():
    first = announcements(assistant(replace(site(device(Role.LOAD, name="c")), area="a-b")))
    second = announcements(assistant(replace(site(device(Role.LOAD, name="b-c")), area="a")))
    assert not {m.topic for m in first} & {m.topic for m in second}


def test_what_the_device_told_stands_in_its_description():
    _, retained = shown(device(Role.SOLAR, name="roof"))
    document = json.loads(retained["homeassistant/device/gridtender-home-D-roof/config"])
    about = document["dev"]
    assert (about["mf"], about["mdl"], about["sw"], about["sn"]) == ("Acme", "Sun 8", "1.4", "123")
    assert (
        about["via_device"]
        in json.loads(retained["homeassistant/device/gridtender-home-G/config"])["dev"]["ids"]
    )


def test_production_is_shown_positive_and_other_powers_as_they_flow_in():
    roof, battery = device(Role.SOLAR), device(Role.STORAGE)
    found, retained = shown(roof, online(roof), reading(roof))
    assert state_of(found["power"], retained) == "3120"
    found, retained = shown(battery, online(battery), reading(battery, soc_pct=61.5))
    assert state_of(found["power"], retained) == "-3120"
    assert state_of(found["soc"], retained) == "61.5"


@pytest.mark.parametrize(
    "missing",
    [{"power_w": None, "quality": Quality.MISSING}, {"power_w": 9e9, "quality": Quality.SUSPECT}],
)
def test_a_missing_or_impossible_value_is_unknown_and_never_zero(missing):
    roof, battery = device(Role.SOLAR), device(Role.STORAGE)
    for one in (roof, battery):
        found, retained = shown(one, online(one), reading(one, **missing))
        assert state_of(found["power"], retained) == "None"


def test_a_sleeping_device_is_available_and_its_missing_power_unknown():
    roof = device(Role.SOLAR)
    asleep = StateChanged(device=roof.id, state=DeviceState.SLEEPING, since=NOW, reason="night")
    found, retained = shown(roof, asleep, reading(roof, None, quality=Quality.MISSING))
    assert state_of(found["power"], retained) == "None"
    assert state_of(found["state"], retained) == "sleeping"


def test_an_offline_device_keeps_its_energy_and_state_and_loses_the_rest():
    roof = device(Role.SOLAR)
    counted = EnergyCounted(device=roof.id, at=NOW, in_wh=3, out_wh=4_000)
    away = StateChanged(device=roof.id, state=DeviceState.OFFLINE, since=NOW, reason="no answer")
    found, retained = shown(roof, counted, away, reading(roof))
    assert state_of(found["power"], retained) == "unavailable"
    assert state_of(found["energy_out"], retained) == "4000"
    assert state_of(found["state"], retained) == "offline"


def test_without_the_gateway_only_its_own_connection_is_told():
    roof = device(Role.SOLAR)
    counted = EnergyCounted(device=roof.id, at=NOW, in_wh=3, out_wh=4_000)
    found, retained = shown(roof, online(roof), counted, reading(roof))
    will = Mirror(site(roof)).will()
    retained[will.topic] = will.payload
    assert {state_of(entity, retained) for entity in found.values()} == {"unavailable"}
    topic = "homeassistant/device/gridtender-home-G/config"
    gateway = entities(topic, retained[topic])
    assert state_of(gateway["gridtender-home-G-connected"], retained) == "OFF"


def test_topics_cleared_by_a_clean_stop_leave_no_template_without_a_value():
    roof = device(Role.SOLAR)
    found, _ = shown(roof)
    for entity in found.values():
        assert render(entity["value_template"], b"") == "None"
        for one in entity["availability"]:
            assert render(one["value_template"], b"") == "offline"


def test_energy_never_falls_by_class_and_is_named_by_the_role():
    for role, names in (
        (Role.GRID, {"Energy imported", "Energy exported"}),
        (Role.SOLAR, {"Energy produced"}),
        (Role.STORAGE, {"Energy charged", "Energy discharged"}),
        (Role.HEAT, {"Energy consumed"}),
    ):
        found, _ = shown(device(role))
        energy = [e for e in found.values() if e.get("device_class") == "energy"]
        assert {e["name"] for e in energy} == names
        assert all(e["state_class"] == "total_increasing" for e in energy)


@pytest.mark.parametrize(
    ("poll", "expires_s"), [(0, 10), (SECOND, 10), (30 * SECOND, 90), (5 * MINUTE, 900)]
)
def test_a_measurement_expires_after_three_polls(poll, expires_s):
    found, _ = shown(device(Role.STORAGE, poll=Duration(poll)))
    assert found["power"]["expire_after"] == found["soc"]["expire_after"] == expires_s


def test_limits_can_be_set_inside_what_is_configured_or_told_and_show_what_holds():
    battery = device(Role.STORAGE, limits=Limits(charge_w=3000.0, min_soc_pct=10.0))
    ranges = device_ranges(battery, TOLD)
    limits = in_force(ranges, {LimitKey.MIN_SOC_PCT: 40.0})
    changed = LimitsChanged(device=battery.id, at=NOW, limits=limits, ranges=ranges)
    found, retained = shown(battery, online(battery), changed)
    assert (found["charge_w"]["min"], found["charge_w"]["max"]) == (0, 3000)
    assert found["discharge_w"]["max"] == 4000
    assert (found["min_soc_pct"]["min"], found["min_soc_pct"]["max"]) == (10, 100)
    assert state_of(found["charge_w"], retained) == "3000"
    assert state_of(found["min_soc_pct"], retained) == "40"
    assert found["min_soc_pct"]["command_topic"] == "rmf/1/home/owner/limit/storage/min_soc_pct"


def test_a_device_that_cannot_be_steered_offers_no_setpoint():
    found, _ = shown(device(Role.METER), told=Capabilities())
    assert not {"setpoint", "outcome", "max_w"} & set(found)


def test_setpoint_shows_what_was_accepted_else_what_was_commanded():
    roof = device(Role.SOLAR)
    status = SetpointStatus(
        device=roof.id,
        at=NOW,
        wanted=-3400.0,
        commanded=-2970.0,
        accepted=None,
        effective=None,
        outcome=Outcome.COMMANDED,
        lease_until=None,
        timer_until=Instant(NOW + 60 * SECOND),
        because="export limit 0 W",
    )
    found, retained = shown(roof, online(roof), status)
    assert state_of(found["setpoint"], retained) == "-2970"
    assert state_of(found["outcome"], retained) == "commanded"
    assert state_of(found["falls_back"], retained) == "2026-06-21T12:01:03.250Z"
    found, retained = shown(roof, online(roof), status, replace(status, accepted=-2968.0))
    assert state_of(found["setpoint"], retained) == "-2968"


def gateway_shown(*facts, where=None):
    home = assistant(where or site())
    mirror = Mirror(where or site(), home)
    retained = {m.topic: m.payload for m in (mirror.birth(NOW), *mirror.standing())}
    for fact in facts:
        retained |= {m.topic: m.payload for m in mirror.messages(fact, NOW)}
    topic = "homeassistant/device/gridtender-home-G/config"
    found = entities(topic, retained[topic])
    return {id_.rsplit("-", 1)[1]: entity for id_, entity in found.items()}, retained


def test_price_is_the_last_one_also_when_nothing_was_traded():
    clearing = next(f for f in mqtt_docs.FACTS if type(f).__name__ == "Clearing")
    found, retained = gateway_shown(clearing)
    assert state_of(found["price_power"], retained) == "0.08"
    assert found["price_power"]["unit_of_measurement"] == "EUR/kWh"
    found, retained = gateway_shown(replace(clearing, price=None, reference_price=3000))
    assert state_of(found["price_power"], retained) == "0.3"
    found, retained = gateway_shown(replace(clearing, price=None, reference_price=None))
    assert state_of(found["price_power"], retained) == "None"


@pytest.mark.parametrize("mode", ControlMode)
def test_mode_and_hands_off_show_what_is_in_force(mode):
    changed = ControlChanged(control=OwnerControl(mode=mode), at=NOW, by="topic")
    found, retained = gateway_shown(changed)
    assert state_of(found["control"], retained) in found["control"]["options"]
    expected = "ON" if mode is ControlMode.HANDS_OFF else "OFF"
    assert state_of(found["hands_off"], retained) == expected


def test_faults_are_counted_together_whatever_their_codes():
    one = HealthChanged(device=CONNECTION, at=NOW, faults=("JOURNAL_FAILED", "LIMIT_BROKEN"))
    found, retained = gateway_shown(one)
    assert state_of(found["problem"], retained) == "ON"
    assert state_of(found["faults"], retained) == "JOURNAL_FAILED, LIMIT_BROKEN"
    found, retained = gateway_shown(one, replace(one, faults=()))
    assert state_of(found["problem"], retained) == "OFF"
    assert state_of(found["faults"], retained) == "none"


def test_connection_without_limits_offers_none():
    where = site(limits=replace(mqtt_docs.SITE.limits, import_w=None, export_w=None))
    found, _ = gateway_shown(where=where)
    assert not {"import_limit_w", "export_limit_w"} & set(found)
    assert not site_ranges(where.limits)


def test_turned_off_nothing_is_announced():
    roof = device(Role.SOLAR)
    where = site(roof, home_assistant=HomeAssistantSettings(discovery=False))
    home = assistant(where)
    assert announcements(home) == ()
    assert home.messages(described(roof)) == ()


def test_own_announcements_are_known_also_of_a_renamed_area_and_strangers_never():
    roof = device(Role.SOLAR)
    home, renamed = assistant(site(roof)), assistant(replace(site(roof), area="old"))
    neighbour = assistant(site(roof), installation="ffffffff")
    ours = (*announcements(home), *announcements(renamed))
    assert all(home.is_ours(m.payload) for m in ours)
    assert not any(home.is_ours(m.payload) for m in announcements(neighbour))
    for foreign in (
        b"",
        b"{",
        b"[]",
        b'{"o":{"name":"zigbee2mqtt"},"dev":{"ids":["gridtender-ab12cd34-G"]}}',
        b'{"o":{"name":"gridtender"},"dev":{"ids":"gridtender-ab12cd34-G"}}',
        b'{"o":"gridtender","dev":7}',
    ):
        assert not home.is_ours(foreign)
