"""Two levels without fee, loss and limits clear as one pooled market would."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.intertie import as_tenders, coming_down, tendered
from gateway.market import Market
from gateway.model.clearing import Clearing
from gateway.model.intertie import Bounds, Contract, ParentTerms
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet, TieClass
from gateway.model.time import SECOND, Duration, Instant, seconds
from gateway.model.transaction import Transaction

NOW = Instant(seconds(1_000_000))
WIDE = Bounds(imports=10**9, exports=10**9)
CONTRACT = Contract(
    tie="street",
    area="home",
    parent="street",
    product="power",
    parent_product="power",
    bounds=WIDE,
    standing_import=300,
    standing_export=0,
)
POWER_10S = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=Duration(10 * SECOND),
    price_floor=-500,
    price_cap=500,
)
TERMS = ParentTerms(
    interval=POWER_10S.interval,
    price_scale=-4,
    quantity_scale=0,
    unit="W",
    currency="EUR",
    tick=1,
    lot=1,
    price_floor=-500,
    price_cap=500,
    lead=POWER_10S.gate_lead,
)
STEPS = st.lists(
    st.tuples(st.sampled_from(list(Side)), st.integers(-400, 400), st.integers(1, 1000)),
    min_size=1,
    max_size=15,
)


def a_market(area, steps, *more):
    """A market in which every step is a party of its own."""
    parties = [Party(id=f"{area}{n}") for n in range(len(steps))]
    market = Market(POWER_10S, area=area, epoch=1, parties=[*parties, *more])
    for party, (side, price, quantity) in zip(parties, steps, strict=True):
        state(market, party.id, Tender(id="t", side=side, price=price, quantity=quantity))
    return market


def state(market, party, *tenders):
    interval = POWER_10S.next_interval(NOW)
    given_ = TenderSet(
        party=party, product="power", interval=interval, tenders=tenders, netting=True, revision=1
    )
    market.submit(given_, NOW)


def cleared(market):
    events = market.advance(POWER_10S.gate(POWER_10S.next_interval(NOW)))
    (clearing,) = (e for e in events if isinstance(e, Clearing))
    return clearing, [e for e in events if isinstance(e, Transaction)]


@given(STEPS, STEPS)
def test_two_levels_trade_what_one_pool_trades_at_its_price_within_a_tick(below, above):
    pool = a_market("pool", [*below, *above])
    pooled, _ = cleared(pool)

    child = a_market("home", below, Party(id="street", tie_class=TieClass.INTERTIE))
    parent = a_market("street", above, Party(id="home"))
    interval = POWER_10S.next_interval(NOW)
    offers = tendered(child.demand(interval, (), "street"), CONTRACT, WIDE, TERMS)
    state(parent, "home", *as_tenders(offers, interval.start, 1))
    up, transactions = cleared(parent)
    award = sum(tx.signed for tx in transactions if tx.party == "home")
    for step in coming_down(CONTRACT, award, 1):
        price = POWER_10S.price_floor if step.side is Side.SELL else POWER_10S.price_cap
        state(child, "street", Tender(id="w", side=step.side, price=price, quantity=step.quantity))
    down, _ = cleared(child)

    # What passes the wire is counted on both sides.
    volume = up.quantity + down.quantity - abs(award)
    assert child.positions.at("street", interval.start) == -award
    nested = surplus(child, "home", below) + surplus(parent, "street", above)
    best = surplus(pool, "pool", [*below, *above])
    assert best - abs(award) <= nested <= best
    assert abs(volume - pooled.quantity) <= indifferent([*below, *above], pooled)
    if up.low is not None and pooled.low is not None:
        assert up.low <= pooled.high + 1
        assert up.high >= pooled.low - 1


def indifferent(steps, clearing):
    """What trades or not at one and the same price, to nobody's gain or loss."""
    near = (clearing.low or 0) - 1, (clearing.high or 0) + 1
    return sum(q for _, price, q in steps if clearing.low is None or near[0] <= price <= near[1])


def surplus(market, area, steps):
    """What the parties value what they hold at, beyond nothing."""
    start = POWER_10S.next_interval(NOW).start
    held = [market.positions.at(f"{area}{n}", start) for n in range(len(steps))]
    return sum(price * quantity for (_, price, _), quantity in zip(steps, held, strict=True))
