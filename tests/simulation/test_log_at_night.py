"""What the log says at dusk and at dawn: a sleeping roof is one line, not one per poll."""

import pytest
from structlog.testing import capture_logs

from gateway.model.time import parse_rfc3339

pytestmark = [pytest.mark.slow, pytest.mark.patient]

SLOW = {name: {"poll": "5s"} for name in ("roof", "battery", "heatpump", "grid", "house")}
HALF_HOURLY = {"power": {"resource": "POWER", "unit": "W", "interval": "30min"}}


@pytest.mark.parametrize(
    ("begin", "states"),
    [
        ("2026-06-21T19:40:00Z", ["online", "sleeping"]),
        ("2026-06-22T05:50:00Z", ["sleeping", "online"]),
    ],
)
def test_dusk_and_dawn_are_one_line_each_and_nothing_is_wrong(at_home, begin, states):
    async def script(home):
        await home.pass_time(2400, step_s=60)

    with capture_logs() as said:
        at_home(
            script,
            {"seed": 7},
            epoch=parse_rfc3339(begin),
            devices=SLOW,
            products=HALF_HOURLY,
        )
    changes = [one for one in said if one["event"] == "device.state_changed"]
    assert [one["state"] for one in changes if one["device"] == "roof"] == states
    assert [one for one in said if one["log_level"] in {"warning", "error"}] == []
    assert len(said) <= 30  # of 4 800 polls
