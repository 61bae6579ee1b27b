"""One's own past, simulated: what was recorded, what was not, and what is said of it."""

import pytest

from gateway.adapters.history import HistoryFile
from gateway.model.time import HOUR, MINUTE, Instant, parse_rfc3339
from gateway.ports.history import Entry
from gateway.simulation.scenario_file import load_scenario

MIDNIGHT = parse_rfc3339("2026-06-20T00:00:00Z")
TEXT = """
start: 2026-01-01T00:00:00Z
homes:
  mine: {battery: {capacity_wh: 1000, charge_w: 500, discharge_w: 400}}
tariff: {import_price: 0.3, export_price: 0.08}
"""


@pytest.fixture
def write(tmp_path):
    def write(hours, *, gaps=(), sun=True, begin=MIDNIGHT):
        """Load 100 W x hour of the day and a tenth of it more each quarter; sun 1 kW at noon."""
        entries = []
        for quarter in range(hours * 4):
            if quarter in gaps:
                continue
            at = Instant(begin + quarter * 15 * MINUTE)
            hour = at // HOUR % 24
            load_w = 100.0 * hour + 10 * (quarter % 4)
            entries.append(Entry(series="load", at=at, value=load_w))
            if sun:
                shine = 1000.0 if hour == 12 else 0.0
                entries.append(Entry(series="sun", at=at, value=shine))
        HistoryFile(tmp_path).add(entries)
        return tmp_path

    return write


@pytest.fixture
def load(tmp_path):
    def load(folder, text=TEXT):
        file = tmp_path / "scenario.yaml"
        file.write_text(text)
        return load_scenario(file, folder)

    return load


def test_the_simulation_begins_with_the_first_whole_step_and_ends_with_the_last(write, load):
    loaded = load(write(49, begin=Instant(MIDNIGHT + 30 * MINUTE)))
    scenario = loaded.scenario
    assert loaded.problems == ()
    assert (scenario.start, scenario.steps) == (MIDNIGHT + HOUR, 48)
    (home,) = scenario.homes
    assert home.solar_w[11] == 1000
    assert home.load_w[4] == pytest.approx(515)
    assert loaded.filled == 0


def test_what_was_not_recorded_is_as_the_day_before_and_is_counted(write, load):
    whole = load(write(48)).scenario
    day = 24 * 4
    gaps = {day + 4, day + 5, day + 6, day + 7, day + 9}
    for file in (write(0)).glob("history.sqlite"):
        file.unlink()
    loaded = load(write(48, gaps=gaps))
    assert loaded.filled == 2
    assert loaded.scenario.homes[0].load_w == whole.homes[0].load_w


def test_a_site_without_a_roof_has_no_sun(write, load):
    assert set(load(write(24, sun=False)).scenario.homes[0].solar_w) == {0.0}


def test_an_end_bounds_what_is_taken(write, load):
    text = TEXT.replace("homes:", "end: 2026-06-20T06:00:00Z\nhomes:", 1)
    assert load(write(48), text).scenario.steps == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("start: 2026-01", "start: 2027-01"), "no load recorded since 2027-01-01"),
        (("homes:", "step: 10min\nhomes:"), "found a step that is no multiple of 15min"),
        (("  mine:", "  other: {series: a.csv}\n  mine:"), "found 2 homes, allowed: one home"),
    ],
)
def test_what_cannot_be_run_is_said(write, load, change, said):
    loaded = load(write(24), TEXT.replace(*change, 1))
    assert loaded.scenario is None
    assert said in str(loaded.problems[0])


def test_without_a_history_or_a_series_the_operator_is_told_where_to_look(tmp_path, load):
    assert "history.sqlite: --from-history: found no such file" in str(load(tmp_path).problems[0])
    assert "homes.mine.series: found nothing, allowed: a CSV file, or --from-history" in str(
        load(None).problems[0]
    )
