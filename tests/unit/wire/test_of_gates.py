"""What a gate tells is what the plain encoder would write of the same payload."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.event import BookView
from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction
from gateway.wire.of_gates import write_book, write_position, write_tick
from gateway.wire.positions import bounding, position_fields
from gateway.wire.tender_documents import encode_tender
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9._~-]{1,12}", fullmatch=True)
INSTANTS = st.integers(0, 10**7).map(lambda count: Instant(count * MILLISECOND))
INTERVALS = st.builds(
    lambda start, length: Interval(start, Instant(start + length * MILLISECOND)),
    INSTANTS,
    st.integers(1, 10**7),
)
PRODUCTS = st.builds(
    Product,
    id=NAMES,
    resource=st.sampled_from(["POWER", "x-HEAT"]),
    unit=st.just("W"),
    interval=st.just(Duration(SECOND)),
    price_scale=st.integers(-6, 2),
    quantity_scale=st.integers(-6, 2),
)
TENDERS = st.builds(
    Tender,
    id=IDS,
    side=st.sampled_from(Side),
    price=st.integers(-(10**6), 10**6),
    quantity=st.integers(1, 10**12),
    all_or_none=st.booleans(),
    expiration=st.none() | INSTANTS,
)
SETS = st.builds(
    TenderSet,
    party=NAMES,
    product=NAMES,
    interval=INTERVALS,
    tenders=st.lists(TENDERS, max_size=3).map(tuple),
    netting=st.booleans(),
    revision=st.integers(0, 2**62),
)
TRANSACTIONS = st.builds(
    Transaction,
    id=IDS,
    product=NAMES,
    party=NAMES,
    counter_party=NAMES,
    tender=IDS,
    side=st.sampled_from(Side),
    price=st.integers(-(10**6), 10**6),
    quantity=st.integers(1, 10**12),
    interval=INTERVALS,
    clearing=st.integers(0, 10**9),
)


@st.composite
def positions(draw):
    """Steps that follow one another without gaps, as positions are told."""
    steps, start = [], draw(INSTANTS)
    for length in draw(st.lists(st.sampled_from([1, 20, 1000, 7000]), max_size=5)):
        end = Instant(start + length * MILLISECOND)
        quantity = draw(st.integers(-(10**9), 10**9))
        steps.append(PositionStep(interval=Interval(start, end), quantity=quantity))
        start = end
    return Position(party=draw(NAMES), product=draw(NAMES), steps=tuple(steps))


@given(positions(), NAMES, PRODUCTS)
def test_any_position_is_written_as_by_the_plain_encoder(position, area, product):
    head = {"v": 1, "positionParty": position.party, "marketId": area}
    fields = position_fields(position, product, bounding(position.steps))
    assert write_position(position, area, product) == write({**head, **fields})


@given(st.builds(BookView, party=NAMES, product=NAMES, sets=st.tuples(SETS)), NAMES, PRODUCTS)
def test_any_book_is_written_as_by_the_plain_encoder(view, area, product):
    payload = {
        "v": 1,
        "partyId": view.party,
        "marketId": area,
        "segmentId": view.product,
        "sets": [
            {
                "netting": tenders.netting,
                "revision": tenders.revision,
                "tenders": [
                    encode_tender(one, tenders.interval, product) for one in tenders.tenders
                ],
            }
            for tenders in view.sets
        ],
    }
    assert write_book(view, area, product) == write(payload)


@given(TRANSACTIONS, PRODUCTS)
def test_any_transaction_is_written_as_by_the_plain_encoder(transaction, product):
    payload = {
        "v": 1,
        "segmentId": transaction.product,
        "marketTransactionId": transaction.id,
        "partyId": transaction.party,
        "counterPartyId": transaction.counter_party,
        "side": transaction.side.value,
        "price": transaction.price,
        "priceScale": product.price_scale,
        "quantity": transaction.quantity,
        "quantityScale": product.quantity_scale,
        "interval": encode_interval(transaction.interval),
        "clearing": transaction.clearing,
    }
    assert write_tick(transaction, product) == write(payload)
