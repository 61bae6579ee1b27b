"""The worked example of docs/economics.md, and what would change its price."""

import json

import pytest

from gateway.cli import main
from tests.scenarios.conftest import LIBRARY

BOOK = LIBRARY / "worked-example.json"


@pytest.fixture
def priced(said, tmp_path):
    """``priced(**quantities)``: the price of the example with other quantities; 0 = without."""

    def run(**quantities):
        book = json.loads(BOOK.read_text())
        changed = [
            {**one, "quantity": quantities.get(one["id"].replace("-", "_"), one["quantity"])}
            for one in book["tenders"]
        ]
        file = tmp_path / "book.json"
        file.write_text(json.dumps({**book, "tenders": [o for o in changed if o["quantity"]]}))
        return said("clear", file, "--price-rule", "low", "--json")["price"]

    return run


def test_the_battery_that_is_partly_used_sets_the_price(said):
    found = said("clear", BOOK, "--json")
    assert (found["price"], found["quantity"], found["type"]) == (0.175, 5000, "MARGINAL_BUYER")
    traded = {one["id"]: one["quantity"] for one in found["awards"]}
    assert traded == {"load": 600, "charge": 4400, "sun": -5000}


@pytest.mark.parametrize(
    ("quantities", "price"),
    [
        ({"sun": 400}, 0.1945),  # a cloud
        ({"charge": 0}, 0.08),  # the battery is full
        ({"charge": 0, "export": 0}, 0.0),  # and nothing may be fed in
        ({"sun": 0, "discharge": 0}, 0.3),  # night, the battery empty
        ({"sun": 0, "discharge": 0, "load": 5000, "import": 4000}, 2.0),  # and the fuse binds
    ],
)
def test_other_hours_have_other_prices(priced, quantities, price):
    assert priced(**quantities) == price


def test_the_picture_of_a_book_is_drawn_or_refused_by_its_name(tmp_path, capsys):
    for name, code in (("a.svg", 0), ("a.txt", 2)):
        with pytest.raises(SystemExit) as ended:
            main(["clear", str(BOOK), "--plot", str(tmp_path / name)])
        assert ended.value.code == code
    drawn = (tmp_path / "a.svg").read_text()
    assert drawn.count("<path") > 10
    assert "a name that ends in" in capsys.readouterr().err
