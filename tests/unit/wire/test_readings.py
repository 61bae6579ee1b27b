"""A reading's payload is what the plain encoder would write, whatever was written before."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.reading import Quality, Reading
from gateway.model.time import Instant
from gateway.wire.readings import Readings
from gateway.wire.text import number, write

VALUES = (
    st.none() | st.integers() | st.floats() | st.text() | st.sampled_from([0.0, -0.0, 0, 1, 5.0])
)
POINTS = st.dictionaries(st.text(), VALUES)
READINGS = st.builds(
    Reading,
    device=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True),
    at=st.integers(0, 2**62).map(Instant),
    flows=st.dictionaries(st.sampled_from(["POWER", "x-HEAT"]), st.floats()),
    quality=st.sampled_from(Quality),
    soc_pct=st.none() | st.floats(),
    available_w=st.none() | st.floats(),
    asleep=st.booleans(),
    fault=st.text(),
    points=POINTS,
)


def plain(values):
    return {k: number(v) if isinstance(v, float) else v for k, v in values.items()}


def expected(read):
    """The document's parts as the standard encoder writes them."""
    said = {
        "soc_pct": number(read.soc_pct),
        "available_w": number(read.available_w),
        "asleep": read.asleep or None,
        "fault": read.fault or None,
    }
    return {
        "quality": read.quality.value,
        "flows": plain(read.flows),
        **{key: value for key, value in said.items() if value is not None},
        "points": plain(read.points),
    }


@given(st.lists(READINGS, max_size=4))
def test_any_reading_after_any_other_is_written_as_by_the_plain_encoder(reads):
    readings = Readings()
    for read in reads:
        payload = readings.write(read)
        assert payload.endswith(write(expected(read))[1:])
        assert payload.startswith(b'{"v":1,"deviceId":"%s","at":"' % read.device.encode())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (230.10000000000002, "230.1"),
        (0.0004, "0"),
        (-0.0, "0"),
        (math.nan, "null"),
        (math.inf, "null"),
        (None, "null"),
        ("50 %", '"50 %"'),
    ],
)
def test_value_has_at_most_three_decimals_and_a_missing_one_is_null(value, text):
    read = Reading(device="roof", at=Instant(0), points={"103.%": value, "103.W": 1})
    assert Readings().write(read).endswith(f'"points":{{"103.%":{text},"103.W":1}}}}'.encode())


def test_more_values_than_are_remembered_are_still_written():
    readings = Readings()
    for number_ in range(20_000):
        read = Reading(device="roof", at=Instant(0), points={"103.WH": number_})
        assert json.loads(readings.write(read))["points"] == {"103.WH": number_}
