"""The page of ``check`` says what will happen, marks defaults and fits the screen."""

import json
from pathlib import Path

import pytest

from gateway.config import explain, explain_json, load
from gateway.model.device import Identity
from gateway.model.drill import DrillResult
from gateway.model.time import SECOND, Instant

EXAMPLE = Path(__file__).parents[3] / "config" / "gridtender.yaml"
ENVIRON = {"HOME": "/home/ann"}


@pytest.fixture
def example(packages):
    return load(EXAMPLE, packages, ["tcp"], environ=ENVIRON)


def page(loaded, environ=ENVIRON):
    return explain(loaded, environ, distribution={"sunspec": "gridtender 0.1.0"}.get)


def test_example_has_no_problems_and_starts_in_observe_mode(example):
    text = page(example)

    assert example.problems == ()
    assert "Control       observe: devices are read" in text
    assert text.endswith("No problems.")


def test_device_is_shown_with_role_package_connection_and_marked_defaults(example):
    rows = [line.split() for line in page(example).splitlines()]

    assert ["grid", "grid", "sunspec", "(gridtender", "0.1.0)",
            "tcp://192.168.1.21:502?unit=240", "1s", "*", "1s", "*"] in rows  # fmt: skip


def test_fallback_is_shown_with_what_enforces_it(example):
    text = " ".join(page(example).split())

    assert (
        "roof 0 W, within 1min of the last renewal by its own timer if that can end at 0 W" in text
    )
    assert "(model 123) is left off, and `gridtender release` writes 0 W" in text
    assert "grid nothing is ever written to it" in text


def test_limits_products_and_tariff_are_shown(example):
    text = " ".join(page(example).split())

    assert "import at most 17000 W; 0.3 EUR/kWh" in text
    assert "battery state of charge 10 to 100 %" in text
    assert "prices -1.0000 to 2.0000 EUR/kWh in ticks of 0.0001" in text


def test_place_of_the_state_folder_is_explained(loaded):
    text = page(loaded("area: home\n", STATE_DIRECTORY="/s"), {"STATE_DIRECTORY": "/s"})

    assert "/s (default: $STATE_DIRECTORY)" in text


def test_refused_device_is_named_and_the_site_starts_without_it(loaded):
    text = page(loaded("devices: {a: {driver: sunspec, role: solar}}\n"))

    assert "1 problem\n" in text
    assert text.endswith("The gateway starts without: a.")


def test_broken_site_does_not_start(loaded):
    assert page(loaded("area: [\n")).endswith("The gateway does not start with this file.")


def test_no_line_is_wider_than_a_hundred_columns(loaded):
    name = "a" * 32
    text = page(
        loaded(
            f"area: {name}\nproducts: {{power: {{}}, {'b' * 32}: {{interval: 1h}}}}\n"
            f"devices: {{{'c' * 32}: {{driver: sunspec, role: storage, fallback: {{after: 1h}}, "
            "connection: 'tcp://a-rather-long-host-name.example.org:1502?unit=200', "
            "limits: {max_w: 5000, charge_w: 4000, discharge_w: 3000, min_soc_pct: 10, "
            "ramp_w_per_s: 100, min_run: 1min, min_rest: 2min, dwell: 3s}}}\n"
            "grid: {export_price: {topic: tariff/of/the/day/export}, import_prise: 1}\n",
        ),
    )

    assert max(len(line) for line in text.splitlines()) <= 100


def test_same_for_programs_is_plain_json(example):
    result = json.loads(json.dumps(explain_json(example, ENVIRON)))

    assert (result["ok"], result["starts"], result["problems"]) == (True, True, [])
    roof = result["site"]["devices"][0]
    assert (roof["id"], roof["fallback_after_s"], roof["fallback_level_w"]) == ("roof", 60.0, 0.0)


def test_problems_for_programs_keep_their_parts(loaded):
    result = explain_json(loaded("aera: home\n"), ENVIRON)

    assert result["site"] is None
    assert result["problems"][0] == {
        "file": "site.yaml",
        "line": 1,
        "column": 1,
        "path": "aera",
        "found": "an unknown key",
        "allowed": "aggregate, area, broker, caldav, calendar, control, currency, devices, "
        "dispatch, enrollment, grid, home_assistant, interties, journal, ledger, location, log, "
        "metrics, parties, products, registration, share, silence, state_dir, timezone",
        "hint": "did you mean 'area'?",
    }


def test_what_is_served_to_others_is_told(loaded):
    text = " ".join(
        page(
            loaded(
                "devices:\n  roof: {driver: sunspec, connection: 'tcp://h?unit=3', role: solar}\n"
                "share: {roof: {listen: 'h:1502', writes: {192.0.2.7: '5-9'}}}\n"
                "aggregate: {listen: 'h:1503'}\n"
            )
        ).split()
    )

    assert "roof and all units on its connection at h:1502; words up to 1s old; 192.0.2.7" in text
    assert "writes 5..9 of unit 3, but nothing that the gateway steers" in text
    assert "the site as a SunSpec device at h:1503, unit 1; read only" in text


def test_writes_and_a_second_controller_are_told(example):
    text = " ".join(page(example).split())

    assert "at most 500 a day, without those that its own timer ends" in text
    assert "renews 2880 times a day, every 30s" in text
    assert "if somebody else writes its setpoint: written again" in text


def test_a_lease_that_breaks_the_budget_by_itself_is_noted(loaded):
    text = " ".join(page(loaded(NO_LIMITS.format("writes: {volatile: false}"))).split())

    assert "its lease alone renews 2880 times a day, more than writes.per_day 500" in text
    longer = "writes: {volatile: false, per_day: 1500}, fallback: {after: 120s}"
    assert "its lease alone" not in page(loaded(NO_LIMITS.format(longer)))


def test_yielding_under_a_limit_is_noted(loaded):
    text = NO_LIMITS.format("contest: yield")

    assert "yields to another controller" not in page(loaded(text))
    assert "yields to another controller" in page(loaded(text + "grid: {import_limit_w: 9000}\n"))


NO_LIMITS = (
    "devices:\n  g: {{driver: sunspec, connection: 'tcp://g', role: grid}}\n"
    "  b: {{driver: sunspec, connection: 'tcp://h', role: storage, {}}}\n"
)
LATE = DrillResult(
    device="battery", at=Instant(1_782_000_000 * SECOND), identity=Identity(), promised_s=60.0,
    timer_s=60, stood_s=80.0, observed_s=81.0,
)  # fmt: skip


def test_a_drill_is_shown_beside_the_promise_with_what_to_set(example):
    drills = {"battery": LATE}
    text = " ".join(explain(example, ENVIRON, drills=drills).split())
    machine = explain_json(example, ENVIRON, drills=drills)["site"]["devices"]
    battery = next(device for device in machine if device["id"] == "battery")

    assert "drill of 2026-06-21: its timer was set to 60 s" in text
    assert "it fell back after 81.0 s: LATE; set fallback: {timer: 39s}" in text
    assert (battery["fallback_observed_s"], battery["fallback_kept"]) == (81.0, False)
