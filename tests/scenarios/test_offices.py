"""Four offices share one stream of cold air: the bids of Huberman and Clearwater, and curves."""

import json
from math import exp

import pytest

from tests.scenarios.conftest import LIBRARY

WISH_C = 22.0
FOUND_C = {"office-1": 20.0, "office-2": 22.0, "office-3": 24.0, "office-4": 26.0}
MEAN_C = sum(FOUND_C.values()) / len(FOUND_C)
MONEY, GAMMA, LAST_PRICE, VOLUME = 100, 0.05, 10, 1000


def comfort(found_c):
    return WISH_C / found_c * MEAN_C / WISH_C


def bid(found_c):
    """Side, price and volume of the paper; cooling, so the cool office sells."""
    lacks = 1 - comfort(found_c)
    rich = 100 - 99 * exp(-GAMMA * MONEY)
    every = sum(abs(1 - comfort(one)) for one in FOUND_C.values())
    side = "BUY" if lacks > 0 else "SELL"
    return side, LAST_PRICE * rich**lacks, VOLUME * abs(lacks) / every


def test_the_book_holds_the_bids_that_the_formulas_give():
    tenders = json.loads((LIBRARY / "offices" / "bids.json").read_text())["tenders"]
    assert {one["party"] for one in tenders} == set(FOUND_C)
    for one in tenders:
        side, price, volume = bid(FOUND_C[one["party"]])
        assert one["side"] == side
        assert one["price"] == pytest.approx(price, abs=0.006)
        assert one["quantity"] == pytest.approx(volume, abs=0.1)


def test_the_warm_offices_get_all_they_ask_for_at_the_price_of_the_cheaper_coolness(cleared):
    found = cleared("offices/bids.json", "equilibrium")
    assert (found["price"], found["quantity"]) == (8.11, 445.6)
    air = {one["id"]: one["quantity"] for one in found["awards"]}
    assert air == {"office-1": -425.5, "office-2": -20.1, "office-3": 118.2, "office-4": 327.4}


def test_with_curves_all_end_equally_far_from_their_wish_as_a_central_controller_would_have_it(
    cleared,
):
    found = cleared("offices/curves.json", "equilibrium")
    too_warm = MEAN_C - WISH_C
    assert found["price"] == too_warm == 1.0
    air = {one["id"]: one["quantity"] for one in found["awards"]}
    assert air == {"office-1": -300, "office-2": -100, "office-3": 100, "office-4": 300}
    for office, found_c in FOUND_C.items():
        assert found_c - WISH_C - air[office] / 100 == too_warm
