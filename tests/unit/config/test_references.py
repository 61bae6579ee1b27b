"""What a copy of a configuration must take along."""

from gateway.config.references import referred_files


def test_price_tables_calendars_passwords_and_maps_are_named_where_they_exist(tmp_path):
    config = tmp_path / "site.yaml"
    config.write_text(
        "calendar: house.ics\n"
        "grid: {import_price: {ics: tariff.ics}, export_price: {csv: feed.csv}}\n"
        "broker: {password_file: word}\n"
        "devices: {car: {available: car.ics, map: car.yaml}, roof: {available: gone.ics},\n"
        f"  machine: {{programme: wash.ics}}, other: {{programme: '{'20 W for 1min, ' * 30}'}}}}\n"
        "parties: {anna: {available: anna.ics}, bob: {}}\n"
    )
    there = {
        "house.ics",
        "tariff.ics",
        "feed.csv",
        "word",
        "car.ics",
        "car.yaml",
        "wash.ics",
        "anna.ics",
    }
    for name in there:
        (tmp_path / name).write_text("x")
    assert set(referred_files(config)) == there
