"""A crash between a decision and its reply: who asks again is answered, nothing happens twice."""

import json
from dataclasses import replace

import pytest

from gateway.market import Market
from gateway.model.event import CancelReason
from gateway.model.negotiation import AcceptQuote, CancelQuotes, CreateQuote, RejectQuote
from gateway.model.product import Product
from gateway.model.quote import Quote
from gateway.model.request import Reply
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration
from gateway.ports.journal import Row
from gateway.runtime.answers import told
from gateway.runtime.recorder import Recorder
from gateway.runtime.recovery import recover
from gateway.runtime.rows import CancelAsked, Negotiated, Start, Submitted
from tests.conftest import NOON

TERMS = Product(
    id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND), negotiations=True
)
PARTIES = (Party(id="anna", outside=True), Party(id="bob", outside=True))
START = Start(epoch=1, area="home", products=(TERMS,), parties=PARTIES, rules={})
SELL = Tender(id="q", side=Side.SELL, price=2000, quantity=1000)
BUY = Tender(id="a", side=Side.BUY, price=2000, quantity=400)
NEXT = TERMS.next_interval(NOON)
QUOTE = Quote(party="anna", product="power", interval=NEXT, tender=SELL)
OFFER = TenderSet(
    party="anna", product="power", interval=NEXT, tenders=(replace(SELL, id="t", price=2500),)
)
BOB = {"party": "bob", "request_id": "r", "product": "power"}
ASKED = {
    "submit": Submitted(tenders=replace(OFFER, party="bob"), request="r"),
    "cancel": CancelAsked(
        product="power", party="anna", tenders=("t",), reason=CancelReason.REQUESTED, request="r"
    ),
    "quote": Negotiated(
        product="power",
        asked=CreateQuote(party="bob", request_id="r", quote=replace(QUOTE, party="bob")),
    ),
    "accept": Negotiated(product="power", asked=AcceptQuote(**BOB, quote="home-q-1-1", tender=BUY)),
    "end": Negotiated(
        product="power",
        asked=CancelQuotes(party="anna", request_id="r", product="power", ids=("q",)),
    ),
    "refused": Negotiated(product="power", asked=RejectQuote(**BOB, quote="nobody's")),
}


def load(product, start, dump):
    return Market.load(product, start.area, start.epoch, start.parties, dump)


class Rows(list):
    """A journal in memory, read back as rows."""

    def append(self, now, kind, body):
        super().append(Row(seq=len(self) + 1, now=now, kind=kind, body=json.dumps(body), hash=""))
        return len(self)


class Desk:
    """Records what it asks of a market as the desk does."""

    def __init__(self):
        self.rows = Rows()
        self.market = Market(TERMS, area="home", epoch=1, parties=PARTIES)
        self.recorder = Recorder(self.rows)
        self.recorder.start(NOON, START, {"power": self.market.dump()})

    def ask(self, given):
        match given:
            case Submitted():
                self.recorder.submit(NOON, given.tenders, given.request)
                events = self.market.submit(given.tenders, NOON)
            case CancelAsked():
                self.recorder.cancel(
                    NOON, "power", given.party, given.tenders, given.reason, given.request
                )
                events = self.market.cancel(given.party, given.tenders, NOON, given.reason)
            case Negotiated():
                self.recorder.negotiate(NOON, "power", given.asked)
                events = self.market.negotiate(given.asked, NOON)
        self.recorder.events(NOON, "power", events)
        return told(given, events)


@pytest.mark.parametrize("what", ASKED)
def test_request_whose_reply_was_cut_off_is_answered_as_it_was_decided(what):
    desk = Desk()
    desk.ask(Submitted(tenders=OFFER, request="before"))
    desk.ask(
        Negotiated(product="power", asked=CreateQuote(party="anna", request_id="b", quote=QUOTE))
    )
    before, outcomes = len(desk.rows), desk.ask(ASKED[what])
    party = outcomes[0].party

    for cut in range(before + 1, len(desk.rows) + 1):
        found = recover(desk.rows[:cut], load, now=NOON)
        reply = Reply(party=party, request_id="r", at=NOON, outcomes=outcomes)
        assert found.unanswered == found.replies[party, "r"] == reply
        assert found.dumps["power"] == desk.market.dump()

    desk.recorder.reply(NOON, reply)
    assert recover(desk.rows, load, now=NOON).unanswered is None


def test_what_no_party_asked_for_has_no_reply():
    desk = Desk()
    desk.ask(Submitted(tenders=OFFER))
    assert recover(desk.rows, load, now=NOON).unanswered is None
