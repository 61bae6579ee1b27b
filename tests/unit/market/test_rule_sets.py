"""Rule sets, and prices stated against another."""

import pytest

from gateway.market.price_base import comparable, resolve
from gateway.model.event import Accepted
from gateway.model.tender import Side, Tender
from gateway.model.terms import PriceBase, PriceKind, Purpose, Streams, TermRule
from gateway.model.time import SECOND, Instant
from tests.unit.market.conftest import NOON, Floor, buy, product, sell


def rule(purpose, term, value):
    return TermRule(purpose=Purpose(purpose), term=term, value=value)


@pytest.mark.parametrize(
    ("rules", "tender", "term"),
    [
        ((rule("minimum", "price", 10),), buy("t", 5, 9), "price"),
        ((rule("maximum", "price", 10),), buy("t", 5, 11), "price"),
        ((rule("maximum", "quantity", 4),), buy("t", 5, 9), "quantity"),
        ((rule("minimum", "minimumNotificationDuration", 6 * SECOND),), buy("t", 5, 9), None),
        ((rule("maximum", "maximumNotificationDuration", 4 * SECOND),), buy("t", 5, 9), None),
        (
            (rule("minimum", "expirationTime", 2 * SECOND),),
            buy("t", 5, 9, expiration=Instant(NOON - 4 * SECOND)),
            "expirationTime",
        ),
        ((rule("maximum", "expirationTime", 9 * SECOND),), buy("t", 5, 9), "expirationTime"),
        ((rule("maximum", "maximumResponseDuration", 9 * SECOND),), buy("t", 5, 9), None),
    ],
)
def test_tender_beyond_a_rule_is_refused_with_the_term(rules, tender, term):
    (event,) = Floor(rules=rules).submit("guest", tender)

    assert (event.code, event.term) == (422, term or rules[0].term)


def test_every_violated_term_is_listed():
    rules = (rule("maximum", "price", 10), rule("minimum", "quantity", 10))
    (event,) = Floor(rules=rules, max_quantity=3).submit("guest", buy("t", 5, 11))

    assert [term for term, _ in event.violated] == ["maxTenderQuantity", "price", "quantity"]


def test_rules_do_not_bind_the_agents_of_the_house():
    floor = Floor(rules=(rule("maximum", "price", 10),), min_quantity=100)

    assert isinstance(floor.submit("roof", sell("t", 5, 11))[0], Accepted)


def test_forced_term_is_overwritten_before_anything_is_judged():
    floor = Floor(rules=(rule("force", "price", 30), rule("force", "allOrNone", 1)))

    assert isinstance(floor.submit("guest", buy("t", 5, 10**6))[0], Accepted)
    ((tender,),) = (one.tenders for one in floor.market.live_sets("guest"))
    assert (tender.price, tender.all_or_none) == (30, True)
    assert isinstance(floor.submit("guest", buy("t", 5, 10**6))[0], Accepted)  # the same again


@pytest.mark.parametrize(
    ("streams", "tender"),
    [
        (Streams.PROHIBITED, buy("day.0", 1, 1, stream="day")),
        (Streams.REQUIRED, buy("single", 1, 1)),
    ],
)
def test_product_may_prohibit_or_require_streams(streams, tender):
    (event,) = Floor(streams=streams).submit("guest", tender)

    assert (event.code, event.term) == (422, "streamTradingOk")


def test_warrant_that_the_product_does_not_know_cannot_be_asked_for():
    floor = Floor(warrants=("local",))

    (event,) = floor.submit("guest", buy("t", 1, 1, warrants=("renewable",)))
    assert (event.code, event.term) == (422, "warrants")
    assert isinstance(floor.submit("roof", sell("t", 1, 1, warrants=("renewable",)))[0], Accepted)


def based(side, kind, value):
    base = PriceBase(kind=kind, value=value, product="power")
    return Tender(id="t", side=side, price=0, quantity=1, base=base)


@pytest.mark.parametrize(
    ("side", "kind", "value", "price"),
    [
        (Side.BUY, PriceKind.MULTIPLIER, 1_050_000, 840),  # the page's examples
        (Side.SELL, PriceKind.MULTIPLIER, 1_050_000, 845),
        (Side.BUY, PriceKind.RELATIVE, -50, 750),
        (Side.SELL, PriceKind.RELATIVE, -50, 755),
        (Side.BUY, PriceKind.RELATIVE, 10**6, 1000),
        (Side.SELL, PriceKind.RELATIVE, -(10**6), -1000),
    ],
)
def test_price_against_another_is_rounded_to_the_side_that_is_safe(side, kind, value, price):
    own = product(tick=5, price_floor=-1000, price_cap=1000)

    resolved = resolve(based(side, kind, value), own, own, 801)

    assert (resolved.price, resolved.base.found) == (price, 801)


@pytest.mark.parametrize(("other_scale", "last"), [(-2, 8), (-6, 80_000)])
def test_price_of_a_product_with_another_scale_is_converted(other_scale, last):
    other = product(price_scale=other_scale)

    resolved = resolve(based(Side.BUY, PriceKind.RELATIVE, 1), product(), other, last)

    assert resolved.price == 801


def test_only_prices_of_one_money_and_unit_can_be_compared():
    assert comparable(product(), product(id="heat"))
    assert not comparable(product(), product(price_unit="l/min*h"))
    assert not comparable(product(), product(currency="SEK"))


def test_same_tender_sent_again_after_the_base_moved_is_the_same():
    floor = Floor()
    own = floor.market.product
    first = floor.submit("guest", resolve(based(Side.BUY, PriceKind.RELATIVE, 1), own, own, 700))

    again = floor.submit("guest", resolve(based(Side.BUY, PriceKind.RELATIVE, 1), own, own, 800))

    assert again == first
