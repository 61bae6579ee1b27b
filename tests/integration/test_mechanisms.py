"""Every mechanism in a whole market: what is accepted, traded, held and kept over a restart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.market.market import Market
from gateway.market.mechanisms import built_in
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, Cancelled, CancelReason, Refused
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.ports.mechanism import Matching

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
T = Duration(10 * SECOND)
BEFORE = Instant(NOON - 5 * SECOND)
GATE = Instant(NOON - SECOND // 2)
INSTRUMENT = Interval(NOON, Instant(NOON + T))
PARTIES = [Party(id=name, outside=True) for name in ("ann", "bob", "cyd")]
MATCHED = [name for name, one in built_in().items() if one.matching is not Matching.QUOTES]
AUCTIONS = [name for name, one in built_in().items() if one.matching is Matching.GATE]
ARRIVALS = [name for name, one in built_in().items() if one.matching is Matching.ARRIVAL]
QUOTED = [name for name, one in built_in().items() if one.matching is Matching.QUOTES]


def product(mechanism, **terms):
    rules = built_in()[mechanism].price_rules
    terms.setdefault("price_rule", rules[0] if rules else "midpoint")
    return Product(id="power", resource=POWER, unit="W", interval=T, mechanism=mechanism, **terms)


def open_market(mechanism, **terms):
    return Market(product(mechanism, **terms), area="home", epoch=1, parties=PARTIES)


def asked(party, name, side, quantity, price, **more):
    tender = Tender(id=name, side=side, price=price, quantity=quantity, **more)
    return TenderSet(party=party, product="power", interval=INSTRUMENT, tenders=(tender,))


def sell(party, quantity, price, name="s", **more):
    return asked(party, name, Side.SELL, quantity, price, **more)


def buy(party, quantity, price, name="b", **more):
    return asked(party, name, Side.BUY, quantity, price, **more)


def traded(events):
    return [(e.party, e.side.sign * e.quantity, e.price) for e in events if type(e) is Transaction]


def restarted(market):
    dump = json.loads(json.dumps(market.dump()))
    return Market.load(market.product, "home", 2, PARTIES, dump)


# What 100@50 and a BUY 100@200 come to.
PRICES = {"uniform-price": 125, "pay-as-bid": 200, "order-book": 50, "equilibrium": 125,
          "posted-price": 50}  # fmt: skip


@pytest.mark.parametrize("mechanism", MATCHED)
def test_a_seller_and_a_buyer_trade_and_hold_what_they_traded(mechanism):
    market = open_market(mechanism)
    market.submit(sell("ann", 100, 50), BEFORE)
    market = restarted(market)
    events = [*market.submit(buy("bob", 100, 200), BEFORE), *market.advance(GATE)]

    price = PRICES[mechanism]
    assert sorted(traded(events)) == [("ann", -100, price), ("bob", 100, price)]
    assert market.positions.all_at(NOON) == {"ann": -100, "bob": 100}
    assert market.last_price == price


@pytest.mark.parametrize("mechanism", ARRIVALS)
def test_a_tender_that_meets_one_that_waits_is_answered_with_its_trade(mechanism):
    market = open_market(mechanism)
    market.submit(sell("ann", 60, 50), BEFORE)
    accepted, clearing, *transactions = market.submit(buy("bob", 100, 200), BEFORE)

    assert isinstance(accepted, Accepted)
    assert (clearing.price, clearing.quantity, clearing.scheduled) == (50, 60, False)
    assert clearing.interval == INSTRUMENT
    assert len(transactions) == 2
    (left,) = market.live_sets("bob")
    assert [(one.id, one.quantity) for one in left.tenders] == [("b", 40)]
    assert market.live_sets("ann") == ()


@pytest.mark.parametrize("mechanism", ARRIVALS)
def test_a_gate_still_closes_the_instrument_and_trades_nothing_twice(mechanism):
    market = open_market(mechanism)
    market.submit(sell("ann", 60, 50), BEFORE)
    market.submit(buy("bob", 100, 200), BEFORE)
    closing = market.advance(GATE)

    assert [e.quantity for e in closing if isinstance(e, Clearing)] == [0]
    (late,) = market.submit(sell("ann", 60, 50, "late"), GATE)
    assert isinstance(late, Refused)
    assert late.detail == "TRADING_CLOSED"


@pytest.mark.parametrize("mechanism", ARRIVALS)
def test_what_has_expired_is_not_met_any_more(mechanism):
    market = open_market(mechanism)
    expiration = Instant(BEFORE + SECOND)
    market.submit(sell("ann", 60, 50, expiration=expiration), BEFORE)
    events = market.submit(buy("bob", 60, 200), Instant(BEFORE + 2 * SECOND))

    assert [(e.party, e.reason) for e in events if isinstance(e, Cancelled)] == [
        ("ann", CancelReason.EXPIRED)
    ]
    assert traded(events) == []


@pytest.mark.parametrize("mechanism", ARRIVALS)
def test_whole_requirements_are_sent_away_where_tenders_are_matched_as_they_arrive(mechanism):
    market = open_market(mechanism)
    whole = TenderSet(
        party="ann", product="power", interval=INSTRUMENT, tenders=(), netting=True, revision=1
    )
    (refused,) = market.submit(whole, BEFORE)
    assert refused.term == "netting"
    assert "matches each tender as it arrives" in refused.description


@pytest.mark.parametrize("mechanism", QUOTED)
def test_tenders_of_a_product_that_is_quoted_are_told_which_operation_to_use(mechanism):
    (refused,) = open_market(mechanism).submit(sell("ann", 60, 50), BEFORE)
    assert refused.term == "marketMechanism"
    assert "create-quote" in refused.description
    assert "accept-quote" in refused.description


@pytest.mark.parametrize("mechanism", AUCTIONS)
def test_whole_requirements_are_netted_and_cleared_again_without_a_change(mechanism):
    market = open_market(mechanism)
    for name, side, price in (("ann", Side.SELL, 50), ("bob", Side.BUY, 20_000)):
        tender = Tender(id="t", side=side, price=price, quantity=100 if name == "ann" else 60)
        market.submit(
            TenderSet(
                party=name, product="power", interval=INSTRUMENT, tenders=(tender,),
                netting=True, revision=1,
            ),
            BEFORE,
        )  # fmt: skip
    first = market.advance(GATE)
    again = market.advance(GATE, unscheduled=True)

    assert {(p, q) for p, q, _ in traded(first)} == {("ann", -60), ("bob", 60)}
    assert traded(again) == []


orders = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cyd"]),
        st.sampled_from(Side),
        st.integers(1, 9),
        st.integers(-3, 3),
        st.booleans(),
    ),
    max_size=10,
)


@given(orders, st.sampled_from(MATCHED), st.integers(0, 9))
def test_a_restart_changes_nothing_and_positions_sum_to_zero(table, mechanism, cut):
    one, other = open_market(mechanism), open_market(mechanism)
    for number, (party, side, quantity, price, whole) in enumerate(table):
        if number == cut:
            other = restarted(other)
        given_set = asked(party, f"t{number}", side, quantity, price, all_or_none=whole)
        answers = [market.submit(given_set, BEFORE) for market in (one, other)]
        assert traded(answers[0]) == traded(answers[1])
        assert sum(one.positions.all_at(NOON).values()) == 0
        for _, signed, _ in traded(answers[0]):
            assert signed
    ends = [market.advance(GATE) for market in (one, other)]
    assert traded(ends[0]) == traded(ends[1])
    assert one.positions.all_at(NOON) == other.positions.all_at(NOON)
    assert sum(one.positions.all_at(NOON).values()) == 0
