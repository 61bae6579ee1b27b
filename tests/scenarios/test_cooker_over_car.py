"""A fuse of 12 kW: the cooker is served at any price, the car has the rest."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.patient]

FUSE_W = 12_000
CALM, COOKING, AFTER = (60, 120), (135, 240), (265, 360)


@pytest.fixture(scope="module")
def evening(lived):
    """The truth by the second, and the clearings with their seconds."""

    async def script(home):
        start = home.clock.now()
        await home.pass_time(360, 1)
        priced = [(home_s(c.at, start), c) for c in home.clearings]
        return home.since(start), priced

    return lived("cooker-over-car", script)


def home_s(at, start):
    return (at - start) / 1e9


def during(told, span):
    return [what for at, what in told if span[0] <= at < span[1]]


def test_the_car_yields_by_what_the_cooker_takes_and_comes_back(evening):
    truth, _ = evening
    assert all(t["car_w"] == 11_040 for t in during(truth, CALM))
    for t in during(truth, COOKING):
        assert t["house_w"] == 6000
        assert FUSE_W - 100 <= t["grid_w"] <= FUSE_W
        assert t["car_w"] == pytest.approx(FUSE_W - 6000, abs=100)
    assert all(t["car_w"] == 11_040 for t in during(truth, AFTER))


def test_the_fuse_is_above_its_limit_for_three_seconds_at_most(evening):
    truth, _ = evening
    over = [at for at, t in truth if at > 5 and t["grid_w"] > FUSE_W]
    assert len(over) <= 3


def test_while_the_fuse_binds_the_price_is_what_the_car_pays_at_most(evening):
    _, priced = evening
    assert {c.price for c in during(priced, CALM)} == {3000}
    assert {c.price for c in during(priced, COOKING)} == {3499}
    assert {c.price for c in during(priced, AFTER)} == {3000}
