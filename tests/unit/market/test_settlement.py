"""Exact money and energy."""

from decimal import Decimal

from gateway.market import settlement
from gateway.model.position import PositionStep
from gateway.model.time import SECOND, Instant, Interval
from tests.unit.market.conftest import NOON, buy, interval, product, sell


def step(start, end, quantity):
    span = Interval(Instant(NOON + start * SECOND), Instant(NOON + end * SECOND))
    return PositionStep(interval=span, quantity=quantity)


def test_costs_of_all_parties_are_zero_together(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))
    _, *transactions = floor.gate()

    costs = settlement.costs(transactions)

    assert costs == {"load": 50 * 60 * 10_000, "roof": -50 * 60 * 10_000}
    assert settlement.cost(transactions) == 0
    assert product().money(costs["load"]) == Decimal("0.000001")


def test_deviation_is_delivered_minus_traded_energy(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))
    floor.gate()
    position = floor.market.positions.steps("load", interval())
    delivered = [step(-5, 4, 90), step(4, 30, 50)]

    # 4 s at 90 W and 6 s at 50 W against 10 s at 60 W, in W ms
    assert settlement.deviation(delivered, position, interval()) == 660_000 - 600_000
    assert settlement.energy(delivered, interval()) == 660_000
