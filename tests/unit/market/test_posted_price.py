"""A shop with many posts and many who will not pay them: nobody looks further than his price."""

from gateway.market.mechanisms.posted_price import PostedPrice
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Step
from tests.unit.market.conftest import product


def step(number, side, price, party):
    tender = Tender(id=f"t{number}", side=side, price=price, quantity=1)
    return Step(Party(id=party), tender, side, price, 1, number)


def test_takers_look_no_further_than_their_price():
    book = PostedPrice().open_book(product(mechanism="posted-price"))
    looked = []
    reaches = book._reaches
    book._reaches = lambda taker, post: looked.append(post) or reaches(taker, post)
    for number in range(50):
        book.add(step(number, Side.SELL, 100 + number, "shop"))
        book.add(step(1000 + number, Side.BUY, 10, "anna"))
    book.add(step(2000, Side.BUY, 101, "bob"))

    outcome = book.clear()
    assert {s.tender_id: n for s, n in outcome.fills} == {"t0": 1, "t2000": 1}
    assert len(looked) < 60
    assert outcome.next_dearer.tender == "t1"
