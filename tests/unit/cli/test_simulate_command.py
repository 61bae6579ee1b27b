"""``simulate`` on the scenario that comes with the program."""

import csv
import json
import sys
from pathlib import Path

import pytest

SCENARIO = Path(__file__).parents[3] / "config" / "scenarios" / "three-homes.yaml"


@pytest.fixture
def two_days(tmp_path):
    """The scenario cut to two days."""
    text = SCENARIO.read_text().replace("three-homes/", f"{SCENARIO.parent}/three-homes/")
    file = tmp_path / "scenario.yaml"
    file.write_text(text.replace("step: 1h", "step: 1h\nend: 2021-08-03T00:00:00Z"))
    return file


def test_json_and_a_trace_that_adds_up_to_it(command, two_days, tmp_path):
    trace = tmp_path / "trace.csv"
    code, said = command("simulate", two_days, "--json", "--trace", trace)
    document = json.loads(said)
    assert code == 0
    assert list(document["homes"]) == ["h1", "h6", "h12"]
    with trace.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * 48
    assert list(rows[0]) == [
        "time", "home", "load_w", "solar_w", "battery_w", "soc_wh", "grid_w", "price",
    ]  # fmt: skip
    money = sum(float(row["grid_w"]) / 1000 * float(row["price"]) for row in rows)
    assert money == pytest.approx(document["total"]["cost"]["market"], abs=1e-4)


def test_a_person_reads_a_table(command, two_days):
    code, said = command("simulate", two_days)
    assert code == 0
    assert said.splitlines()[-1].startswith("total ")
    assert said.count("\n") == 5


def test_what_is_wrong_in_a_scenario_is_told_and_nothing_is_run(command, two_days):
    two_days.write_text(two_days.read_text().replace("step: 1h", "step: 1 hour"))
    code, said = command("simulate", two_days)
    assert code == 2
    assert "scenario.yaml:3:7: step: found '1 hour'" in said
    assert "did you mean '1h'?" in said


@pytest.mark.slow
def test_a_picture_of_the_busiest_day(command, two_days, tmp_path):
    picture = tmp_path / "day.png"
    code, _ = command("simulate", two_days, "--plot", picture)
    assert code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_picture_of_no_known_kind_is_refused_before_anything_runs(command, two_days):
    code, said = command("simulate", two_days, "--plot", "day.docx")
    assert code == 2
    assert "--plot: found 'day.docx', allowed: a name that ends in" in said


def test_without_matplotlib_it_is_told_how_to_get_it(command, two_days, monkeypatch):
    for module in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.delitem(sys.modules, "gateway.simulation.plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, said = command("simulate", two_days, "--plot", "day.png")
    assert code == 2
    assert "pip install 'gridtender[plot]'" in said
