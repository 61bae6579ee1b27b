"""``check`` shows the limits that were set while the gateway ran."""

import json

from gateway.adapters.state import StateDir

SITE = "control: observe\nstate_dir: state\n"


def test_limits_set_since_stand_beside_the_configured_ones(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    StateDir(tmp_path / "state").store_limits(
        {"gateway": {"export_limit_w": 0.0}, "battery": {"min_soc_pct": 40.0}}
    )
    code, said = command("check", file)
    assert code == 0
    assert "Limits set since" in said
    assert "gateway       export_limit_w 0 W" in said
    assert "battery       min_soc_pct 40 %  (not configured: waits)" in said
    _, said = command("check", "--json", file)
    assert json.loads(said)["ownerLimits"]["battery"] == {"min_soc_pct": 40}


def test_without_any_nothing_is_said_and_no_folder_made(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    code, said = command("check", file)
    assert code == 0
    assert "Limits set since" not in said
    assert not (tmp_path / "state").exists()


def test_a_broken_file_is_named_and_the_configuration_explained_all_the_same(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(SITE)
    StateDir(tmp_path / "state").path.joinpath("limits.json").write_text("{")
    code, said = command("check", file)
    assert code == 0
    assert "limits.json" in said
    assert "No problems." in said


TARIFF = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:night
SUMMARY:Night 0.21
DTSTART;TZID=Europe/Berlin:20240101T220000
DTEND;TZID=Europe/Berlin:20240102T060000
RRULE:FREQ=DAILY
END:VEVENT
END:VCALENDAR
"""
CALENDAR_SITE = (
    SITE + "timezone: Europe/Berlin\ngrid: {import_price: {ics: tariff.ics, default: 0.35}}\n"
)


def test_a_tariff_out_of_a_calendar_is_shown_for_the_next_day(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(CALENDAR_SITE)
    (tmp_path / "tariff.ics").write_text(TARIFF)
    code, said = command("check", file)
    assert code == 0
    assert "import_price in the next 24 h, EUR/kWh, time of Europe/Berlin:" in said
    assert "22:00  0.21" in said
    assert "06:00  0.35" in said
    _, said = command("check", "--json", file)
    told = json.loads(said)["tariffAhead"]["import_price"]
    assert {step["price"] for step in told} == {0.21, 0.35}


def test_a_calendar_that_is_no_tariff_is_an_error_of_its_own_file(command, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(CALENDAR_SITE)
    (tmp_path / "tariff.ics").write_text(TARIFF.replace("0.21", ""))
    code, said = command("check", file)
    assert code == 2
    assert "tariff.ics: grid.import_price: found event 'Night" in " ".join(said.split())
