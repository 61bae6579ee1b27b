"""The mechanism keeps its promises, and serves first who came first."""

from gridtender_first_come import mechanism

from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import SECOND, Duration
from gateway.ports.mechanism import Step
from gateway.testing import check_mechanism

TERMS = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))


def step(name, side, quantity, price, sequence):
    tender = Tender(id="t", side=side, price=price, quantity=quantity)
    return Step(Party(id=name), tender, side, price, quantity, sequence)


def test_it_keeps_what_every_mechanism_promises():
    check_mechanism(mechanism)


def test_whoever_came_first_is_served_first():
    book = mechanism.open_book(TERMS)
    book.add(step("late", Side.BUY, 70, 200, sequence=3))
    book.add(step("early", Side.BUY, 70, 150, sequence=2))
    book.add(step("roof", Side.SELL, 100, 50, sequence=1))
    outcome = book.clear()

    assert outcome.price == 50
    assert {s.party.id: quantity for s, quantity in outcome.fills} == {
        "roof": 100,
        "early": 70,
        "late": 30,
    }
