"""Words for market tests: steps, products and markets in one line."""

import pytest

from gateway.market import mechanisms
from gateway.market.market import Market
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender, TenderSet, TieClass
from gateway.model.time import SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.ports.mechanism import Step

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
T = Duration(10 * SECOND)


def product(**terms):
    return Product(**{"id": "power", "resource": POWER, "unit": "W", "interval": T, **terms})


def interval(number=0):
    start = Instant(NOON + number * T)
    return Interval(start, Instant(start + T))


class Table:
    """A clearing book with parties that tender one step each."""

    def __init__(self, **terms):
        self.book = mechanisms.built_in()["uniform-price"].open_book(product(**terms))
        self.steps = []

    def tender(self, side, quantity, price, party=None, **kind):
        sequence = len(self.steps) + 1
        name = party or f"p{sequence}"
        tie_class = kind.pop("tie_class", TieClass.LOCAL)
        closing = kind.pop("closing", False)
        tender = Tender(id=name, side=side, price=price, quantity=quantity, **kind)
        who = Party(id=name, tie_class=tie_class)
        step = Step(who, tender, side, price, quantity, sequence, closing)
        self.book.add(step)
        self.steps.append(step)
        return step

    def sell(self, quantity, price, party=None, **kind):
        return self.tender(Side.SELL, quantity, price, party, **kind)

    def buy(self, quantity, price, party=None, **kind):
        return self.tender(Side.BUY, quantity, price, party, **kind)

    def fills(self):
        return {step.party.id: filled for step, filled in self.book.clear().fills}


@pytest.fixture
def table():
    return Table()


def buy(name, quantity, price, **kind):
    return Tender(id=name, side=Side.BUY, price=price, quantity=quantity, **kind)


def sell(name, quantity, price, **kind):
    return Tender(id=name, side=Side.SELL, price=price, quantity=quantity, **kind)


class Floor:
    """A market and the shortest words to trade on it."""

    def __init__(self, *parties, **terms):
        names = parties or ("roof", "battery", "load")
        known = [party if isinstance(party, Party) else Party(id=party) for party in names]
        known.append(Party(id="guest", outside=True, max_open_tenders=5))
        known.append(Party(id="utility", tie_class=TieClass.GRID))
        self.market = Market(product(**terms), area="home", epoch=7, parties=known)
        self.revision = 0

    def submit(self, party, *tenders, now=NOON - 5 * SECOND, **kind):
        kind.setdefault("interval", interval())
        kind.setdefault("product", "power")
        return self.market.submit(TenderSet(party=party, tenders=tenders, **kind), Instant(now))

    def require(self, party, *tenders, **kind):
        self.revision += 1
        kind.setdefault("revision", self.revision)
        return self.submit(party, *tenders, netting=True, **kind)

    def gate(self, number=0):
        """The events of the gate of interval ``number``."""
        return self.market.advance(Instant(NOON + number * T - SECOND // 2))

    def at(self, seconds):
        return self.market.positions.all_at(Instant(NOON + round(seconds * SECOND)))


@pytest.fixture
def floor():
    return Floor()
