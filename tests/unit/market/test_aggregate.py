"""What everybody but the wire would draw, of whatever kind their tenders are."""

from gateway.market import Market
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant, seconds

NOW = Instant(seconds(1_000_000))
PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
NEXT = PRODUCT.next_interval(NOW)
BUY, SELL = Side.BUY, Side.SELL


def a_market():
    ids = ("load", "roof", "app", "street")
    return Market(PRODUCT, area="home", epoch=1, parties=[Party(id=name) for name in ids])


def a_set(party, *steps, netting=True, revision=1, **more):
    tenders = tuple(
        Tender(id=f"{revision}-{n}", side=side, price=price, quantity=quantity, **more)
        for n, (side, price, quantity) in enumerate(steps)
    )
    return TenderSet(
        party=party,
        product="power",
        interval=NEXT,
        tenders=tenders,
        netting=netting,
        revision=revision,
    )


def test_requirements_add_up_and_the_wire_itself_does_not_count():
    market = a_market()
    market.submit(a_set("load", (BUY, 5000, 300), (BUY, 2000, 100)), NOW)
    market.submit(a_set("roof", (SELL, 2000, 250)), NOW)
    market.submit(a_set("street", (SELL, 100, 9000)), NOW)
    demand = market.demand(NEXT, (), "street")
    assert demand.above == -250
    assert demand.steps == ((5000, 300), (2000, 350))


def test_what_is_required_as_of_now_stands_for_what_was_required():
    market = a_market()
    market.submit(a_set("load", (BUY, 5000, 300)), NOW)
    fresh = a_set("load", (BUY, 4000, 200), revision=2)
    assert market.demand(NEXT, (fresh,), "street").steps == ((4000, 200),)
    assert market.live_sets("load")[0].tenders[0].quantity == 300


def test_an_increment_counts_with_what_is_open_and_what_its_party_holds():
    market = a_market()
    market.submit(a_set("app", (BUY, 3000, 500), netting=False), NOW)
    market.positions.add("app", NEXT, 70)
    market.positions.add("roof", NEXT, -40)
    market.positions.add("street", NEXT, -30)
    demand = market.demand(NEXT, (), "street")
    assert demand.above == -40
    assert demand.steps == ((PRODUCT.price_cap, 70), (3000, 500), (PRODUCT.price_floor, 40))
    assert demand.at(3000) == 530


def test_of_alternatives_the_first_counts():
    market = a_market()
    either = a_set("app", (BUY, 3000, 500), (BUY, 2500, 800), netting=False, exclusive="one")
    market.submit(either, NOW)
    assert market.demand(NEXT, (), "street").steps == ((3000, 500),)


def test_a_requirement_holds_what_its_party_already_bought():
    market = a_market()
    market.submit(a_set("load", (BUY, 5000, 300)), NOW)
    market.positions.add("load", NEXT, 120)
    assert market.demand(NEXT, (), "street").at(5000) == 300


def test_where_nobody_tendered_nobody_draws():
    demand = a_market().demand(NEXT, (), "street")
    assert (demand.above, demand.steps) == (0, ())
