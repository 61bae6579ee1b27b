"""Sequences of sessions: positions, netting, restarts."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.market.market import Market
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet, TieClass
from gateway.model.time import SECOND, Duration, Instant, parse_rfc3339
from gateway.model.transaction import Transaction

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
FLOOR, CAP = -3, 9
TERMS = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=Duration(10 * SECOND),
    price_floor=FLOOR,
    price_cap=CAP,
)
PARTIES = [
    Party(id="roof"),
    Party(id="battery"),
    Party(id="tie", tie_class=TieClass.INTERTIE),
    Party(id="utility", tie_class=TieClass.GRID),
]
SECONDS = range(-30, 60)

requirements = st.lists(
    st.tuples(
        st.sampled_from(Side),
        st.integers(FLOOR, CAP),
        st.integers(1, 9),
        st.booleans() | st.just(value=False),
    ),
    max_size=4,
)


@st.composite
def calls(draw):
    """What happens one second after the other: a submission, a cancellation, an auction."""
    kind = draw(st.sampled_from(["require", "require", "add", "cancel", "auction", "wait"]))
    party = draw(st.sampled_from(PARTIES)).id
    steps = draw(requirements)
    expires = draw(st.none() | st.integers(1, 15))
    return kind, party, steps, draw(st.integers(0, 2)), expires


def open_market():
    return Market(TERMS, area="home", epoch=1, parties=PARTIES)


def at(second):
    return Instant(NOON + second * SECOND)


def tenders_of(second, steps, expires):
    expiration = None if expires is None else at(second + expires)
    return tuple(
        Tender(
            id=f"s{second}-{n}",
            side=side,
            price=price,
            quantity=quantity,
            all_or_none=block,
            expiration=expiration,
        )
        for n, (side, price, quantity, block) in enumerate(steps)
    )


def do(market, second, call):
    """One call and the second's advance; the events."""
    kind, party, steps, ahead, expires = call
    now = at(second)
    start = TERMS.interval_at(Instant(now + ahead * TERMS.interval))
    events = []
    if kind in {"require", "add"}:
        tenders = TenderSet(
            party=party,
            product="power",
            interval=start,
            tenders=tenders_of(second, steps, expires),
            netting=kind == "require",
            revision=second + 100,
        )
        events += market.submit(tenders, now)
    elif kind == "cancel":
        events += market.cancel(party, None, now)
    events += market.advance(now, unscheduled=kind == "auction")
    return events


def replay(market, script, start=-20):
    return [event for n, call in enumerate(script) for event in do(market, start + n, call)]


scripts = st.lists(calls(), min_size=4, max_size=20)


@given(scripts)
def test_positions_sum_to_zero_whatever_happens(script):
    market = open_market()
    events = replay(market, script)

    for second in SECONDS:
        assert sum(market.positions.all_at(at(second)).values()) == 0
    money = [event.money for event in events if isinstance(event, Transaction)]
    assert sum(money) == 0


@given(scripts)
def test_positions_are_the_sum_of_the_transactions(script):
    market = open_market()
    made = [event for event in replay(market, script) if isinstance(event, Transaction)]

    for second in SECONDS:
        for party in PARTIES:
            running = [t for t in made if t.party == party.id and at(second) in t.interval]
            assert market.positions.at(party.id, at(second)) == sum(t.signed for t in running)


@given(scripts)
def test_clearings_are_numbered_without_gap_and_only_cover_the_future(script):
    market = open_market()
    clearings = [event for event in replay(market, script) if isinstance(event, Clearing)]

    assert [c.sequence for c in clearings] == list(range(1, len(clearings) + 1))
    for clearing in clearings:
        assert clearing.interval.start >= clearing.at
        assert clearing.interval.end == clearing.instrument.end


@given(scripts, st.integers(0, 40))
def test_a_restart_changes_nothing_that_follows(script, cut):
    straight, first = open_market(), open_market()
    replay(straight, script[:cut])
    replay(first, script[:cut])
    dump = json.loads(json.dumps(first.dump()))
    second = Market.load(TERMS, "home", 1, PARTIES, dump)

    assert second.dump() == dump
    assert second.next_deadline == straight.next_deadline
    for n, call in enumerate(script[cut:], -20 + min(cut, len(script))):
        assert do(second, n, call) == do(straight, n, call)
    assert second.dump() == straight.dump()


divisible = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(FLOOR, CAP), st.integers(1, 9)), max_size=4
)


def require_all(market, sets, revision, now):
    for party, steps in zip(PARTIES, sets, strict=True):
        tenders = tuple(
            Tender(id=f"r{revision}-{n}", side=side, price=price, quantity=quantity)
            for n, (side, price, quantity) in enumerate(steps)
        )
        start = TERMS.interval_at(at(0))
        answer, *_ = market.submit(
            TenderSet(
                party=party.id,
                product="power",
                interval=start,
                tenders=tenders,
                netting=True,
                revision=revision,
            ),
            now,
        )
        if not isinstance(answer, Accepted):
            return False
    return True


four_sets = st.tuples(divisible, divisible, divisible, divisible)


@given(four_sets)
def test_clearing_unchanged_requirements_again_trades_nothing(sets):
    market = open_market()
    if not require_all(market, sets, 1, at(-5)):
        return
    market.advance(at(0))
    positions = market.positions.all_at(at(5))

    again = market.advance(at(2), unscheduled=True)
    require_all(market, sets, 2, at(3))
    once_more = market.advance(at(4), unscheduled=True)

    assert not [event for event in (*again, *once_more) if isinstance(event, Transaction)]
    assert market.positions.all_at(at(5)) == positions


@given(four_sets, four_sets)
def test_netted_positions_stay_inside_the_requirement_at_the_price(before, after):
    """After a clearing with a price every requirement is met at that price."""
    market = open_market()
    if not require_all(market, before, 1, at(-5)):
        return
    market.advance(at(0))
    if not require_all(market, after, 2, at(1)):
        return
    clearing, *_ = market.advance(at(2), unscheduled=True)
    if clearing.price is None or clearing.type in {"SHORTAGE", "SURPLUS"}:
        return

    for party, steps in zip(PARTIES, after, strict=True):
        position = market.positions.at(party.id, at(5))
        least, most = demand(steps, clearing.price)
        assert least <= position <= most


def demand(steps, price):
    """What the requirement wants at the price: an interval, BUY +."""
    buys = [(p, q) for side, p, q in steps if side is Side.BUY]
    sells = [(p, q) for side, p, q in steps if side is Side.SELL]
    return (
        sum(q for p, q in buys if p > price) - sum(q for p, q in sells if p <= price),
        sum(q for p, q in buys if p >= price) - sum(q for p, q in sells if p < price),
    )
