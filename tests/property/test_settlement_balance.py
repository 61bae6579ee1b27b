"""Deliveries and peers: energy and money balance to the last integer, whatever was metered."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.market.pairing import paired
from gateway.market.positions import Positions
from gateway.market.settlement import Flow, energy, settle
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.settlement import DeviationRule, Settlement
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import SECOND, Duration, Instant, Interval
from gateway.ports.mechanism import Step

STEP = 10 * SECOND
WINDOW = Interval(Instant(0), Instant(6 * STEP))
LOT = 10
PARTIES = ("roof", "battery", "utility", "anna")

moments = st.integers(0, 59).map(lambda s: Instant(s * SECOND))
trades = st.lists(
    st.tuples(moments, st.permutations((*PARTIES, "must-run")), st.integers(1, 9000)), max_size=12
)
quantities = st.lists(st.integers(-(10**6), 10**6), min_size=6, max_size=6).map(tuple)
terms = st.builds(
    Settlement, deviation=st.sampled_from(list(DeviationRule)), surcharge=st.integers(0, 500)
)


def product(settlement):
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(STEP),
        lot=LOT,
        settlement=settlement,
    )


def positions_of(deals):
    held = Positions("power")
    for at, (buyer, seller, *_), quantity in deals:
        held.add(buyer, Interval(at, WINDOW.end), quantity)
        held.add(seller, Interval(at, WINDOW.end), -quantity)
    everybody = (*PARTIES, "must-run", "bob")
    return {party: held.steps(party, WINDOW) for party in everybody}


@given(
    deals=trades,
    metered=st.dictionaries(st.sampled_from(PARTIES), quantities),
    prices=st.lists(st.integers(-10_000, 20_000), min_size=6, max_size=6),
    settlement=terms,
)
def test_deviations_of_all_parties_and_the_rest_are_zero_in_energy_and_money(
    deals, metered, prices, settlement
):
    positions = positions_of(deals)
    flows = [Flow(party=p, meter=p, quantities=q) for p, q in metered.items()]
    found = settle(
        product(settlement),
        WINDOW,
        flows=flows,
        positions=positions,
        prices=prices,
        rest="must-run",
    )
    assert sum(one.deviation for one in found) == 0
    assert sum(one.money for one in found) == 0
    assert all(one.deviation == one.delivered - one.position for one in found)
    rest = found[-1]
    assert rest.position == energy(positions["must-run"].steps, WINDOW)
    if settlement.deviation is DeviationRule.CLEARING_PRICE and len(set(prices)) == 1:
        assert rest.money == prices[0] * rest.deviation


@given(deals=trades, price=st.integers(-10_000, 20_000), surcharge=st.integers(0, 500))
def test_whoever_delivers_what_it_traded_in_every_interval_pays_nothing(deals, price, surcharge):
    whole = [(Instant(at // STEP * STEP), who, q) for at, who, q in deals]
    positions = positions_of(whole)
    starts = range(0, WINDOW.end, STEP)
    parts = [Interval(Instant(s), Instant(s + STEP)) for s in starts]
    flows = [
        Flow(
            party=party,
            meter=party,
            quantities=tuple(energy(positions[party].steps, p) // 10_000 for p in parts),
        )
        for party in PARTIES
    ]
    rule = Settlement(deviation=DeviationRule.TWO_PRICE, surcharge=surcharge)
    found = settle(
        product(rule), WINDOW, flows=flows, positions=positions, prices=[price] * 6, rest="must-run"
    )
    assert {one.money for one in found} == {0}


@pytest.mark.parametrize(("flow", "paid"), [(150, 50 * (100 + 20)), (50, -50 * (100 - 20))])
def test_two_prices_go_against_whoever_deviates_either_way(flow, paid):
    held = Positions("power")
    one = Interval(Instant(0), Instant(STEP))
    held.add("anna", one, 100)
    held.add("must-run", one, -100)
    positions = {party: held.steps(party, one) for party in ("anna", "must-run")}
    rule = Settlement(deviation=DeviationRule.TWO_PRICE, surcharge=20)
    flows = [Flow(party="anna", meter="m", quantities=(flow,))]
    anna, rest = settle(
        product(rule), one, flows=flows, positions=positions, prices=[100], rest="must-run"
    )
    assert anna.money == paid * 10_000
    assert rest.money == -anna.money


steps = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(1, 50), st.sampled_from((-50, 0, 100, 300))),
    min_size=1,
    max_size=10,
)


def fills_of(raw):
    """Fills that balance: what is bought beyond the sales is sold by one more seller."""
    fills = []
    for number, (party, lots, price) in enumerate(raw):
        side = Side.BUY if number % 2 else Side.SELL
        fills.append((step(party, side, price, lots * LOT, number), lots * LOT, price))
    apart = sum(s.side.sign * q for s, q, _ in fills)
    if apart:
        side = Side.SELL if apart > 0 else Side.BUY
        fills.append((step("rest", side, 100, abs(apart), 99), abs(apart), 100))
    return fills


def step(party, side, price, quantity, number):
    tender = Tender(id=f"{party}-{number}", side=side, price=price, quantity=quantity)
    return Step(Party(id=party), tender, side, price, quantity, number)


@given(raw=steps)
def test_paired_fills_keep_every_partys_totals_and_name_each_pair_from_both_sides(raw):
    fills = fills_of(raw)
    pieces = list(paired(fills, "home"))
    before = Counter()
    for one, quantity, price in fills:
        before[one.party.id, one.tender_id, one.side, price] += quantity
    after, between = Counter(), Counter()
    for one, quantity, price, opposite in pieces:
        after[one.party.id, one.tender_id, one.side, price] += quantity
        assert quantity > 0
        assert quantity % LOT == 0
        assert opposite != one.party.id
        if opposite != "home":
            pair = (one.party.id, opposite) if one.side is Side.BUY else (opposite, one.party.id)
            between[pair] += one.side.sign * quantity
    assert after == before
    assert not any(between.values())
    assert list(paired(fills, "home")) == pieces


@given(raw=steps)
def test_only_what_has_no_other_party_on_the_far_side_stands_opposite_the_market(raw):
    fills = fills_of(raw)
    left = {
        (one.party.id, one.side)
        for one, _, _, opposite in paired(fills, "home")
        if opposite == "home"
    }
    buyers = {party for party, side in left if side is Side.BUY}
    sellers = {party for party, side in left if side is Side.SELL}
    assert buyers == sellers
    assert len(buyers) <= 1
