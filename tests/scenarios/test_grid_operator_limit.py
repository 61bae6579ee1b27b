"""The charger is dimmed to 4.2 kW; what the household draws is nobody's business."""

import pytest

from gateway.model.limit import LimitKey
from gateway.model.request import LimitRequest

pytestmark = [pytest.mark.slow, pytest.mark.patient]

MOST_W = 11_040  # 3 x 230 V x 16 A
LEAST_W = 4140  # 3 x 230 V x 6 A


def told(most_w):
    return LimitRequest(device="car", key=LimitKey.MAX_W, value=float(most_w))


def test_within_seconds_the_charger_is_below_the_limit_and_nothing_else_is_touched(lived):
    async def script(home):
        await home.pass_time(60, 1)
        assert home.trace[-1][1]["car_w"] == MOST_W
        start = home.clock.now()
        await home.gateway.limit(told(4200))
        await home.pass_time(60, 1)
        above = [at for at, truth in home.since(start) if truth["car_w"] > 4200]
        assert max(above) <= 4  # the charger changes by 3 kW a second
        now = home.trace[-1][1]
        assert now["car_w"] == LEAST_W
        assert now["house_w"] == 1500
        assert now["grid_w"] == 1500 + LEAST_W
        await home.gateway.limit(told(MOST_W))
        await home.pass_time(60, 1)
        assert home.trace[-1][1]["car_w"] == MOST_W

    lived("grid-operator-limit", script)


def test_a_limit_below_six_amperes_stops_the_charger(lived):
    async def script(home):
        await home.pass_time(60, 1)
        await home.gateway.limit(told(4000))
        await home.pass_time(30, 1)
        assert home.trace[-1][1]["car_w"] == 0
        assert home.trace[-1][1]["grid_w"] == 1500

    lived("grid-operator-limit", script)
