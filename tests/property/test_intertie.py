"""The curve sent up, and the award that comes down: monotone, inside the limits, balanced."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.agents.intertie import delivered, landed, net, tendered
from gateway.model.demand import Demand
from gateway.model.intertie import WHOLE, Bounds, Contract, ParentTerms
from gateway.model.tender import Side
from gateway.model.time import SECOND, Duration

FLOOR, CAP = -200, 400
PRICES = st.integers(FLOOR, CAP)
BOUNDS = st.builds(Bounds, imports=st.integers(0, 4000), exports=st.integers(0, 4000))


@st.composite
def demands(draw):
    steps = draw(st.dictionaries(PRICES, st.integers(1, 3000), max_size=60))
    total = sum(steps.values())
    falling = tuple(sorted(steps.items(), reverse=True))
    return Demand(above=-draw(st.integers(0, total)), steps=falling)


@st.composite
def contracts(draw):
    low, high = sorted((draw(PRICES), draw(PRICES)))
    return Contract(
        tie="street",
        area="home",
        parent="street",
        product="power",
        parent_product="power",
        bounds=Bounds(imports=4000, exports=4000),
        fee=draw(st.integers(0, 80)),
        loss_ppm=draw(st.sampled_from([WHOLE, 970_000, 900_001, 500_000, 333_333])),
        collar_min=draw(st.sampled_from([None, low])),
        collar_max=draw(st.sampled_from([None, high])),
        standing_import=0,
        standing_export=0,
    )


PARENTS = st.builds(
    ParentTerms,
    interval=st.just(Duration(10 * SECOND)),
    price_scale=st.just(-4),
    quantity_scale=st.just(0),
    unit=st.just("W"),
    currency=st.just("EUR"),
    tick=st.sampled_from([1, 5]),
    lot=st.sampled_from([1, 10]),
    price_floor=st.just(FLOOR),
    price_cap=st.just(CAP),
    lead=st.just(SECOND),
)


def at(offers, price):
    """What the parent's book reads at a price: BUY +, SELL -."""
    buys = sum(o.quantity for o in offers if o.side is Side.BUY and o.price >= price)
    return buys - sum(o.quantity for o in offers if o.side is Side.SELL and o.price <= price)


@given(demands(), contracts(), BOUNDS, PARENTS)
def test_what_is_tendered_never_rises_with_the_price(demand, contract, bounds, parent):
    offers = tendered(demand, contract, bounds, parent)
    curve = [at(offers, price) for price in range(FLOOR, CAP + 1)]
    assert curve == sorted(curve, reverse=True)
    assert all(o.quantity > 0 and o.price % parent.tick == 0 for o in offers)
    assert all(o.quantity % parent.lot == 0 for o in offers)


@given(demands(), contracts(), BOUNDS, PARENTS, PRICES)
def test_what_is_tendered_is_never_more_than_the_formula_says(
    demand, contract, bounds, parent, price
):
    offers = tendered(demand, contract, bounds, parent)
    wanted = min(bounds.imports, max(0, demand.at(landed(contract, price))))
    given_ = min(bounds.exports, max(0, -demand.below(net(contract, price))))
    quantity = at(offers, price)
    assert quantity * contract.loss_ppm <= wanted * WHOLE
    assert -quantity * WHOLE <= given_ * contract.loss_ppm


@given(demands(), contracts(), BOUNDS, PARENTS)
def test_outside_the_collar_nothing_new_is_tendered(demand, contract, bounds, parent):
    for offer in tendered(demand, contract, bounds, parent):
        assert contract.collar_min is None or offer.price >= contract.collar_min
        assert contract.collar_max is None or offer.price <= contract.collar_max


@given(demands(), contracts(), BOUNDS, PARENTS)
def test_a_party_never_trades_with_itself(demand, contract, bounds, parent):
    offers = tendered(demand, contract, bounds, parent)
    buys = [o.price for o in offers if o.side is Side.BUY]
    sells = [o.price for o in offers if o.side is Side.SELL]
    assert not buys or not sells or max(buys) < min(sells)


@given(demands(), contracts(), BOUNDS, PARENTS, PRICES)
def test_whatever_is_awarded_of_it_stays_inside_the_limits_here(
    demand, contract, bounds, parent, price
):
    award = at(tendered(demand, contract, bounds, parent), price)
    here = delivered(contract, award, lot=1)
    assert -bounds.exports <= here <= bounds.imports


@given(contracts(), st.integers(-4000, 4000))
def test_up_and_down_again_loses_no_more_than_the_loss_and_a_lot(contract, award):
    here = delivered(contract, award, lot=1)
    loss = contract.loss_ppm
    if award >= 0:
        assert award * loss - WHOLE < here * WHOLE <= award * loss
    else:
        assert -award * WHOLE <= -here * loss < -award * WHOLE + loss


@given(contracts(), PRICES)
def test_buying_and_selling_through_the_tie_never_earns(contract, price):
    assert net(contract, price) <= landed(contract, price)


@given(demands())
def test_without_fee_and_loss_the_curve_is_the_demand_itself(demand):
    contract = Contract(
        tie="street", area="home", parent="street", product="power", parent_product="power",
        bounds=Bounds(imports=10**9, exports=10**9), standing_import=0, standing_export=0,
    )  # fmt: skip
    parent = ParentTerms(
        interval=Duration(10 * SECOND), price_scale=-4, quantity_scale=0, unit="W",
        currency="EUR", tick=1, lot=1, price_floor=FLOOR, price_cap=CAP + 1, lead=SECOND,
    )  # fmt: skip
    offers = tendered(demand, contract, contract.bounds, parent)
    drawn_together = len(demand.steps) > 40
    for price in range(FLOOR, CAP + 1, 7):
        if not drawn_together and all(abs(price - limit) > 1 for limit, _ in demand.steps):
            assert at(offers, price) == demand.at(price)
