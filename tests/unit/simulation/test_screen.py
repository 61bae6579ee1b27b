"""The picture is made of topics, whatever comes, and never wider than the terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulation.screen import Screen

CLEARING = {
    "sequence": 7,
    "scheduled": True,
    "price": 1854,
    "referencePrice": 1854,
    "priceScale": -4,
    "priceUnit": "kWh",
    "currency": "EUR",
    "volume": 2974,
    "because": "battery buying 2704 of 5000 W at 0.1854 EUR/kWh sets the price of 0.1854 EUR/kWh. "
    "Next cheaper: utility buying 3000 W at 0.0800 EUR/kWh.",
}


def heard(**payloads):
    screen = Screen(area="home")
    for topic, payload in payloads.items():
        screen.hear(f"rmf/1/home/{topic.replace('__', '/')}", json.dumps(payload).encode())
    return screen


def test_it_says_that_it_waits_while_nothing_was_heard():
    assert Screen(area="home").lines(99) == ["waiting for the gateway ..."]


def test_price_and_why_are_shown():
    text = "\n".join(heard(p__power__clearing=CLEARING).lines(99))
    assert "0.1854 EUR/kWh   volume 2974 W   clearing 7 (gate)" in text
    assert "why         battery buying 2704 of 5000 W" in text


def test_an_empty_clearing_shows_the_last_price():
    screen = heard(p__power__clearing={**CLEARING, "price": None, "scheduled": False})
    text = "\n".join(screen.lines(99))
    assert "none (last 0.1854 EUR/kWh)" in text
    assert "(unscheduled)" in text


def test_a_device_shows_direction_charge_setpoint_and_reason():
    screen = heard(
        d__battery__state={"state": "online"},
        d__battery__reading={"at": "2026-06-21T10:00:00.000Z", "flows": {"POWER": -4000}}
        | {"soc_pct": 61.5},
        d__battery__set={"commanded": -4000, "outcome": "effective", "because": "price 0.3000"},
    )
    lines = screen.lines(99)
    at = next(i for i, line in enumerate(lines) if line.startswith("battery"))
    assert "-4000 W [        <<<<<<<<|" in lines[at]
    assert "charge 61.5 %" in lines[at]
    assert lines[at + 1].endswith("-> -4000 W: effective; price 0.3000")


def test_a_limit_reads_as_a_limit_and_a_failure_says_why():
    screen = heard(
        d__roof__desc={"capabilities": {"control": "limit"}},
        d__roof__set={
            "commanded": -300,
            "outcome": "refused",
            "detail": "not connected",
            "because": "export limit",
        },
    )
    assert "-> at most 300 W: refused (not connected); export limit" in "\n".join(screen.lines(99))


def test_an_offline_device_shows_no_old_power():
    screen = heard(
        d__roof__state={"state": "offline"},
        d__roof__reading={"at": "2026-06-21T10:00:00.000Z", "flows": {"POWER": -4000}},
    )
    text = "\n".join(screen.lines(99))
    assert "4000" not in text
    assert "OFFLINE" in text


def test_a_cleared_topic_disappears():
    screen = heard(d__roof__state={"state": "online"}, d__grid__state={"state": "online"})
    screen.hear("rmf/1/home/d/roof/state", b"")
    assert screen.devices() == ("grid",)


@given(st.integers(30, 200))
def test_no_line_is_wider_than_asked(width):
    screen = heard(
        p__power__clearing=CLEARING,
        d__roof__set={"commanded": -1, "outcome": "accepted", "because": "x" * 300},
    )
    assert max(len(line) for line in screen.lines(width)) <= width


@pytest.mark.parametrize("payload", [b"no json", b"\xff", b"{"])
def test_garbage_is_not_drawn(payload):
    screen = Screen(area="home")
    screen.hear("rmf/1/home/d/roof/reading", payload)
    assert screen.topics == {}
