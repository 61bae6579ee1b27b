"""What a device tells that cannot be, or is of before, is a fault while it does."""

import pytest

from gateway.model.device import Capabilities, Description, Identity
from gateway.model.event import Described, FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.time import Instant
from gateway.runtime.bus import LocalBus
from gateway.runtime.plausibility import Plausibility


@pytest.fixture
def hear():
    """Publish readings; the faults they raise and clear."""
    bus, told = LocalBus(), []
    bus.listen(lambda fact: told.append(fact) if isinstance(fact, FaultChanged) else None)
    Plausibility(bus)
    description = Description(
        identity=Identity(maker="a", model="b", version="c", serial="d"),
        capabilities=Capabilities(rating_w=4000.0),
    )
    bus.publish(Described(device="battery", description=description))

    def run(*readings):
        for number, (power, soc, quality) in enumerate(readings):
            reading = Reading(
                device="battery",
                at=Instant(number),
                flows={POWER: power},
                soc_pct=soc,
                quality=quality,
            )
            bus.publish(reading)
        return [(f.code, f.active, f.expected, f.observed) for f in told]

    return run


@pytest.mark.parametrize(
    ("power", "soc", "expected", "observed"),
    [
        (6500.0, 50.0, 4000.0, 6500.0),
        (-6500.0, 50.0, 4000.0, -6500.0),
        (0.0, 655.35, 100.0, 655.35),
    ],
)
def test_a_value_that_cannot_be_is_told_once_and_ends_with_a_good_one(
    hear, power, soc, expected, observed
):
    good, bad = (1000.0, 50.0, Quality.GOOD), (power, soc, Quality.GOOD)
    assert hear(good, bad, bad, good, good) == [
        ("VALUE_OUT_OF_RANGE", True, expected, observed),
        ("VALUE_OUT_OF_RANGE", False, None, None),
    ]


def test_a_peak_above_the_nameplate_is_none(hear):
    assert hear((5900.0, 0.0, Quality.GOOD), (None, 100.0, Quality.GOOD)) == []


def test_values_of_before_are_told_while_they_are_told(hear):
    fresh, stale = (1000.0, 50.0, Quality.GOOD), (1000.0, 50.0, Quality.STALE)
    assert hear(stale, stale, fresh) == [
        ("DATA_STALE", True, None, None),
        ("DATA_STALE", False, None, None),
    ]
