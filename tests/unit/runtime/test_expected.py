"""The journal's row of an outlook."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.canonical import from_json, text
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import MINUTE, Duration, Instant
from gateway.runtime.expected import Expected, as_kept, fresh
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Start

START = Instant(1_800_000_000_000_000_000)
STEP = Duration(15 * MINUTE)

prices = st.floats(-1.0, 5.0)
powers = st.floats(-50e3, 50e3)


@st.composite
def outlooks(draw):
    steps = draw(st.integers(1, 12))
    weights = draw(st.lists(st.integers(1, 1000), min_size=1, max_size=12))
    total = sum(weights)
    return Outlook(
        start=START,
        step=STEP,
        import_price=tuple(draw(prices) for _ in range(steps)),
        export_price=tuple(draw(prices) for _ in range(steps)),
        scenarios=tuple(
            Scenario(weight=one / total, residual_w=tuple(draw(powers) for _ in range(steps)))
            for one in weights
        ),
        left=draw(st.none() | prices),
    )


class Rows(list):
    """A journal of kinds."""

    def append(self, now, kind, body):
        super().append(kind)
        return len(self)


def flat(price=0.3):
    return Outlook(
        start=START,
        step=STEP,
        import_price=(price,),
        export_price=(0.1,),
        scenarios=(Scenario(weight=1.0, residual_w=(0.0,)),),
    )


def read_back(outlook):
    return from_json(Expected, json.loads(text(Expected.of(outlook)))).outlook


@given(outlooks())
def test_what_agents_see_is_what_the_row_reads_back_as(made):
    seen = as_kept(made)
    assert read_back(seen) == seen
    assert read_back(made) == seen


@given(outlooks())
def test_it_is_off_by_half_a_watt_and_half_a_millionth_at_most(made):
    seen = as_kept(made)
    assert seen.import_price == pytest.approx(made.import_price, abs=0.51e-6)
    for kept, was in zip(seen.scenarios, made.scenarios, strict=True):
        assert kept.residual_w == pytest.approx(was.residual_w, abs=0.51)
        assert kept.weight == pytest.approx(was.weight, abs=1e-5)


def test_that_nothing_is_known_is_a_row_too():
    assert read_back(None) is None


@pytest.mark.parametrize(
    ("age_min", "told"), [(0, True), (30, True), (31, False), (-31, False), (-15, True)]
)
def test_after_half_an_hour_or_a_clock_set_back_it_is_not_told(age_min, told):
    told_of = flat()
    assert (fresh(told_of, Instant(START + age_min * MINUTE)) is told_of) is told


def test_it_is_written_where_it_changes_and_once_after_a_checkpoint():
    rows = Rows()
    recorder = Recorder(rows)
    start = Start(epoch=1, area="home", products=(), parties=(), rules={})
    recorder.start(START, start, {"power": {}})
    for outlook in (None, None, flat(), flat(), flat(0.4), None, None):
        recorder.outlook(START, outlook)
    assert rows == ["start", "checkpoint", "outlook", "outlook", "outlook"]
    recorder.outlook(START, flat())
    recorder.checkpoint(START, "power", {})
    recorder.checkpoint(START, "water", {})
    for _ in range(3):
        recorder.outlook(START, flat())
    assert rows[5:] == ["outlook", "checkpoint", "checkpoint", "outlook"]


def test_a_start_forgets_it():
    rows = Rows()
    recorder = Recorder(rows)
    start = Start(epoch=1, area="home", products=(), parties=(), rules={})
    recorder.start(START, start, {})
    recorder.outlook(START, flat())
    recorder.start(START, start, {})
    recorder.outlook(START, flat())
    assert rows == ["start", "outlook"] * 2
