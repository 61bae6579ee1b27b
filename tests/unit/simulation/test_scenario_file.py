"""Scenario files and their series: what is read, and what is said where it is wrong."""

import pytest

from gateway.model.time import HOUR
from gateway.simulation.scenario_file import load_scenario

HOME = ("time,load_w,solar_w", [(500, 0), (400, 900.5)])
TARIFF = ("time,import_price,export_price", [(0.3, 0.08), (0.2, 0.05)])
TEXT = """
start: 2021-08-01T00:00:00Z
step: 1h
homes:
  a: {series: a.csv, battery: {capacity_wh: 1000, charge_w: 500, discharge_w: 400}}
tariff: {series: tariff.csv}
"""


def test_a_home_with_its_battery_and_a_tariff(write_scenario):
    loaded = load_scenario(write_scenario(TEXT, a=HOME, tariff=TARIFF))
    assert loaded.problems == ()
    scenario = loaded.scenario
    assert (scenario.steps, scenario.step, scenario.community) == (2, HOUR, False)
    (home,) = scenario.homes
    assert home.residual_w == (500, -500.5)
    assert scenario.tariff.import_price == (0.3, 0.2)
    assert scenario.tariff.export_price == (0.08, 0.05)
    store = home.battery.store
    assert store.eta_charge * store.eta_discharge == pytest.approx(0.9)
    assert home.battery.stored_wh == 0


def test_two_numbers_are_a_tariff_a_charge_is_a_part_of_the_capacity_and_a_start_may_be_later(
    write_scenario,
):
    text = TEXT.replace("{series: tariff.csv}", "{import_price: 0.3, export_price: 0.08}")
    text = text.replace("400}", "400, initial_soc_pct: 25}").replace("T00", "T01")
    scenario = load_scenario(write_scenario(text, a=HOME)).scenario
    assert scenario.steps == 1
    assert scenario.tariff.import_price == (0.3,)
    assert scenario.homes[0].battery.stored_wh == 250


def test_a_price_holds_until_the_next(write_scenario):
    short = (TARIFF[0], TARIFF[1][:1])
    scenario = load_scenario(write_scenario(TEXT, a=HOME, tariff=short)).scenario
    assert scenario.tariff.import_price == (0.3, 0.3)


WRONG = [
    ("step: 1h", "step: 7h", "step: found a step that does not divide a day"),
    ("charge_w: 500", "charge_w: -5", "homes.a.battery.charge_w: found -5, allowed: a number in W"),
    ("capacity_wh", "capacity", "homes.a.battery.capacity: found an unknown key"),
    ("series: a.csv", "series: b.csv", "homes.a.series: found no readable file"),
    ("2021-08-01T00:00:00Z", "2021-08-01", "start: found '2021-08-01', allowed: an instant"),
    ("2021-08-01T00:00:00Z", "2021-08-02T00:00:00Z", "found no row at 2021-08-02T00:00:00.000Z"),
    ("{series: tariff.csv}", "{import_price: 1}", "tariff: found not both prices"),
    ("  a:", "  a b:", "homes.a b: found the id 'a b', allowed: 1 to 64 of"),
    ("step: 1h", "step: 30min", "a.csv:3:1: homes.a.series: found 2021-08-01T01:00:00.000Z"),
    ("step: 1h", "step: 1h\nend: 2021-08-01T00:30:00Z", "end: found 2021-08-01T00:30:00.000Z"),
    ("step: 1h", "step: 1h\nend: 2021-08-01T05:00:00Z", "found no row at 2021-08-01T02:00:00"),
]


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG)
def test_what_is_wrong_is_told_with_file_key_and_what_is_allowed(
    right, wrong, told, write_scenario
):
    file = write_scenario(TEXT.replace(right, wrong), a=HOME, tariff=TARIFF)
    loaded = load_scenario(file)
    assert loaded.scenario is None
    assert told in "\n".join(map(str, loaded.problems))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("time,load\n", "a.csv:1:1: homes.a.series: found the columns time, load"),
        ("time,load_w,solar_w\n2021-08-01T00:00:00Z,nan,0\n", "a.csv:2:1"),
        ("time,load_w,solar_w\n2021-08-01T00:00:00Z,1\n", "found 2 values, allowed: at least 3"),
        ("time,load_w,solar_w\n2021-08-01T00:00:00,1,1\n", "found '2021-08-01T00:00:00'"),
        ("time,load_w,solar_w\n", "found no row at 2021-08-01T00:00:00.000Z"),
    ],
)
def test_a_row_that_cannot_be_read_is_told_with_its_line(rows, told, write_scenario):
    file = write_scenario(TEXT, tariff=TARIFF)
    (file.parent / "a.csv").write_text(rows)
    (problem,) = load_scenario(file).problems
    assert told in str(problem)


def test_a_tariff_that_begins_late_or_changes_within_a_step_is_refused(write_scenario):
    file = write_scenario(TEXT, a=HOME)
    head = "time,import_price,export_price\n"
    (file.parent / "tariff.csv").write_text(head + "2021-08-01T01:00:00Z,1,1\n")
    assert "found no price before 2021-08-01T01" in str(load_scenario(file).problems[0])
    inside = "2021-08-01T00:00:00Z,1,1\n2021-08-01T00:30:00Z,2,1\n"
    (file.parent / "tariff.csv").write_text(head + inside)
    assert "inside a step" in str(load_scenario(file).problems[0])


def test_an_hourly_tariff_that_ends_before_the_homes_do_is_refused(write_scenario):
    home = (HOME[0], [(500, 0)] * 8)
    file = write_scenario(TEXT, a=home, tariff=(TARIFF[0], [(0.3, 0.08)] * 5))
    (problem,) = load_scenario(file).problems
    assert "found no price after 2021-08-01T04:00:00.000Z" in str(problem)
    assert "up to 2021-08-01T08:00:00.000Z, or an earlier end:" in str(problem)
    assert load_scenario(write_scenario(TEXT, a=home, tariff=(TARIFF[0], TARIFF[1] * 4))).scenario


def test_a_battery_that_holds_nothing_is_none(write_scenario):
    text = TEXT.replace("capacity_wh: 1000", "capacity_wh: 0")
    scenario = load_scenario(write_scenario(text, a=HOME, tariff=TARIFF)).scenario
    assert scenario.homes[0].battery is None


def test_a_spreadsheets_bytes_are_read_and_powers_may_be_below_nothing(write_scenario):
    """A byte order mark, CRLF, a roof's own draw at night."""
    file = write_scenario(TEXT, tariff=TARIFF)
    rows = ("time,load_w,solar_w", "2021-08-01T02:00:00+02:00,1,-3", "2021-08-01T01:00:00Z,-2,0")
    (file.parent / "a.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    (home,) = load_scenario(file).scenario.homes
    assert (home.load_w, home.solar_w) == ((1, -2), (-3, 0))


def test_series_of_two_lengths_are_told_with_the_end_that_would_do(write_scenario):
    text = TEXT.replace("tariff:", "  b: {series: b.csv}\ntariff:")
    file = write_scenario(text, a=HOME, b=(HOME[0], HOME[1][:1]), tariff=TARIFF)
    (problem,) = load_scenario(file).problems
    assert "end: 2021-08-01T01:00:00.000Z" in str(problem)
    file.write_text(text.replace("step: 1h", "step: 1h\nend: 2021-08-01T01:00:00Z"))
    assert load_scenario(file).scenario.steps == 1
