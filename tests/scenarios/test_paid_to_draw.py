"""The roof stands back while feeding in costs money, and still while drawing is paid for."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.patient]

BEFORE, COSTS, PAID, AFTER = (60, 180), (200, 360), (380, 540), (570, 660)


@pytest.fixture(scope="module")
def noon(lived):
    """(seconds, truth) and (seconds, price) of eleven minutes."""

    async def script(home):
        start = home.clock.now()
        await home.pass_time(660, 1)
        priced = [((c.interval.start - start) / 1e9, c.price) for c in home.clearings]
        return home.since(start), priced

    return lived("paid-to-draw", script)


def during(told, span):
    return [what for at, what in told if span[0] <= at < span[1]]


@pytest.mark.parametrize(
    ("span", "roof_w", "price"), [(BEFORE, 6000, 800), (COSTS, 500, 0), (PAID, 0, -1000)]
)
def test_the_roof_gives_all_then_what_the_house_needs_then_nothing(noon, span, roof_w, price):
    truth, priced = noon
    for moment in during(truth, span):
        assert -moment["roof_w"] == pytest.approx(roof_w, abs=31)
        assert moment["grid_w"] == pytest.approx(500 - roof_w, abs=31)
    prices = during(priced, span)
    assert max(set(prices), key=prices.count) == price


def test_afterwards_it_gives_all_again_and_nothing_was_fed_in_at_a_cost(noon):
    truth, _ = noon
    assert all(moment["roof_w"] == -6000 for moment in during(truth, AFTER))
    fed_in = [moment["grid_w"] for moment in during(truth, (COSTS[0], PAID[1]))]
    assert min(fed_in) >= 0
