"""The screen says what is, what needs a person and what to do; 80 columns are enough."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.board import Board
from gateway.app.status_advice import FAULTS
from gateway.app.status_ground import Ground
from gateway.app.status_page import WIDTH, Status, document, page
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import Instant, parse_rfc3339

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
HEALTHY = {
    "status": {"status": "online", "since": "2026-06-21T10:00:00.000Z"},
    "m/ref": {"timezone": "Europe/Amsterdam"},
    "m/control": {"mode": "act", "until": None, "by": "configuration"},
    "p/power/session": {"sessionStatus": "OPEN", "sessionClose": "2026-06-21T12:00:04.500Z"},
    "p/power/clearing": {
        "price": 1854,
        "priceScale": -4,
        "currency": "EUR",
        "priceUnit": "kWh",
        "volume": 2974,
        "resourceUnit": "W",
        "because": "battery buying 2704 W sets the price.",
    },
    "p/power/tender/app": {"sets": [{"tenders": [{}, {}]}]},
    "p/power/tender/roof": {"sets": [{"tenders": [{}]}]},
    "d/roof/state": {"state": "online", "since": "2026-06-21T10:00:00.000Z", "reason": ""},
    "d/roof/desc": {"capabilities": {"control": "limit"}},
    "d/roof/reading": {"at": "2026-06-21T11:59:59.000Z", "flows": {"POWER": -2968}},
    "d/roof/set": {
        "commanded": -2970,
        "outcome": "effective",
        "leaseUntil": "2026-06-21T12:00:43.000Z",
        "timerUntil": None,
        "because": "price 0.1854 (clearing 7)",
    },
    "d/battery/state": {"state": "sleeping", "since": "2026-06-21T10:00:00.000Z", "reason": ""},
}
GROUND = Ground(
    path=Path("/var/lib/gridtender"),
    running=True,
    control=None,
    control_broken="",
    armed=("roof",),
    broken=(),
    written=Instant(NOW - 3_000_000_000),
    presence=None,
)


def status(changes=None, *, ground=GROUND, **more):
    topics = {**HEALTHY, **(changes or {})}
    board = Board("home", {key: value for key, value in topics.items() if value is not None})
    known = {"broker": "mosquitto at 127.0.0.1:1883, connected", "unheard": "", "blind": ""}
    return Status(
        area="home", now=NOW, ground=ground, board=board, synchronised=True, **(known | more)
    )


def text(changes=None, **more):
    return "\n".join(page(status(changes, **more)))


def changed(topic, **more):
    return {topic: {**HEALTHY.get(topic, {}), **more}}


def gone(ground=GROUND, **changes):
    stopped = replace(ground, running=False, **changes)
    board = Board("home")
    return Status(
        area="home", now=NOW, ground=stopped, blind="", board=board, unheard="",
        broker="not asked", synchronised=True,
    )  # fmt: skip


def test_a_healthy_house_needs_nobody():
    shown = text()
    assert status().attention() == []
    assert shown.endswith("Nothing needs you.")
    assert "act (by configuration)" in shown
    assert "21 Jun 14:00:00" in shown  # the owner's time, not UTC
    assert "0.1854 EUR/kWh, 2974 W, next gate in 4 s" in shown
    assert "battery buying 2704 W sets the price." in shown
    assert "journal   written 3 s ago" in shown


def test_a_device_shows_power_setpoint_lease_and_why():
    lines = page(status())
    at = next(i for i, line in enumerate(lines) if line.startswith("roof"))
    assert lines[at].split()[:4] == ["roof", "online", "-2968", "W"]
    assert lines[at].endswith("at most 2970 W, effective, lease 43 s")
    assert lines[at + 1].strip() == "price 0.1854 (clearing 7)"


def test_the_end_of_a_row_goes_below_it_where_the_terminal_is_too_narrow():
    both = changed("d/roof/set", timerUntil="2026-06-21T12:00:41.000Z")
    lines = page(status(both))
    at = next(i for i, line in enumerate(lines) if line.startswith("roof"))
    assert lines[at].endswith("at most 2970 W, effective, lease 43 s,")
    assert lines[at + 1] == f"{'timer 41 s':>48}"
    (whole,) = [line for line in page(status(both), 120) if line.startswith("roof")]
    assert whole.endswith("lease 43 s, timer 41 s")


def test_a_party_and_its_tenders_are_shown_and_our_own_agents_are_not():
    shown = text(parties=("silent-app",))
    assert "parties   app (2 tenders), silent-app (0 tenders)" in shown
    assert "roof (1" not in shown


def test_a_device_that_is_offline_shows_no_old_power_and_what_to_do():
    away = changed("d/roof/state", state="offline", reason="no answer within 1 s")
    shown = text(away)
    assert "OFFLINE" in shown
    assert "-2968" not in shown
    assert "  roof: offline: no answer within 1 s for 2 h" in shown
    assert "-> Check its power" in shown


def test_a_reading_that_is_old_is_not_passed_off_as_new():
    assert "-2968" not in text(changed("d/roof/reading", at="2026-06-21T11:58:00.000Z"))


def test_a_sleeping_device_is_no_fault():
    assert status().attention() == []
    assert "sleeping" in text()


@pytest.mark.parametrize("outcome", ["refused", "no-effect", "overridden"])
def test_a_setpoint_that_does_not_hold_needs_attention_once(outcome):
    held = changed("d/roof/set", outcome=outcome, detail="because of this")
    assert [one.subject for one in status(held).attention()] == ["roof"]
    fault = {
        "deviceId": "roof",
        "code": "SETPOINT_NOT_FOLLOWED",
        "text": "asked for -2970 W",
        "since": "2026-06-21T11:59:00.000Z",
    }
    (one,) = status({**held, "d/roof/fault/SETPOINT_NOT_FOLLOWED": fault}).attention()
    assert one.what == "SETPOINT_NOT_FOLLOWED: asked for -2970 W"


def test_fall_back_and_writes_are_shown_and_a_budget_that_is_used_up_needs_attention():
    bounds = {"fallbackAfter_s": 60, "fallbackObserved_s": None, "writesToday": 12}
    shown = text(changed("d/roof/set", **bounds, writesPerDay=None))
    assert "fall-back within 60 s (no drill yet), 12 writes today" in shown
    bounds["fallbackObserved_s"] = 41.2
    used = changed("d/roof/set", **bounds, writesPerDay=12)
    shown = text(used)
    assert "fall-back within 60 s (41 s in the last drill), 12 of 12 writes today" in shown
    assert [one.subject for one in status(used).attention()] == ["roof"]


def test_a_halted_market_and_a_clock_that_is_not_set_need_attention():
    halted = changed("p/power/session", sessionStatus="HALTED")
    assert [one.subject for one in status(halted).attention()] == ["power"]
    unset = replace(status(), synchronised=False)
    assert [one.subject for one in unset.attention()] == ["clock"]
    assert "clock     NOT synchronised" in "\n".join(page(unset))


def test_a_gateway_that_does_not_run_says_so_and_shows_the_state_folder():
    shown = "\n".join(page(gone()))
    assert "gateway   NOT RUNNING" in shown
    assert "armed     roof" in shown
    assert "gridtender release" in shown
    assert [one.subject for one in gone(armed=()).attention()] == ["gateway"]


def test_what_the_owner_said_last_is_shown_without_a_gateway():
    control = OwnerControl(mode=ControlMode.HANDS_OFF, until=Instant(NOW + 3600 * 10**9))
    assert "hands-off until 21 Jun 13:00:00" in "\n".join(page(gone(control=control)))


def test_a_running_gateway_that_cannot_be_heard_says_why():
    silent = dict.fromkeys(HEALTHY)
    shown = text(silent, unheard="not reachable (mosquitto at 127.0.0.1:1): connection refused")
    assert "gateway   running" in shown
    assert "broker: not reachable (mosquitto at 127.0.0.1:1): connection refused" in shown
    assert "The house is steered all the same." in shown


def test_where_nothing_tells_whether_it_runs_that_is_said():
    shown = text(dict.fromkeys(HEALTHY), ground=None, blind="/x: Permission denied")
    assert "gateway: not known to run: /x: Permission denied" in shown
    assert "use sudo" in shown
    assert "systemctl start" not in shown


def test_a_program_gets_the_same():
    said = document(status(changed("d/roof/state", state="faulty", reason="over temperature")))
    assert (said["running"], said["heard"], said["armed"]) == (True, True, ["roof"])
    assert said["attention"][0]["what"] == "faulty: over temperature"
    assert said["topics"]["d/roof/reading"]["flows"] == {"POWER": -2968}


def test_every_fault_of_the_code_has_an_advice():
    """Codes are the words in capitals of modules that make a FaultChanged, or are named so."""
    root, found = Path(__file__).parents[3] / "gateway", set()
    for path in [*(root / "runtime").glob("*.py"), *(root / "dispatch").glob("*.py")]:
        source = path.read_text(encoding="utf-8")
        if "FaultChanged(" in source or re.search(
            r"^_?[A-Z_]*(CODE|_FAULT)\b", source, re.MULTILINE
        ):
            found |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', source))
    assert {"JOURNAL_FAILED", "SETPOINT_NOT_FOLLOWED", "METER_FROZEN"} <= found
    assert sorted(found - set(FAULTS)) == []


@given(st.text(max_size=300), st.sampled_from(sorted(HEALTHY)), st.integers(40, 120))
def test_no_line_is_wider_than_asked_whatever_is_heard(words, topic, width):
    heard = {
        topic: {key: words if isinstance(value, str) else value
                for key, value in HEALTHY[topic].items()}
    }  # fmt: skip
    lines = page(status(heard), width)
    assert max(len(line) for line in lines) <= width
    assert all(line.isprintable() for line in lines)


def test_the_usual_terminal_is_wide_enough():
    assert max(len(line) for line in page(status())) <= WIDTH == 80


def test_limits_the_owner_tightened_are_shown_and_the_others_are_not():
    ranges = {"min_soc_pct": [10, 100], "charge_w": [0, 5000]}
    limits = {"min_soc_pct": 40, "charge_w": 5000}
    shown = text({"d/battery/limits": {"limits": limits, "ranges": ranges}})
    assert "limits    battery: min_soc_pct 40" in shown
    assert "charge_w" not in shown


def test_what_a_device_wants_otherwise_is_named_with_its_reason():
    quirk = "quirk recipe = value-only of SMA* *: its enable must not be written cyclically"
    shown = " ".join(text(changed("d/roof/desc", notes=["it is odd", quirk])).split())
    assert quirk in shown
    assert "it is odd" not in shown
