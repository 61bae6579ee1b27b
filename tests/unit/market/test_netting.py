"""A requirement minus a position, as steps."""

import pytest

from gateway.market.grid import PriceGrid
from gateway.market.netting import filled, net
from gateway.model.tender import Party, Side
from tests.unit.market.conftest import buy, sell

GRID = PriceGrid(tick=1, lowest=-100, highest=500)
BATTERY = [
    (1, buy("low", 100, 90)),
    (2, buy("high", 100, 200)),
    (3, sell("first", 100, 300)),
    (4, sell("last", 100, 400)),
]


def steps(position, numbered=BATTERY):
    found = net(Party(id="battery"), numbered, position, GRID, 0)
    return [(s.side.value, s.price, s.quantity, s.tender_id, s.closing) for s in found]


def test_without_a_position_the_requirement_is_tendered_as_it_is():
    assert steps(0) == [
        ("BUY", 200, 100, "high", False),
        ("BUY", 90, 100, "low", False),
        ("SELL", 300, 100, "first", False),
        ("SELL", 400, 100, "last", False),
    ]


def test_what_is_held_could_be_sold_again_at_its_own_limit():
    assert steps(150) == [
        ("SELL", 200, 100, "high", True),
        ("BUY", 90, 50, "low", False),
        ("SELL", 90, 50, "low", True),
        ("SELL", 300, 100, "first", False),
        ("SELL", 400, 100, "last", False),
    ]


def test_what_was_sold_could_be_bought_back_at_its_own_limit():
    assert steps(-100) == [
        ("BUY", 200, 100, "high", False),
        ("BUY", 90, 100, "low", False),
        ("BUY", 300, 100, "first", True),
        ("SELL", 400, 100, "last", False),
    ]


@pytest.mark.parametrize(
    ("position", "must"),
    [(250, ("SELL", -100, 50, "", False)), (-230, ("BUY", 500, 30, "", False))],
)
def test_position_outside_the_requirement_must_be_left_at_any_price(position, must):
    assert steps(position)[-1] == must


def test_empty_requirement_gives_the_whole_position_back():
    assert steps(70, []) == [("SELL", -100, 70, "", False)]
    assert steps(0, []) == []


@pytest.mark.parametrize(
    ("position", "taken"),
    [
        (0, [0, 0, 0, 0]),
        (150, [100, 50, 0, 0]),
        (-130, [0, 0, 100, 30]),
        (900, [100, 100, 0, 0]),
        (-900, [0, 0, 100, 100]),
    ],
)
def test_total_position_fills_from_the_best_tender_on(position, taken):
    found = filled(BATTERY, position)

    assert [tender.id for tender, _ in found] == ["high", "low", "first", "last"]
    assert [quantity for _, quantity in found] == taken
    assert {tender.side for tender, _ in found[:2]} == {Side.BUY}
