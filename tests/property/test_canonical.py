"""Canonical JSON holds for every value, not only for the nice ones."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.canonical import from_json, quantise, text, thousandths
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted
from gateway.model.reading import Reading
from gateway.model.tender import TenderSet
from gateway.model.time import Instant, Interval
from gateway.model.transaction import Transaction

finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def intervals(draw):
    start = draw(st.integers(0, 2**60))
    return Interval(Instant(start), Instant(start + draw(st.integers(1, 2**40))))


st.register_type_strategy(Interval, intervals())
readings = st.builds(
    Reading,
    flows=st.dictionaries(st.text(max_size=4), finite),
    soc_pct=st.none() | finite,
    available_w=st.none() | finite,
    points=st.dictionaries(
        st.text(max_size=4),
        st.none() | st.text(max_size=4) | st.integers(-(2**70), 2**70) | finite,
    ),
)


@given(finite)
def test_reading_a_number_back_and_writing_it_again_changes_nothing(number):
    """Idempotent over all doubles, also where thousandths are finer than the double."""
    assert thousandths(number) == thousandths(thousandths(number) / 1000)


@given(st.one_of(*map(st.from_type, (TenderSet, Clearing, Transaction, Accepted))))
def test_market_values_read_back_equal(value):
    """Integers in the market: nothing is rounded."""
    assert value == from_json(type(value), json.loads(text(value)))


@given(readings)
def test_quantising_is_what_the_text_says_and_happens_once(reading):
    once = quantise(reading)
    assert once == from_json(Reading, json.loads(text(reading)))
    assert once == quantise(once)
    assert text(reading) == text(once)
