"""Depth, session and tickers: what is told is what a plain count of all that happened says."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.event import BookView, SessionChanged, SessionStatus
from gateway.model.product import Product
from gateway.model.quote import Quote, QuoteChanged, Rfq, RfqChanged
from gateway.model.resource import POWER
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.wire.border import border
from gateway.wire.instruments import Instruments
from gateway.wire.mirror import Mirror
from gateway.wire.requests import Answer, parse
from scripts.mqtt_docs import SITE

NOW = parse_rfc3339("2026-06-21T12:00:03Z")
SILENT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
PRODUCT = replace(SILENT, publish=("book", "session", "ticks"))
NEXT = PRODUCT.next_interval(NOW)
BOOK, PRICE = (
    "rmf/1/home/p/power/book/20260621T120010Z",
    "rmf/1/home/p/power/price/20260621T120010Z",
)


def tender(number, side, price, quantity):
    return Tender(id=f"t{number}", side=Side(side), price=price, quantity=quantity)


def view(party, steps):
    tenders = tuple(tender(number, *step) for number, step in enumerate(steps))
    stated = TenderSet(party=party, product="power", interval=NEXT, tenders=tenders)
    return BookView(party=party, product="power", sets=(stated,) if steps else ())


def match(number, side, price, quantity):
    return Transaction(
        id=f"home-tx-1-{number}",
        product="power",
        party="anna",
        counter_party="home",
        tender="t",
        side=Side(side),
        price=price,
        quantity=quantity,
        interval=NEXT,
        clearing=1,
    )


STEPS = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.integers(1, 5), st.integers(1, 100)), max_size=4
)


@given(st.lists(st.tuples(st.sampled_from(["anna", "bob", "carl"]), STEPS), max_size=12))
def test_the_book_is_the_sum_of_what_every_party_tenders_whatever_they_changed_before(changes):
    instruments, newest, told = Instruments("home"), {}, {}
    for party, steps in changes:
        newest[party] = steps
        for one in instruments.book(view(party, steps), PRODUCT, NOW):
            told[one.topic] = one
    wanted = Counter()
    for steps in newest.values():
        for side, price, quantity in steps:
            wanted[side, price] += quantity
    if BOOK not in told or not told[BOOK].payload:
        assert not wanted
        return
    entries = json.loads(told[BOOK].payload)["bookEntries"]
    assert {(one["side"], one["price"]): one["quantity"] for one in entries} == dict(wanted)
    buys = [one["price"] for one in entries if one["side"] == "BUY"]
    sells = [one["price"] for one in entries if one["side"] == "SELL"]
    assert buys == sorted(buys, reverse=True)
    assert sells == sorted(sells)
    assert b"anna" not in told[BOOK].payload


@given(st.lists(st.tuples(st.integers(-10, 10), st.integers(1, 100)), min_size=1, max_size=20))
def test_the_session_is_what_the_matches_come_to_each_counted_once(matches):
    instruments, told = Instruments("home"), {}
    for number, (price, quantity) in enumerate(matches):
        for side in ("BUY", "SELL"):
            for one in instruments.traded(match(number, side, price, quantity), PRODUCT, NOW):
                told[one.topic] = one
    session = json.loads(told[PRICE].payload)
    prices = [price for price, _ in matches]
    assert session["firstPrice"] == prices[0]
    assert session["lastPrice"] == prices[-1]
    assert (session["highPrice"], session["lowPrice"]) == (max(prices), min(prices))
    assert session["volume"] == sum(quantity for _, quantity in matches)
    assert session["transactions"] == len(matches)


def test_what_is_over_is_cleared_and_counted_anew_though_nothing_more_is_traded():
    instruments = Instruments("home")
    assert [*instruments.traded(match(1, "BUY", 5, 10), PRODUCT, NOW)]
    assert not [*instruments.over(NOW)]
    cleared = [*instruments.over(NEXT.end)]
    assert [(one.topic, one.payload, one.retain) for one in cleared] == [(PRICE, b"", True)]
    assert not [*instruments.over(NEXT.end)]
    (again,) = instruments.traded(match(2, "BUY", 7, 30), PRODUCT, NEXT.end)
    assert json.loads(again.payload)["volume"] == 30


def test_the_mirror_clears_at_the_next_session_what_is_over():
    mirror = Mirror(replace(SITE, products=(PRODUCT,)))
    mirror.messages(match(1, "BUY", 5, 10), NOW)
    opened = SessionChanged(
        product="power",
        status=SessionStatus.OPEN,
        interval=PRODUCT.next_interval(NEXT.end),
        gate=NEXT.end,
        at=NEXT.end,
    )
    session, cleared = mirror.messages(opened, NEXT.end)
    assert session.payload
    assert (cleared.topic, cleared.payload, cleared.retain) == (PRICE, b"", True)


def test_a_product_that_publishes_its_book_no_more_takes_it_back():
    instruments = Instruments("home")
    for party in ("anna", "bob"):
        assert [*instruments.book(view(party, [("BUY", 5, 10)]), PRODUCT, NOW)]
    (cleared,) = instruments.book(view("anna", []), SILENT, NOW)
    assert (cleared.topic, cleared.payload) == (BOOK, b"")
    assert not [*instruments.book(view("bob", []), SILENT, NOW)]
    found = [*instruments.book(view("carl", [("SELL", 7, 4)]), PRODUCT, NOW)]
    (told,) = [one for one in found if one.topic == BOOK]
    assert json.loads(told.payload)["bookEntries"] == [{"side": "SELL", "price": 7, "quantity": 4}]


def test_a_tick_is_what_is_new_at_a_price_and_nothing_where_only_less_is_tendered():
    instruments = Instruments("home")
    ticks = []
    for steps in ([("BUY", 5, 10)], [("BUY", 5, 25)], [("BUY", 5, 4)]):
        found = instruments.book(view("anna", steps), PRODUCT, NOW)
        ticks.append(
            [json.loads(one.payload)["quantity"] for one in found if "/tick/" in one.topic]
        )
    assert ticks == [[10], [15], []]


def test_a_private_quote_ticks_for_nobody():
    instruments = Instruments("home")
    quote = Quote(party="anna", product="power", interval=NEXT, tender=tender(1, "SELL", 5, 10))
    for one, count in ((quote, 1), (replace(quote, private=True), 0), (replace(quote, to="b"), 0)):
        told = QuoteChanged(id="q", quote=one, remaining=10)
        assert len([*instruments.quoted(told, PRODUCT)]) == count
    rfq = Rfq(id="r", party="anna", product="power", side=Side.BUY, within=NEXT, quantity=5)
    for one, count in ((rfq, 1), (replace(rfq, to="bob"), 0)):
        told = RfqChanged(id="r", rfq=one)
        assert len([*instruments.quoted(told, PRODUCT)]) == count


def test_a_product_that_publishes_nothing_more_tells_nothing_more():
    instruments = Instruments("home")
    assert not [*instruments.book(view("anna", [("BUY", 5, 10)]), SILENT, NOW)]
    assert not [*instruments.traded(match(1, "BUY", 5, 10), SILENT, NOW)]


def ask(operation, product="power", **more):
    document = {
        "requestId": "r",
        "partyId": "anna",
        "marketId": "home",
        "subscriptionActionRequested": "SNAPSHOT_AND_UPDATES",
    } | more
    here = replace(border(SITE), products={"power": PRODUCT, "quiet": replace(SILENT, id="quiet")})
    topic = f"rmf/1/home/u/anna/req/{product}/{operation}"
    found = parse(topic, json.dumps(document).encode(), here, NOW)
    return found.refused.code.value if isinstance(found, Answer) else found.listen


def test_what_is_allowed_is_told_as_it_is_to_be_written():
    topic = "rmf/1/home/u/anna/req/power/manage-session-data"
    asked = {"requestId": "r", "partyId": "anna", "marketId": "home"}
    asked["subscriptionActionRequested"] = "subscribe"
    here = replace(border(SITE), products={"power": PRODUCT})
    why = parse(topic, json.dumps(asked).encode(), here, NOW).refused.description
    assert why.endswith("input should be 'SNAPSHOT', 'SNAPSHOT_AND_UPDATES' or 'CANCEL'")


@pytest.mark.parametrize(
    ("asked", "listen"),
    [
        (("manage-market-reference-data", "market"), "m/ref"),
        (("manage-segment-reference-data",), "p/power/ref"),
        (("manage-session-data",), "p/power/session"),
    ],
)
def test_reference_data_are_told_on_their_retained_topics(asked, listen):
    assert ask(*asked) == f"rmf/1/home/{listen}"


def test_instruments_and_tickers_are_told_where_the_product_publishes_them():
    for summary, level in (("BOOK", "book"), ("SESSION", "price")):
        found = ask("manage-instrument-data", instrumentSummaryType=summary)
        assert found == f"rmf/1/home/p/power/{level}/+"
    for ticker in ("TENDERS", "QUOTES", "RFQS", "TRANSACTIONS"):
        level = ticker[:-1].lower()
        found = ask("manage-ticker-subscription", tickerType=ticker)
        assert found == f"rmf/1/home/p/power/tick/{level}"


def test_what_is_not_published_or_not_there_is_refused():
    assert ask("manage-instrument-data", "quiet", instrumentSummaryType="BOOK") == 422
    assert ask("manage-ticker-subscription", "quiet", tickerType="TENDERS") == 422
    assert ask("manage-ticker-subscription", tickerType="WEATHER") == 400
    assert ask("manage-session-data", "gas") == 404
    assert ask("manage-market-reference-data", "power") == 404
    assert ask("manage-session-data", partyId="bob") == 403
    assert ask("manage-session-data", marketId="street") == 404
