"""Whatever parties do with quotes: bought is sold, nobody trades more than was quoted or worse."""

import json
import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.market.market import Market
from gateway.model.clearing import Clearing
from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    EndQuotes,
    LeaveQuotes,
    RejectQuote,
)
from gateway.model.product import Product
from gateway.model.quote import Quote, QuoteChanged, Rfq
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.model.transaction import Transaction

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
T = 10 * SECOND
NAMES = ("anna", "bob", "carl")
PARTIES = tuple(Party(id=name, outside=True, max_open_tenders=4) for name in NAMES)

parties = st.sampled_from(NAMES)
sides = st.sampled_from(Side)
prices = st.integers(10, 14)
quantities = st.integers(1, 6)
slots = st.integers(1, 4)
ids = st.integers(1, 12).map("home-q-1-{}".format)


def interval(number):
    return Interval(Instant(NOON + number * T), Instant(NOON + (number + 1) * T))


@st.composite
def asked(draw):  # noqa: PLR0911 - one arm per kind of request
    party = draw(parties)
    name = f"n{draw(st.integers(0, 9))}"
    tender = Tender(
        id=name,
        side=draw(sides),
        price=draw(prices),
        quantity=draw(quantities),
        all_or_none=draw(st.booleans()),
    )
    head = {"party": party, "request_id": "r"}
    match draw(st.sampled_from("qqqaaaaarclfe")):
        case "q":
            quote = Quote(
                party=party,
                product="power",
                interval=interval(draw(slots)),
                tender=tender,
                tradeable=draw(st.sampled_from((True, True, False))),
                private=draw(st.booleans()),
                rfq=draw(st.sampled_from(("", "", "home-rfq-1-1", "home-rfq-1-3"))),
                to=draw(st.sampled_from(("", "", *NAMES))),
            )
            return CreateQuote(**head, quote=quote)
        case "a":
            return AcceptQuote(**head, product="power", quote=draw(ids), tender=tender)
        case "r":
            return RejectQuote(**head, product="power", quote=draw(ids))
        case "c":
            return CancelQuotes(**head, product="power", ids=(name,))
        case "f":
            within = Interval(interval(draw(slots)).start, interval(5).end)
            rfq = Rfq(
                id=name,
                party=party,
                product="power",
                side=tender.side,
                within=within,
                quantity=tender.quantity,
            )
            return CreateRfq(**head, rfq=rfq)
        case "l":
            return LeaveQuotes(party=party)
        case _:
            return EndQuotes()


steps = st.lists(st.tuples(asked(), st.integers(0, 3)), min_size=1, max_size=40)


def terms(mechanism):
    return Product(id="power", resource=POWER, unit="W", interval=Duration(T), mechanism=mechanism)


def meant(asked_, market):
    """The same request about the quote with that number, whichever epoch named it."""
    board = market.quotes.board
    if isinstance(asked_, AcceptQuote | RejectQuote) and board.quote(asked_.quote) is None:
        return replace(asked_, quote=asked_.quote.replace("-1-", "-2-", 1))
    if isinstance(asked_, CreateQuote) and asked_.quote.rfq and not board.rfq(asked_.quote.rfq):
        named = asked_.quote.rfq.replace("-1-", "-2-", 1)
        return replace(asked_, quote=replace(asked_.quote, rfq=named))
    return asked_


def without_epoch(event):
    return re.sub(r"home-(q|rfq|tx)-[12]-", r"home-\1-", str(event))


def played(script, mechanism, restart_at=None):
    """Every event of the script, restarted before one of its steps."""
    market = Market(terms(mechanism), area="home", epoch=1, parties=PARTIES)
    now, events = NOON, []
    for number, (asked_, seconds) in enumerate(script):
        if number == restart_at:
            dump = json.loads(json.dumps(market.dump()))
            market = Market.load(terms(mechanism), "home", 2, PARTIES, dump)
            assert market.dump().get("quotes") == dump.get("quotes")
        now = Instant(now + seconds * SECOND)
        events += market.negotiate(meant(asked_, market), now)
    return market, events


@settings(max_examples=150, deadline=None)
@given(steps, st.sampled_from(("quote-driven", "negotiated")))
def test_what_is_bought_is_sold_and_never_more_than_was_quoted(script, mechanism):
    market, events = played(script, mechanism)
    quoted, taken = {}, {}
    for event in events:
        if isinstance(event, QuoteChanged):
            quoted[event.id] = event.quote
            assert 0 <= event.remaining <= event.quote.tender.quantity
    for clearing in (event for event in events if isinstance(event, Clearing)):
        quote = quoted[clearing.quote]
        first, second = [
            e for e in events if isinstance(e, Transaction) and e.clearing == clearing.sequence
        ]
        assert first.signed + second.signed == 0
        assert first.money + second.money == 0
        assert first.price == second.price == quote.tender.price
        assert {first.party, second.party} >= {quote.party}
        assert first.party != second.party
        assert quote.to in {"", second.party}
        assert quote.tradeable
        taken[clearing.quote] = taken.get(clearing.quote, 0) + clearing.quantity
        whole = not quote.tender.all_or_none or clearing.quantity == quote.tender.quantity
        assert whole
    assert all(much <= quoted[id_].tender.quantity for id_, much in taken.items())
    for slot in range(6):
        held = [market.positions.at(name, interval(slot).start) for name in NAMES]
        assert sum(held) == 0


@settings(max_examples=150, deadline=None)
@given(steps, st.data())
def test_a_restart_changes_nothing_but_the_epoch_of_new_ids(script, data):
    restart_at = data.draw(st.integers(0, len(script) - 1))
    _, before = played(script, "quote-driven")
    _, after = played(script, "quote-driven", restart_at)
    assert [without_epoch(event) for event in after] == [without_epoch(event) for event in before]
