"""Quotes: who may see, accept and reject them, what becomes of them, and what is remembered."""

import json
from dataclasses import replace

import pytest

from gateway.market.market import Market
from gateway.model.clearing import Clearing
from gateway.model.event import Refused
from gateway.model.negotiation import (
    AcceptQuote,
    CancelQuotes,
    CreateQuote,
    CreateRfq,
    EndQuotes,
    LeaveQuotes,
    RejectQuote,
    UndoAccept,
)
from gateway.model.quote import Ending, Quote, QuoteChanged, QuoteRejected, Rfq
from gateway.model.settlement import CounterParty, Settlement
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction
from tests.unit.market.conftest import NOON, interval, product

NOW = Instant(NOON - 60 * SECOND)
PARTIES = (
    Party(id="anna", outside=True, max_open_tenders=3),
    Party(id="bob", outside=True),
    Party(id="carl", outside=True),
)


def sell(quantity=1000, price=2000, **kind):
    return Tender(**{"id": "q", "side": Side.SELL, "price": price, "quantity": quantity, **kind})


def buy(quantity=1000, price=2000, **kind):
    return Tender(**{"id": "a", "side": Side.BUY, "price": price, "quantity": quantity, **kind})


class Pit:
    """A market of quotes and the shortest words to trade on it."""

    def __init__(self, **terms):
        self.product = product(**{"mechanism": "quote-driven", "lot": 10, "tick": 5, **terms})
        self.market = Market(self.product, area="home", epoch=7, parties=PARTIES)

    def quote(self, party="anna", tender=None, now=NOW, within=None, **kind):
        tender, within = tender or sell(), within or interval(10)
        quote = Quote(party=party, product="power", interval=within, tender=tender, **kind)
        asked = CreateQuote(party=party, request_id="r", quote=quote)
        return self.market.negotiate(asked, now)

    def ask(self, party="bob", id_="rfq", now=NOW, **kind):
        within = kind.pop("within", Interval(interval(0).start, interval(20).end))
        kind = {"side": Side.BUY, "quantity": 500, **kind}
        rfq = Rfq(id=id_, party=party, product="power", within=within, **kind)
        return self.market.negotiate(CreateRfq(party=party, request_id="r", rfq=rfq), now)

    def accept(self, quote, party="bob", tender=None, now=NOW, **kind):
        asked = AcceptQuote(
            party=party,
            request_id="r",
            product="power",
            quote=quote,
            tender=tender or buy(),
            **kind,
        )
        return self.market.negotiate(asked, now)

    def reject(self, quote, party="bob"):
        asked = RejectQuote(party=party, request_id="r", product="power", quote=quote)
        return self.market.negotiate(asked, NOW)

    def cancel(self, *ids, party="anna", now=NOW):
        asked = CancelQuotes(party=party, request_id="r", product="power", ids=ids)
        return self.market.negotiate(asked, now)

    def tell(self, now):
        return self.market.negotiate(EndQuotes(), now)

    def restarted(self, parties=PARTIES, **terms):
        dump = json.loads(json.dumps(self.market.dump()))
        self.product = replace(self.product, **terms)
        self.market = Market.load(self.product, "home", 8, parties, dump)
        return self


@pytest.fixture
def pit():
    return Pit()


def why(events):
    (refused,) = [event for event in events if isinstance(event, Refused)]
    return int(refused.code), refused.term


def sides(events):
    return [event for event in events if isinstance(event, Transaction)]


def test_an_accepted_quote_binds_both_sides_at_the_quoted_price(pit):
    (quoted,) = pit.quote()
    assert quoted.id == "home-q-7-1"
    clearing, first, second, taken = pit.accept(quoted.id, tender=buy(400, 2100))
    assert (clearing.price, clearing.quantity, clearing.quote) == (2000, 400, quoted.id)
    assert [(s.party, s.signed, s.price, s.tender) for s in (first, second)] == [
        ("anna", -400, 2000, "q"),
        ("bob", 400, 2000, "a"),
    ]
    assert (first.counter_party, second.counter_party) == ("home", "home")
    assert (taken.remaining, taken.ending) == (600, None)
    assert pit.market.positions.at("bob", interval(10).start) == 400
    assert first.money + second.money == 0


def test_peers_stand_opposite_each_other_where_the_product_settles_so():
    pit = Pit(settlement=Settlement(counter_party=CounterParty.PEER))
    (quoted,) = pit.quote()
    traded = sides(pit.accept(quoted.id))
    assert [(s.party, s.counter_party) for s in traded] == [("anna", "bob"), ("bob", "anna")]


def test_who_comes_second_gets_what_is_left_or_nothing_if_it_must_be_all(pit):
    (quoted,) = pit.quote()
    pit.accept(quoted.id, tender=buy(700))
    assert why(pit.accept(quoted.id, "carl", buy(400, all_or_none=True))) == (422, "allOrNone")
    *_, got, ended = pit.accept(quoted.id, "carl", buy(400))
    assert (got.quantity, ended.ending) == (300, Ending.FILLED)
    assert why(pit.accept(quoted.id, "carl")) == (404, "")


@pytest.mark.parametrize(
    ("tender", "term"),
    [
        (buy(1010), "quantity"),
        (buy(5), "roundLot"),
        (buy(price=1995), "price"),
        (buy(price=2001), "tickSize"),
        (buy(price=30_000), "priceCap"),
        (sell(), "side"),
        (buy(warrants=("green",)), "warrants"),
    ],
)
def test_an_acceptance_that_is_not_what_was_quoted_is_refused_with_the_term(tender, term):
    pit = Pit(mechanism="uniform-price", negotiations=True, warrants=("green",))
    (quoted,) = pit.quote()
    assert why(pit.accept(quoted.id, tender=tender)) == (422, term)
    assert pit.market.positions.at("bob", interval(10).start) == 0


def test_a_seller_that_accepts_carries_the_warrants_that_the_quote_asks_for():
    pit = Pit(mechanism="uniform-price", negotiations=True, warrants=("green",))
    (quoted,) = pit.quote(tender=buy(warrants=("green",)))
    assert why(pit.accept(quoted.id, tender=sell())) == (422, "warrants")
    assert sides(pit.accept(quoted.id, tender=sell(warrants=("green",))))


def test_a_quote_for_all_or_nothing_is_not_accepted_in_part(pit):
    (quoted,) = pit.quote(tender=sell(all_or_none=True))
    assert why(pit.accept(quoted.id, tender=buy(400))) == (422, "allOrNone")
    assert sides(pit.accept(quoted.id))


def test_nobody_trades_with_itself(pit):
    (quoted,) = pit.quote()
    assert why(pit.accept(quoted.id, "anna")) == (422, "selfTrade")
    (asked,) = pit.ask("anna")
    assert why(pit.quote(tender=sell(id="q2"), rfq=asked.id)) == (422, "selfTrade")
    assert why(pit.quote(tender=sell(id="q3"), to="anna")) == (422, "selfTrade")


def test_an_indication_cannot_be_accepted(pit):
    (quoted,) = pit.quote(tradeable=False)
    assert why(pit.accept(quoted.id)) == (422, "tradeable")


def test_another_interval_than_the_quoted_one_is_refused(pit):
    (quoted,) = pit.quote()
    assert why(pit.accept(quoted.id, interval=interval(11))) == (422, "interval")


@pytest.mark.parametrize(
    ("tender", "code", "term"),
    [
        (sell(995), 422, "roundLot"),
        (sell(price=2003), 422, "tickSize"),
        (sell(price=99_995), 422, "priceCap"),
        (sell(expiration=Instant(NOW - 1)), 422, "expirationTime"),
    ],
)
def test_a_quote_keeps_the_terms_that_tenders_keep(pit, tender, code, term):
    assert why(pit.quote(tender=tender)) == (code, term)


def test_quotes_count_as_tenders_in_the_budget(pit):
    for number in range(3):
        pit.quote(tender=sell(id=f"q{number}"))
    assert why(pit.quote(tender=sell(id="q3"))) == (422, "maxOpenTenders")
    assert why(pit.ask("anna")) == (422, "maxOpenTenders")
    pit.cancel("q0")
    assert isinstance(pit.quote(tender=sell(id="q3"))[0], QuoteChanged)


def test_products_take_no_quotes_unless_they_permit_them():
    assert why(Pit(mechanism="uniform-price").quote()) == (422, "negotiationsPermitted")
    assert why(Pit(mechanism="uniform-price").ask()) == (422, "negotiationsPermitted")
    permitted = Pit(mechanism="uniform-price", negotiations=True)
    assert isinstance(permitted.quote()[0], QuoteChanged)


def test_the_same_quote_again_is_answered_again_and_another_one_is_a_duplicate(pit):
    first, again = pit.quote(), pit.quote()
    assert first == again
    assert why(pit.quote(tender=sell(500))) == (409, "")
    pit.cancel("q")
    assert why(pit.quote()) == (409, "")


def test_a_private_quote_is_known_to_nobody_but_the_one_who_asked(pit):
    (asked,) = pit.ask("bob", private_answers=True)
    (quoted,) = pit.quote(rfq=asked.id, private=True)
    assert quoted.quote.to == "bob"
    assert why(pit.accept(quoted.id, "carl")) == (404, "")
    assert why(pit.reject(quoted.id, "carl")) == (404, "")
    assert sides(pit.accept(quoted.id, "bob"))


def test_a_private_quote_for_nobody_is_refused(pit):
    assert why(pit.quote(private=True)) == (422, "privateQuote")


def test_where_trade_is_negotiated_a_quote_is_for_one_party():
    pit = Pit(mechanism="negotiated")
    assert why(pit.quote()) == (422, "counterPartyId")
    (asked,) = pit.ask("bob")
    (quoted,) = pit.quote(rfq=asked.id)
    assert why(pit.accept(quoted.id, "carl")) == (403, "")
    assert sides(pit.accept(quoted.id, "bob"))
    (named,) = pit.quote(tender=sell(id="q2"), to="carl")
    assert why(pit.accept(named.id, "bob")) == (403, "")


def test_a_quote_for_a_stranger_or_an_unknown_request_is_refused(pit):
    assert why(pit.quote(to="nobody")) == (404, "")
    assert why(pit.quote(rfq="home-rfq-7-9")) == (404, "")


@pytest.mark.parametrize(
    ("answer", "term"),
    [
        ({"tender": buy(id="q")}, "side"),
        ({"within": interval(30)}, "boundingInterval"),
        ({"tradeable": False}, "tradeableOnlyResponse"),
    ],
)
def test_an_answer_that_does_not_fit_the_request_is_refused(pit, answer, term):
    (asked,) = pit.ask(tradeable_only=True)
    assert why(pit.quote(rfq=asked.id, **answer)) == (422, term)


def test_a_request_to_one_party_is_answered_by_that_one_only(pit):
    (asked,) = pit.ask("bob", to="anna")
    assert why(pit.quote("carl", rfq=asked.id)) == (404, "")
    assert isinstance(pit.quote("anna", rfq=asked.id)[0], QuoteChanged)


@pytest.mark.parametrize(
    "within",
    [
        Interval(Instant(NOON + SECOND), Instant(NOON + 21 * SECOND)),
        Interval(NOON, Instant(NOON + 15 * SECOND)),
        Interval(Instant(NOON + 49 * HOUR), Instant(NOON + 50 * HOUR)),
        Interval(NOON, Instant(NOON + 49 * HOUR)),
    ],
)
def test_a_request_off_the_grid_or_too_far_ahead_is_no_instrument(pit, within):
    assert why(pit.ask(within=within)) == (404, "")


def test_a_rejected_quote_ends_and_only_the_one_it_is_for_may_reject_it(pit):
    (quoted,) = pit.quote(to="bob")
    assert why(pit.reject(quoted.id, "carl")) == (403, "")
    told, ended = pit.reject(quoted.id)
    assert isinstance(told, QuoteRejected)
    assert told.party == "bob"
    assert ended.ending is Ending.REJECTED
    assert why(pit.accept(quoted.id)) == (404, "")
    assert why(pit.reject(quoted.id)) == (404, "")


def test_cancelling_takes_all_that_is_named_or_nothing(pit):
    pit.quote()
    assert why(pit.cancel("q", "other")) == (404, "")
    assert why(pit.cancel("q", party="bob")) == (404, "")
    (ended,) = pit.cancel("q", "home-q-7-1")
    assert ended.ending is Ending.REQUESTED


def test_quotes_end_at_their_expiration_and_at_the_latest_at_the_gate(pit):
    pit.quote(tender=sell(expiration=Instant(NOW + 5 * SECOND)))
    pit.quote(tender=sell(id="q2"))
    pit.ask(within=interval(0))
    assert pit.market.quotes.board.next == NOW + 5 * SECOND
    (first,) = pit.tell(Instant(NOW + 5 * SECOND))
    assert first.ending is Ending.EXPIRED
    (request,) = pit.tell(pit.product.gate(interval(0)))
    assert request.id.startswith("home-rfq")
    gate = pit.product.gate(interval(10))
    ended, refused = pit.accept("home-q-7-2", now=gate)
    assert ended.ending is Ending.EXPIRED
    assert why((refused,)) == (423, "")


def test_a_party_that_leaves_takes_its_quotes_and_requests_along(pit):
    pit.quote()
    pit.ask("anna")
    (stays,) = pit.ask("bob")
    gone = pit.market.negotiate(LeaveQuotes(party="anna"), NOW)
    assert [one.ending for one in gone] == [Ending.SUPERVISORY] * 2
    assert pit.market.quotes.board.standing == (stays,)


def test_a_restart_changes_nothing_of_what_stands(pit):
    (quoted,) = pit.quote(to="bob", private=True)
    (asked,) = pit.ask(price=1500)
    pit.accept(quoted.id, tender=buy(300))
    before = pit.market.quotes.board.standing
    pit.restarted()
    assert pit.market.quotes.board.standing == before
    assert asked in before
    *_, got, _ = pit.accept(quoted.id, tender=buy(900))
    assert got.quantity == 700
    (next_one,) = pit.quote(tender=sell(id="q2"))
    assert next_one.id == "home-q-8-3"


def test_changed_terms_and_parties_that_are_gone_end_what_stands(pit):
    pit.quote()
    pit.ask("bob")
    pit.restarted([party for party in PARTIES if party.id != "anna"])
    (gone,) = pit.tell(NOW)
    assert (gone.party, gone.ending) == ("anna", Ending.SUPERVISORY)
    pit.restarted(lot=1)
    (gone,) = pit.restarted().tell(NOW)
    assert (gone.party, gone.ending) == ("bob", Ending.SUPERVISORY)


def test_a_market_that_was_never_asked_dumps_as_before():
    assert "quotes" not in Pit().market.dump()


def test_what_an_acceptance_did_is_undone_by_opposite_transactions(pit):
    (quoted,) = pit.quote()
    pit.accept(quoted.id)
    asked = AcceptQuote(party="bob", request_id="r", product="power", quote=quoted.id, tender=buy())
    undone = pit.market.negotiate(UndoAccept(accepted=asked, quantity=1000), NOW)
    clearing, first, second, restored = undone
    assert isinstance(clearing, Clearing)
    assert clearing.undone
    assert [side.signed for side in (first, second)] == [1000, -1000]
    assert (restored.remaining, restored.ending) == (1000, None)
    assert pit.market.positions.at("bob", interval(10).start) == 0


def test_what_is_over_is_forgotten(pit):
    pit.quote()
    pit.tell(Instant(interval(10).end + Duration(1)))
    assert pit.market.quotes.board.quote("home-q-7-1") is None
    assert pit.market.quotes.board.given("anna", "q") is None
