"""Positions that need another one: what is refused, and what is let through."""

from dataclasses import replace

import pytest

from gateway.market import Market
from gateway.model.cover import Cover
from gateway.model.membership import Allowance
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import CAPACITY, HEAT, POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, Duration, Instant, Interval, parse_rfc3339
from gateway.runtime.covers import Covers
from gateway.runtime.register import Register

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
ANNA = Party(id="anna")
LATER = Interval(Instant(NOW + HOUR), Instant(NOW + 2 * HOUR))
MINUTES = [
    Interval(Instant(LATER.start + k * MINUTE), Instant(LATER.start + (k + 1) * MINUTE))
    for k in range(3)
]
PRODUCTS = (
    Product(id="power", resource=POWER, unit="W", interval=Duration(MINUTE)),
    Product(id="right", resource=CAPACITY, unit="W", interval=Duration(HOUR), quantity_scale=2),
    Product(id="heat", resource=HEAT, unit="W", interval=Duration(HOUR)),
)


def opened(product, positions=None):
    return Market(product, area="home", epoch=1, parties=(ANNA,), positions=positions)


class Hall:
    """Markets side by side, and what anna must cover."""

    def __init__(self, *covers):
        self.markets = {p.id: opened(p) for p in PRODUCTS}
        register = Register((ANNA,), {"anna": Allowance(covers=covers)})
        self.covers = Covers(self.markets, register)

    def holds(self, product, quantity, interval=LATER):
        self.markets[product].positions.add("anna", interval, quantity)
        return self

    def asks(self, product, side, quantity, interval=LATER, netting=False):
        name = f"{product}-{side}-{quantity}-{interval.start}"
        tender = Tender(id=name, side=side, price=100, quantity=quantity)
        return TenderSet(
            party="anna", product=product, interval=interval, tenders=(tender,), netting=netting
        )

    def stands(self, *asked, **more):
        one = self.asks(*asked, **more)
        self.markets[one.product].submit(one, NOW)
        return self

    def refused(self, *asked, **more):
        request = SubmitTenders(party="anna", request_id="r", tenders=self.asks(*asked, **more))
        found = self.covers.refusal(request)
        return None if found is None else (found.code.value, found.term, found.description)


RIGHT = Cover(side=Side.BUY, product="power", by="right")
CONVERTS = Cover(side=Side.SELL, product="heat", by="power", factor=3.0)


def test_without_the_right_nothing_may_be_bought_and_with_it_as_much_as_it_is():
    hall = Hall(RIGHT)
    code, term, why = hall.refused("power", Side.BUY, 1, MINUTES[0])
    assert (code, term) == (422, "cover")
    assert why == "anna could come to 1 of power bought; 0 of right cover 0"
    hall.holds("right", 30)  # lots of 100 W
    assert hall.refused("power", Side.BUY, 3000, MINUTES[0]) is None
    assert hall.refused("power", Side.BUY, 3001, MINUTES[0]) is not None
    assert hall.refused("power", Side.SELL, 9000, MINUTES[0]) is None


def test_what_is_open_counts_in_its_own_interval_only():
    hall = Hall(RIGHT).holds("right", 30).stands("power", Side.BUY, 2000, MINUTES[0])
    assert hall.refused("power", Side.BUY, 1001, MINUTES[0]) is not None
    assert hall.refused("power", Side.BUY, 3000, MINUTES[1]) is None


def test_a_right_in_use_may_not_be_sold_and_what_is_left_of_it_may():
    hall = Hall(RIGHT).holds("right", 30)
    hall.stands("power", Side.BUY, 2000, MINUTES[0]).holds("power", 1500, MINUTES[1])
    assert hall.refused("right", Side.SELL, 10) is None
    assert hall.refused("right", Side.SELL, 11) is not None
    hall.stands("right", Side.SELL, 10)
    assert hall.refused("right", Side.SELL, 1) is not None
    assert hall.refused("power", Side.BUY, 1000, MINUTES[0]) is not None


def test_a_right_that_is_only_tendered_for_covers_nothing():
    hall = Hall(RIGHT).stands("right", Side.BUY, 30)
    assert hall.refused("power", Side.BUY, 100, MINUTES[0]) is not None


def test_a_whole_requirement_counts_what_is_missing_to_it():
    hall = Hall(RIGHT).holds("right", 30).holds("power", 2000, MINUTES[0])
    assert hall.refused("power", Side.BUY, 3000, MINUTES[0], netting=True) is None
    assert hall.refused("power", Side.BUY, 3001, MINUTES[0], netting=True) is not None


def test_who_converts_sells_no_more_than_goes_in_times_its_factor():
    hall = Hall(CONVERTS).holds("power", 1000)
    assert hall.refused("heat", Side.SELL, 3000) is None
    assert hall.refused("heat", Side.SELL, 3001) is not None
    assert hall.refused("heat", Side.BUY, 9000) is None
    hall.holds("heat", -3000)
    assert hall.refused("power", Side.SELL, 1, MINUTES[0]) is not None


def test_what_makes_nothing_worse_is_let_through_where_the_cover_is_already_short():
    hall = Hall(RIGHT).holds("power", 5000, MINUTES[0])
    assert hall.refused("power", Side.SELL, 5000, MINUTES[0]) is None
    assert hall.refused("right", Side.BUY, 10) is None
    assert hall.refused("power", Side.BUY, 1, MINUTES[0]) is not None


@pytest.mark.parametrize("shared", [True, False])
def test_products_of_one_resource_use_one_cover(shared):
    hall = Hall(RIGHT)
    quarter = replace(PRODUCTS[0], id="ahead", interval=Duration(HOUR))
    positions = hall.markets["power"].positions if shared else None
    hall.markets["ahead"] = opened(quarter, positions)
    hall.holds("right", 30).stands("ahead", Side.BUY, 2500)
    assert (hall.refused("power", Side.BUY, 600, MINUTES[0]) is None) is not shared


def test_a_cover_whose_product_has_closed_meanwhile_is_none_and_stops_nobody_else():
    hall = Hall(RIGHT, CONVERTS).holds("right", 30)
    del hall.markets["right"]
    assert hall.refused("power", Side.BUY, 1, MINUTES[0]) is not None
    assert hall.refused("power", Side.SELL, 1, MINUTES[0]) is None
    del hall.markets["power"]
    assert hall.refused("heat", Side.SELL, 1) is not None
    assert hall.refused("heat", Side.BUY, 1) is None
