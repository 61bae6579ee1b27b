"""Situations: read, refused with their place, and laid over the demo's site."""

from gateway.model.time import parse_rfc3339
from gateway.simulation.situation import load_situation, site_with


def read(tmp_path, text):
    file = tmp_path / "it.yaml"
    file.write_text(text)
    return load_situation(file)


def test_price_files_are_named_from_the_situations_folder(tmp_path):
    text = "start: 2026-06-21T12:00:00Z\nhouse: {seed: 1}\n"
    grid = "site: {grid: {import_price: {csv: a/b.csv}, export_price: 0.1}}\n"
    found = read(tmp_path, text + grid).situation
    assert found.start == parse_rfc3339("2026-06-21T12:00:00Z")
    assert found.house == {"seed": 1}
    assert found.site["grid"] == {
        "import_price": {"csv": str(tmp_path.resolve() / "a" / "b.csv")},
        "export_price": 0.1,
    }


def test_a_key_that_is_not_known_is_told_with_its_place(tmp_path):
    found = read(tmp_path, "start: 2026-06-21T12:00:00Z\nhome: {seed: 1}\n")
    assert found.situation is None
    (problem,) = map(str, found.problems)
    assert "it.yaml:2" in problem
    assert "house" in problem


def test_a_start_without_an_offset_is_refused(tmp_path):
    (problem,) = map(str, read(tmp_path, "start: 2026-06-21\n").problems)
    assert "an instant with an offset" in problem


def test_devices_keep_the_keys_that_are_not_named_and_may_be_left_out():
    site = {"area": "home", "devices": {"car": {"role": "ev"}, "pump": {}}, "grid": {"a": 1}}
    changes = {"devices": {"car": {"wish": "now"}, "pump": None}, "grid": {"b": 2}}
    assert site_with(site, changes) == {
        "area": "home",
        "devices": {"car": {"role": "ev", "wish": "now"}},
        "grid": {"b": 2},
    }
