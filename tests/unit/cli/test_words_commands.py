"""``import`` and ``export`` at the command line."""

import json

from tests.unit.wire.test_words_of_others import CLIENT_TENDER

TO = ("--area", "home", "--product", "hour", "--party", "anna")
SITE = """
area: home
timezone: UTC
currency: EUR
state_dir: {folder}
products:
  power: {{resource: POWER, unit: W, interval: 10s}}
  hour: {{resource: POWER, unit: W, interval: 1h, tick: 0.001}}
  warmth: {{resource: x-HEAT, unit: W, interval: 15min}}
"""


def test_what_is_wrong_is_said_one_by_one_and_the_others_are_printed(command, tmp_path):
    file = tmp_path / "tenders.json"
    file.write_text(json.dumps([CLIENT_TENDER, {"side": "BUY"}, CLIENT_TENDER | {"price": 1}]))
    code, said = command("import", "eml", file, *TO)
    printed = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert code == 2
    assert [one["tender"]["tenderDetail"]["price"] for one in printed] == [190, 1]
    assert "gridtender: tender 2: quantity is missing" in said


def test_a_line_that_is_no_json_is_named(command, tmp_path):
    file = tmp_path / "tenders.json"
    file.write_text(f"{json.dumps(CLIENT_TENDER)}\n{{\n")
    code, said = command("import", "eml", file, *TO)
    assert code == 2
    assert "line 2" in said


def test_what_was_imported_is_exported_in_every_words(command, tmp_path):
    tenders, messages = tmp_path / "tenders.json", tmp_path / "messages.json"
    config = tmp_path / "site.yaml"
    config.write_text(SITE.format(folder=tmp_path / "state"))
    tenders.write_text(json.dumps(CLIENT_TENDER | {"ctsTenderId": 7}))
    _, imported = command("import", "eml", tenders, *TO)
    messages.write_text(imported)

    code, said = command("export", "emix", messages, "--config", config)
    product, power = (json.loads(line) for line in said.splitlines())
    assert code == 0
    assert product["emix:product"]["emix:marketContext"] == {"$": "urn:rmf:home:hour"}
    assert power["power:temixPower"]["emix:price"] == {"emix:value": {"$": 0.19}}

    _, said = command("export", "ei", messages, "--config", config)
    envelope = json.loads(said)["pyld:eiCreateTender"]
    assert envelope["ei:eiTender"][0]["ei:tenderID"] == {"$": "eml-7"}

    _, said = command("export", "eml", messages, "--config", config)
    again = json.loads(said)
    assert (again["price"], again["ctsTenderId"]) == (190, 7)


def test_products_without_words_are_named(command, tmp_path):
    config = tmp_path / "site.yaml"
    config.write_text(SITE.format(folder=tmp_path / "state"))
    code, said = command("export", "products", "--config", config)
    assert code == 0
    assert said.count("power:powerProductDescription") == 2
    assert "warmth: EMIX power has no words for x-HEAT" in said
