"""A resource traded ahead and at its gates: whatever is stated, what is bought was sold."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.market import Market
from gateway.market.positions import Positions
from gateway.model.ahead import Ahead
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction

PARTIES = ("load", "battery", "utility")
BEGIN = Instant(1000 * HOUR)
DISPATCHED = Product(id="power", resource=POWER, unit="W", interval=Duration(5 * MINUTE))
HOURLY = Product(
    id="hourly",
    resource=POWER,
    unit="W",
    interval=Duration(HOUR),
    gate_lead=Duration(MINUTE),
    ahead=Ahead(horizon=Duration(24 * HOUR), every=Duration(15 * MINUTE), least=0),
)
TARGET = Interval(Instant(BEGIN + 2 * HOUR), Instant(BEGIN + 3 * HOUR))
FIRST = Interval(TARGET.start, Instant(TARGET.start + 5 * MINUTE))

steps = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(-10, 40), st.integers(1, 500)), max_size=3
)
rounds = st.lists(st.dictionaries(st.sampled_from(PARTIES), steps), min_size=1, max_size=6)


def require(market, interval, party, wanted, now):
    sell = [one for one in wanted if one[0] is Side.SELL]
    dearest = max((price for side, price, _ in wanted if side is Side.BUY), default=-11)
    fair = [one for one in wanted if one[0] is Side.BUY] + [s for s in sell if s[1] > dearest]
    tenders = tuple(
        Tender(id=f"{number}", side=side, price=price, quantity=quantity)
        for number, (side, price, quantity) in enumerate(fair)
    )
    given_ = TenderSet(
        party=party, product=market.product.id, interval=interval, tenders=tenders,
        netting=True, revision=now,
    )  # fmt: skip
    market.submit(given_, now)


def played(ahead, at_the_gate):
    """All transactions of the two markets, and the positions they left."""
    positions = Positions("power")
    parties = [Party(id=party) for party in PARTIES]
    made = {"area": "home", "epoch": 1, "parties": parties, "positions": positions}
    hourly, power = Market(HOURLY, **made), Market(DISPATCHED, **made, tag="2")
    events = [*hourly.advance(BEGIN), *power.advance(BEGIN)]
    for number, stated in enumerate(ahead, 1):
        now = Instant(BEGIN + number * 15 * MINUTE)
        for party, wanted in stated.items():
            require(hourly, TARGET, party, wanted, now)
        events += hourly.advance(now, ahead=TARGET)
    events += hourly.advance(HOURLY.gate(TARGET))
    now = DISPATCHED.gate(FIRST)
    for party, wanted in at_the_gate.items():
        require(power, FIRST, party, wanted, now)
    events += power.advance(now)
    return [one for one in events if isinstance(one, Transaction)], positions


@given(ahead=rounds, at_the_gate=st.dictionaries(st.sampled_from(PARTIES), steps))
def test_positions_sum_to_zero_and_are_what_was_traded_each_at_its_own_clearing(ahead, at_the_gate):
    traded, positions = played(ahead, at_the_gate)
    for at in (FIRST.start, Instant(FIRST.end + SECOND)):
        assert sum(positions.all_at(at).values()) == 0
        for party in PARTIES:
            inside = (t for t in traded if t.party == party and t.interval.start <= at)
            held = sum(t.signed for t in inside if at < t.interval.end)
            assert positions.at(party, at) == held


@given(ahead=rounds, at_the_gate=st.dictionaries(st.sampled_from(PARTIES), steps))
def test_the_same_calls_give_the_same_transactions(ahead, at_the_gate):
    assert played(ahead, at_the_gate)[0] == played(ahead, at_the_gate)[0]


@given(stated=st.dictionaries(st.sampled_from(PARTIES), steps))
def test_a_requirement_that_has_not_changed_trades_once(stated):
    once, _ = played([stated], {})
    again, _ = played([stated, stated, stated], {})
    assert [(t.party, t.signed, t.price) for t in once] == [
        (t.party, t.signed, t.price) for t in again
    ]


def test_after_its_gate_an_instrument_is_not_cleared_ahead_any_more():
    market = Market(HOURLY, area="home", epoch=1, parties=[])
    market.advance(HOURLY.gate(TARGET))
    assert market.advance(Instant(HOURLY.gate(TARGET) + SECOND), ahead=TARGET) == ()
