"""All-or-none steps that cannot be filled whole are left out in few rounds, however many."""

from gateway.market.mechanisms import built_in
from gateway.market.warranted import heeding
from gateway.market.whole import to_leave_out
from gateway.model.tender import Party, Side, Tender
from gateway.ports.mechanism import Step
from tests.unit.market.conftest import product


def sell(number, quantity=7, *, whole=True):
    tender = Tender(
        id=f"t{number}",
        side=Side.SELL,
        price=number,
        quantity=quantity,
        all_or_none=whole,
        warrants=("green",),
    )
    return Step(Party(id="y"), tender, Side.SELL, number, quantity, number)


def test_the_worst_goes_first_then_all_that_are_broken_then_every_one():
    steps = [sell(1), sell(2), sell(3), sell(4, whole=False)]
    assert to_leave_out(steps[:2], 0, steps, lambda s: (-s.sequence,)) == [steps[1]]
    assert to_leave_out(steps[:2], 8, steps, lambda s: (-s.sequence,)) == steps[:2]
    assert to_leave_out(steps[:2], 16, steps, lambda s: (-s.sequence,)) == steps[:3]


def test_hundreds_in_the_way_leave_the_divisible_ones_to_trade():
    terms = product(price_floor=0, price_cap=999, warrants=("green",))
    for mechanism in (heeding(terms, built_in()["uniform-price"]), built_in()["equilibrium"]):
        book = mechanism.open_book(terms)
        wanted = Tender(id="b", side=Side.BUY, price=999, quantity=5, warrants=("green",))
        book.add(Step(Party(id="x"), wanted, Side.BUY, 999, 5, 1000))
        for number in range(1, 301):
            book.add(sell(number))
        book.add(sell(500, quantity=9, whole=False))
        outcome = book.clear()
        assert {s.tender_id: n for s, n in outcome.fills} == {"b": 5, "t500": 5}
        assert not outcome.exact
