"""The order book step by step against the plainest book that keeps the rule."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from gateway.market.grid import PriceGrid
from gateway.market.mechanisms.order_book import OrderBook
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.tender import Party, Side, Tender
from gateway.model.time import SECOND, Duration
from gateway.ports.mechanism import Step

TERMS = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=Duration(10 * SECOND),
    price_floor=-4,
    price_cap=4,
)
GRID = PriceGrid.of(TERMS)


def place(step):
    return GRID.place(step.side, step.price, closing=step.closing)


def naive(steps):
    """Let all arrive in order: a list of trades (newcomer, who waited, quantity), and who waits."""
    waiting, trades = [], []
    for step in sorted(steps, key=lambda one: one.sequence):
        rivals = [
            entry
            for entry in waiting
            if entry[0].side is not step.side
            and entry[0].party != step.party
            and step.side.sign * (place(step) - place(entry[0])) > 0
        ]
        rivals.sort(key=lambda entry: (step.side.sign * place(entry[0]), entry[0].sequence))
        wanted, met = step.quantity, []
        for entry in rivals:
            other, left = entry
            if not wanted or (other.all_or_none and left > wanted):
                continue
            met.append((entry, min(left, wanted)))
            wanted -= min(left, wanted)
        if step.all_or_none and wanted:
            met, wanted = [], step.quantity
        for entry, quantity in met:
            entry[1] -= quantity
            trades.append((step, entry[0], quantity))
        waiting = [entry for entry in waiting if entry[1]]
        if wanted:
            waiting.append([step, wanted])
    return trades


class Book(RuleBasedStateMachine):
    """Steps come and go, what was traded is taken off; both books agree on every trade."""

    tenders = Bundle("tenders")

    def __init__(self):
        super().__init__()
        self.book, self.steps, self.count = OrderBook().open_book(TERMS), [], 0

    @rule(
        target=tenders,
        party=st.sampled_from(["ann", "bob", "cyd"]),
        side=st.sampled_from(Side),
        price=st.integers(-4, 4),
        quantity=st.integers(1, 6),
        whole=st.sampled_from([False, False, False, True]),
        closing=st.just(value=False),
    )
    def arrive(self, party, side, price, quantity, whole, closing):
        self.count += 1
        name = f"t{self.count}"
        tender = Tender(id=name, side=side, price=price, quantity=quantity, all_or_none=whole)
        step = Step(Party(id=party), tender, side, price, quantity, self.count, closing)
        self.steps.append(step)
        self.book.add(step)
        return name

    @rule(name=consumes(tenders))
    def cancel(self, name):
        for step in [one for one in self.steps if one.tender.id == name]:
            self.steps.remove(step)
            self.book.remove(step)

    @rule()
    def settle(self):
        """What was traded is taken off, and the rest stands in its old turn."""
        for step, filled in self.book.clear().filled.items():
            self.book.remove(step)
            self.steps.remove(step)
            if filled < step.quantity:
                left = replace(step, quantity=step.quantity - filled)
                self.book.add(left)
                self.steps.append(left)

    @invariant()
    def trades_as_the_plain_book(self):
        outcome, trades = self.book.clear(), naive(self.steps)
        parts = {}
        for newcomer, other, quantity in trades:
            for step in (newcomer, other):
                key = step.sequence, other.price
                parts[key] = parts.get(key, 0) + quantity
        found = {(s.sequence, p): q for s, q, p in outcome.priced}
        assert found == parts
        assert outcome.price == (trades[-1][1].price if trades else None)
        assert outcome.quantity == sum(quantity for *_, quantity in trades)


Book.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestOrderBook = Book.TestCase
