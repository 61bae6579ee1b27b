"""Whatever a party asks, in whatever order: no position is left without its cover."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.market import Market
from gateway.model.cover import Cover
from gateway.model.membership import Allowance
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import CAPACITY, POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, Duration, Instant, Interval, parse_rfc3339
from gateway.runtime.covers import Covers
from gateway.runtime.register import Register

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
START = NOW + HOUR
ANNA, BOB = Party(id="anna"), Party(id="bob")
FACTOR = 2.0
COVER = Cover(side=Side.BUY, product="power", by="right", factor=FACTOR)
PRODUCTS = {
    "power": Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=Duration(MINUTE),
        mechanism="order-book",
        price_rule="",
    ),
    "right": Product(
        id="right",
        resource=CAPACITY,
        unit="W",
        interval=Duration(HOUR),
        mechanism="order-book",
        price_rule="",
    ),
}
MINUTES = tuple(
    Interval(Instant(START + k * MINUTE), Instant(START + (k + 1) * MINUTE)) for k in range(3)
)
HOURS = Interval(Instant(START), Instant(START + HOUR))

asks = st.tuples(
    st.sampled_from(["power", "right"]),
    st.sampled_from(list(Side)),
    st.integers(1, 40),
    st.integers(0, len(MINUTES) - 1),
    st.booleans(),  # whether bob takes it
)


def tenders(party, number, product, side, quantity, minute):
    interval = MINUTES[minute] if product == "power" else HOURS
    tender = Tender(id=f"{party}-{number}", side=side, price=1000, quantity=quantity)
    return TenderSet(party=party, product=product, interval=interval, tenders=(tender,))


@given(st.lists(asks, max_size=12))
def test_no_sequence_of_requests_leaves_a_position_without_its_cover(requests):
    markets = {
        id_: Market(terms, area="home", epoch=1, parties=(ANNA, BOB))
        for id_, terms in PRODUCTS.items()
    }
    covers = Covers(markets, Register((ANNA, BOB), {"anna": Allowance(covers=(COVER,))}))
    for number, (product, side, quantity, minute, taken) in enumerate(requests):
        asked = tenders("anna", number, product, side, quantity, minute)
        request = SubmitTenders(party="anna", request_id=str(number), tenders=asked)
        if covers.refusal(request) is not None:
            continue
        markets[product].submit(asked, NOW)
        if taken:
            other = tenders("bob", number, product, side.opposite, quantity, minute)
            markets[product].submit(other, NOW)
        for one in MINUTES:
            drawn = markets["power"].positions.at("anna", one.start)
            held = markets["right"].positions.at("anna", one.start)
            assert drawn <= FACTOR * max(0, held)
