"""The street is dark: the house lives on its roof and its battery, and nothing flows outside."""

import pytest

from gateway.model.limit import CONNECTION, LimitKey
from gateway.model.request import LimitRequest

pytestmark = [pytest.mark.slow, pytest.mark.patient]

DARK_S = 60


@pytest.fixture(scope="module")
def outage(lived):
    """(seconds, truth) of ten minutes; after one nothing may come in or go out."""

    async def script(home):
        start = home.clock.now()
        await home.pass_time(DARK_S, 1)
        for key in (LimitKey.IMPORT_LIMIT_W, LimitKey.EXPORT_LIMIT_W):
            await home.gateway.limit(LimitRequest(device=CONNECTION, key=key, value=0.0))
        await home.pass_time(540, 1)
        return home.since(start)

    return lived("island", script)


def at(told, second):
    return next(truth for when, truth in told if when >= second)


def test_the_battery_takes_and_gives_what_the_house_needs_of_it(outage):
    noon = at(outage, 120)
    assert (noon["roof_w"], noon["house_w"]) == (-3000, 600)
    assert noon["battery_w"] == pytest.approx(2400, abs=40)
    assert at(outage, 230)["battery_w"] == pytest.approx(400, abs=40)  # the cooker is on
    assert at(outage, 290)["battery_w"] == pytest.approx(-2600, abs=40)  # and the sun is gone
    sunny = at(outage, 420)
    assert sunny["battery_w"] > 4800
    assert sunny["roof_w"] == pytest.approx(-600 - sunny["battery_w"], abs=60)


def test_nothing_to_speak_of_flows_outside(outage):
    beyond = [(s, t["grid_w"]) for s, t in outage if s > DARK_S + 5 and abs(t["grid_w"]) > 125]
    # A switch, a cloud and its end are followed within two seconds each.
    assert {round(s // 60) for s, _ in beyond} <= {3, 4, 5}
    assert len(beyond) <= 6


def test_what_can_wait_waits(outage):
    dark = [truth["heatpump_w"] for s, truth in outage if s > DARK_S + 5]
    assert not any(dark)
