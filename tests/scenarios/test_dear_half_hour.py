"""A generator that starts for a dear half hour."""

import pytest

from gateway.model.event import Clearing
from gateway.model.time import in_seconds, parse_rfc3339

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


@pytest.mark.slow
def test_it_starts_when_that_is_repaid_and_stops_when_too_little_is_drawn(lived):
    async def script(home):
        await home.pass_time(3300, 1)
        prices = {
            in_seconds(fact.interval.start - NOON): fact.price
            for fact in home.facts
            if isinstance(fact, Clearing) and fact.product == "power"
        }
        return home.trace, prices, home.house.truth()["genset_w"]

    trace, prices, at_last_w = lived("dear-half-hour", script)
    runs = [(at - NOON) / 1e9 for at, truth in trace if truth["genset_w"]]
    assert 600 <= runs[0] <= 615
    assert 3000 <= runs[-1] <= 3065
    given_kwh = sum(-truth["genset_w"] for _, truth in trace) / 3_600_000
    drawn_kwh = sum(truth["grid_w"] for _, truth in trace) / 3_600_000
    assert given_kwh == pytest.approx(4 * 40 / 60, abs=0.06)
    assert drawn_kwh == pytest.approx(4 * 10 / 60 + 0.9 * 5 / 60, abs=0.06)
    assert at_last_w == 0
    assert (prices[540], prices[1200], prices[2700], prices[3240]) == (3000, 2500, 2500, 3000)
