"""Each promise of a mechanism is found broken where one is, and ours keep them all."""

from dataclasses import dataclass, replace

import pytest

from gateway.market.mechanisms import built_in
from gateway.model.clearing import ClearingType
from gateway.model.tender import Side
from gateway.ports.mechanism import Matching, Outcome
from gateway.testing import MechanismBreaksPromises, MechanismPromise, check_mechanism

GOOD = built_in()["uniform-price"]


@pytest.mark.parametrize("name", built_in())
def test_our_mechanisms_keep_every_promise(name):
    check_mechanism(built_in()[name], books=100)


@dataclass
class Broken:
    """A book that is right but for one thing."""

    inner: object
    spoil: object
    calls: int = 0

    def add(self, step):
        self.inner.add(step)

    def remove(self, step):
        self.inner.remove(step)

    def price(self):
        return self.clear().price

    def clear(self):
        self.calls += 1
        return self.spoil(self, self.inner.clear())


def mechanism(spoil):
    class Spoilt:
        name, matching, price_rules = "spoilt", Matching.GATE, ("midpoint",)

        def open_book(self, product):
            return Broken(GOOD.open_book(product), spoil)

    return Spoilt()


def first_more(outcome, more):
    (step, quantity), *others = outcome.fills
    return replace(outcome, fills=((step, quantity + more), *others))


def traded(change):
    return lambda book, outcome: change(outcome) if outcome.fills else outcome


def all_more(factor):
    def spoil(outcome):
        fills = tuple((step, quantity * factor) for step, quantity in outcome.fills)
        return replace(outcome, fills=fills, quantity=outcome.quantity * factor)

    return spoil


def raising(_outcome):
    raise KeyError("a step")


def strangers(outcome):
    fills = tuple((replace(step), quantity) for step, quantity in outcome.fills)
    return replace(outcome, fills=fills)


def halved(outcome):
    """Half of everything, down to half a lot and half a block."""
    fills = tuple((step, quantity // 2) for step, quantity in outcome.fills)
    return replace(outcome, fills=fills, quantity=outcome.quantity // 2)


def arrival(_book, outcome):
    seller = next((s for s, _ in outcome.fills if s.side is Side.SELL), None)
    if seller is None or len(outcome.fills) != 2:
        return outcome
    buyer = next(s for s, _ in outcome.fills if s.side is Side.BUY)
    return replace(outcome, price=min((seller, buyer), key=lambda s: s.sequence).price)


SPOILT = {
    MechanismPromise.ERRORS: traded(raising),
    MechanismPromise.EMPTY: lambda _book, o: replace(o, type=ClearingType.EXACT),
    MechanismPromise.KNOWN: traded(strangers),
    MechanismPromise.BALANCE: traded(lambda o: first_more(o, -1)),
    MechanismPromise.VOLUME: traded(lambda o: replace(o, quantity=o.quantity + 2)),
    MechanismPromise.QUANTITY: traded(all_more(2)),
    MechanismPromise.LIMIT: traded(lambda o: replace(o, price=9)),
    MechanismPromise.RANGE: traded(lambda o: replace(o, price=10)),
    MechanismPromise.LOTS: traded(halved),
    MechanismPromise.WHOLE: traded(halved),
    MechanismPromise.PURE: lambda book, o: o if book.calls % 2 else Outcome(
        price=None, low=None, high=None, quantity=0, type=ClearingType.EMPTY
    ),
    MechanismPromise.TIES: arrival,
}  # fmt: skip


@pytest.mark.parametrize("promise", SPOILT)
def test_a_broken_promise_is_named(promise):
    with pytest.raises(MechanismBreaksPromises) as raised:
        check_mechanism(mechanism(SPOILT[promise]))
    assert promise in {one.promise for one in raised.value.broken}
    assert promise.value in str(raised.value)


class Forgetful(Broken):
    """Never takes a step out of what it remembers."""

    def remove(self, step):
        pass


class FirstAdded(Broken):
    """Lets whoever was added first trade alone."""

    steps = ()

    def add(self, step):
        self.steps = (*self.steps, step)
        if len(self.steps) <= 2:
            self.inner.add(step)

    def remove(self, step):
        self.steps = tuple(one for one in self.steps if one is not step)


@pytest.mark.parametrize(
    ("book", "promise"),
    [(Forgetful, MechanismPromise.UNDONE), (FirstAdded, MechanismPromise.REPEATABLE)],
)
def test_a_book_that_remembers_wrongly_is_named(book, promise):
    class Spoilt:
        name, matching, price_rules = "spoilt", Matching.GATE, ()

        def open_book(self, product):
            return book(GOOD.open_book(product), lambda _book, outcome: outcome)

    with pytest.raises(MechanismBreaksPromises) as raised:
        check_mechanism(Spoilt())
    assert promise in {one.promise for one in raised.value.broken}


def test_a_mechanism_that_does_not_say_when_it_matches_is_named():
    class Mute:
        name, matching, price_rules = "mute", "sometimes", ()

        def open_book(self, product):
            return GOOD.open_book(product)

    with pytest.raises(MechanismBreaksPromises, match="it says its name"):
        check_mechanism(Mute())


def test_every_promise_has_a_mechanism_that_breaks_it():
    others = {MechanismPromise.PORT, MechanismPromise.UNDONE, MechanismPromise.REPEATABLE}
    assert {*SPOILT, *others} == {*MechanismPromise}
