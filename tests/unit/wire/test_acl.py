"""Nobody acts for somebody else: the access rules, evaluated and as mosquitto's file."""

import pytest

from gateway.wire.acl import Access, acl, allowed, mosquitto_acl, reachable

RULES = acl("home")
BASE = "rmf/1/home"


@pytest.mark.parametrize(
    ("user", "access", "topic", "expected"),
    [
        ("app", Access.WRITE, "u/app/req/power/create-tender", True),
        ("app", Access.WRITE, "u/app/status", True),
        ("app", Access.WRITE, "u/other/req/power/create-tender", False),
        ("app", Access.WRITE, "u/app/in/created-tender", False),
        ("app", Access.WRITE, "u/app/pos/power", False),
        ("app", Access.WRITE, "owner/control", False),
        ("app", Access.WRITE, "d/roof/set", False),
        ("app", Access.READ, "u/app/in/created-tender", True),
        ("app", Access.READ, "u/other/pos/power", False),
        ("app", Access.READ, "u/+/pos/power", False),
        ("app", Access.READ, "d/roof/reading", True),
        ("app", Access.READ, "p/#", True),
        ("app", Access.READ, "owner/control", False),
        ("owner", Access.WRITE, "owner/control", True),
        ("owner", Access.READ, "owner/control", False),
        ("gateway", Access.WRITE, "d/roof/set", True),
        ("gateway", Access.READ, "u/app/req/power/create-tender", True),
        (None, Access.READ, "status", True),
        (None, Access.READ, "u/None/pos/power", False),
        (None, Access.WRITE, "u//req/power/create-tender", False),
        ("+", Access.READ, "u/app/pos/power", False),
        ("#", Access.WRITE, "u/app/req/power/create-tender", False),
        ("app/req", Access.WRITE, "u/app/req/status", False),
    ],
)
def test_rules_grant_exactly_what_is_written(user, access, topic, expected):
    assert allowed(RULES, user, access, f"{BASE}/{topic}") is expected


def test_wide_subscription_is_reachable_though_not_all_of_it_is_granted():
    assert reachable(RULES, "app", "#")
    assert not allowed(RULES, "app", Access.READ, "#")
    assert not reachable(RULES, "app", f"{BASE}/u/other/#")


def test_owner_may_write_the_configured_price_topics_only():
    rules = acl("home", price_topics=["tariff/import"])
    assert allowed(rules, "owner", Access.WRITE, "tariff/import")
    assert not allowed(rules, "app", Access.WRITE, "tariff/import")
    assert not allowed(RULES, "owner", Access.WRITE, "tariff/import")


def test_mosquitto_file_is_the_same_rules():
    assert mosquitto_acl("home", price_topics=["tariff/import"]).splitlines() == [
        "user gateway",
        "topic readwrite #",
        "user owner",
        "topic write rmf/1/home/owner/control",
        "topic write rmf/1/home/owner/consent",
        "topic write rmf/1/home/owner/limit/#",
        "topic write rmf/1/home/owner/wish/#",
        "topic write rmf/1/home/owner/forecast/#",
        "topic read homeassistant/#",
        "topic write homeassistant/status",
        "topic write tariff/import",
        "pattern write rmf/1/home/u/%u/req/#",
        "pattern write rmf/1/home/u/%u/ack/#",
        "pattern write rmf/1/home/u/%u/status",
        "pattern write rmf/1/home/u/%u/avail",
        "pattern write rmf/1/home/u/%u/opt",
        "pattern read rmf/1/home/u/%u/#",
        "pattern write rmf/1/%u/tie/home/pos",
        "pattern read rmf/1/home/status",
        "pattern read rmf/1/home/dir",
        "pattern read rmf/1/home/m/#",
        "pattern read rmf/1/home/p/#",
        "pattern read rmf/1/home/d/#",
        "pattern read rmf/1/home/f/#",
    ]


def test_home_assistant_as_the_owner_reads_discovery_and_says_that_it_is_there_and_no_more():
    assert allowed(RULES, "owner", Access.READ, "homeassistant/device/gridtender-home-G/config")
    assert allowed(RULES, "owner", Access.WRITE, "homeassistant/status")
    assert not allowed(RULES, "owner", Access.WRITE, "homeassistant/device/x/config")
    assert not allowed(RULES, "app", Access.READ, "homeassistant/status")
    assert allowed(RULES, "owner", Access.WRITE, f"{BASE}/owner/limit/roof/max_w")
    assert not allowed(RULES, "app", Access.WRITE, f"{BASE}/owner/limit/roof/max_w")


@pytest.mark.parametrize("access", [Access.READ, Access.WRITE])
def test_devices_speak_on_their_topics_alone_and_nobody_else_does(access):
    rules = acl("home", devices=["zigbee2mqtt/#"])
    assert allowed(rules, "devices", access, "zigbee2mqtt/plug/set")
    assert not allowed(rules, "devices", access, "tele/plug")
    assert not allowed(rules, "devices", access, f"{BASE}/owner/control")
    assert not allowed(rules, "devices", Access.WRITE, f"{BASE}/d/roof/set")
    assert not allowed(rules, "devices", Access.WRITE, f"{BASE}/status")
    for other in ("app", "owner", None):
        assert not allowed(rules, other, access, "zigbee2mqtt/plug/set")


@pytest.mark.parametrize("topic", ["status", "dir", "m/ref", "p/power/clearing", "d/roof/reading"])
def test_a_market_above_reads_its_aggregate_and_nothing_else(topic):
    rules = acl("home", neighbours=["street"])
    assert allowed(rules, "street", Access.READ, f"{BASE}/tie/street/pos")
    assert not allowed(rules, "street", Access.READ, f"{BASE}/tie/street/state")
    assert not allowed(rules, "street", Access.READ, f"{BASE}/{topic}")
    assert not allowed(rules, "street", Access.READ, f"{BASE}/u/street/in/response")
    assert allowed(rules, "app", Access.READ, f"{BASE}/{topic}")
    assert not allowed(rules, "app", Access.READ, f"{BASE}/tie/street/pos")


def test_a_child_area_brings_its_own_aggregate_only():
    rules = acl("street")
    assert allowed(rules, "home", Access.WRITE, "rmf/1/home/tie/street/pos")
    assert not allowed(rules, "anna", Access.WRITE, "rmf/1/home/tie/street/pos")
    assert not allowed(rules, "anna", Access.READ, "rmf/1/home/tie/street/pos")
    assert allowed(rules, "gateway", Access.READ, "rmf/1/home/tie/street/pos")


def test_a_stranger_speaks_and_listens_under_its_own_client_id_only():
    rules = acl("home", registration=True)
    ask, told = (f"{BASE}/reg/box-1/{leaf}-party-registration" for leaf in ("create", "created"))
    assert allowed(rules, None, Access.WRITE, ask, client="box-1")
    assert allowed(rules, None, Access.READ, told, client="box-1")
    for client in ("", "box-2", "+", "#", "box-1/x"):
        assert not allowed(rules, None, Access.WRITE, ask, client=client)
        assert not allowed(rules, None, Access.READ, told, client=client)
    assert not allowed(rules, None, Access.READ, ask, client="box-1")
    assert not allowed(RULES, None, Access.WRITE, ask, client="box-1")
