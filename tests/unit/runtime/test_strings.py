"""A string that stopped is named; one that is weak, empty or shaded for a while is not."""

import pytest

from gateway.model.event import FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.model.time import MINUTE, Instant
from gateway.runtime.bus import LocalBus
from gateway.runtime.strings import Strings


@pytest.fixture
def roof():
    """Publish the powers of the strings, one reading every ten minutes; the faults told."""
    bus, told = LocalBus(), []
    bus.listen(lambda fact: told.append(fact) if isinstance(fact, FaultChanged) else None)
    Strings(bus)

    def run(*readings, quality=Quality.GOOD):
        for number, powers in enumerate(readings):
            points = {f"160.{n}.DCW": power for n, power in enumerate(powers, 1)}
            at = Instant(number * 10 * MINUTE)
            bus.publish(Reading(device="roof", at=at, points=points, quality=quality))
        return told

    return run


BOTH, DEAD = (1500, 1400), (1500, 10)


def test_a_string_that_stopped_an_hour_ago_is_named_and_ends_when_it_gives_again(roof):
    raised, over = roof(BOTH, *[DEAD] * 7, BOTH)
    assert (raised.code, raised.active, raised.at) == ("STRING_LOW", True, 70 * MINUTE)
    assert (raised.expected, raised.observed) == (1500, 10)
    assert raised.text == "string 2 gave 10 W where its sisters give 1500 W"
    assert not over.active


@pytest.mark.parametrize(
    "readings",
    [
        [DEAD] * 20,
        [BOTH, *[DEAD] * 6],
        [BOTH, *[(1500, 200)] * 20],
        [BOTH, *[(200, 0)] * 20],
        [BOTH, *[(1500, None)] * 20],
        [BOTH, *[DEAD] * 6, BOTH, *[DEAD] * 6],
    ],
    ids=["never gave", "not yet an hour", "weak", "hardly any sun", "tells nothing", "twice"],
)
def test_what_may_have_another_reason_is_not_named(roof, readings):
    assert roof(*readings) == []


def test_what_is_not_believed_is_not_judged(roof):
    assert roof(BOTH, *[DEAD] * 20, quality=Quality.SUSPECT) == []
