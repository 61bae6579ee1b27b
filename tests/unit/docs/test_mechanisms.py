"""The worked example of every mechanism comes out as its page says."""

import re
from pathlib import Path

import pytest

from gateway.app.what_if import clear, page, read_book
from gateway.market.mechanisms import built_in
from gateway.model.event import Refused
from gateway.model.negotiation import AcceptQuote, CreateQuote
from gateway.model.quote import Quote
from gateway.model.tender import Side, Tender
from gateway.model.transaction import Transaction
from gateway.ports.mechanism import Matching
from tests.unit.market.test_quotes import NOW, Pit, interval

PAGES = Path(__file__).parents[3] / "docs" / "mechanisms"
EXAMPLE = re.compile(r"```json\n(.*?)\n```\n\nis cleared to\n\n```text\n(.*?)\n```", re.DOTALL)
MATCHED = [name for name, one in built_in().items() if one.matching is not Matching.QUOTES]
QUOTED = [name for name, one in built_in().items() if one.matching is Matching.QUOTES]


@pytest.mark.parametrize("name", MATCHED)
def test_the_worked_example_is_cleared_as_the_page_says(name):
    ((book, told),) = EXAMPLE.findall((PAGES / f"{name}.md").read_text("utf-8"))
    assert page(clear(read_book(book), name)) == told


@pytest.mark.parametrize("name", QUOTED)
def test_the_worked_example_of_quotes_is_traded_as_the_page_says(name):
    page_of = (PAGES / f"{name}.md").read_text("utf-8")
    market = Pit(mechanism=name, lot=1, tick=1).market
    quoted = Tender(id="q", side=Side.SELL, price=2000, quantity=1000)
    to = "bob" if name == "negotiated" else ""
    quote = Quote(party="anna", product="power", interval=interval(10), tender=quoted, to=to)
    (stands,) = market.negotiate(CreateQuote(party="anna", request_id="1", quote=quote), NOW)

    def accept(party, number, quantity, price):
        wanted = Tender(id=f"a{number}", side=Side.BUY, price=price, quantity=quantity)
        asked = AcceptQuote(
            party=party, request_id=f"r{number}", product="power",
            quote=stands.id, tender=wanted,
        )  # fmt: skip
        return market.negotiate(asked, NOW)

    if to:
        assert isinstance(accept("carl", 0, 400, 2500)[0], Refused)
        assert "carl" in page_of
    events = accept("bob", 1, 400, 2500)
    sides = {(e.party, e.side.sign * e.quantity, e.price) for e in events if type(e) is Transaction}
    assert sides == {("bob", 400, 2000), ("anna", -400, 2000)}
    assert "bob +400, anna -400 at 2000" in page_of
    assert isinstance(accept("bob", 2, 600, 1900)[0], Refused)
