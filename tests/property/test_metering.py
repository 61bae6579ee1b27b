"""Energy totals, whatever the counter does: never falling, never more than the rating allows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gateway.metering.counter import CONFIRMED, Sample, count, forget_base
from gateway.model.canonical import from_json, to_json
from gateway.model.energy import SLACK_WH, Counter

SENTINELS = st.sampled_from([None, 0.0, -1.0, float("nan"), 4_294_967_295.0, 2.0**32 * 10])
ANY_RAW = SENTINELS | st.floats(min_value=0, max_value=1e10)
SAMPLES = st.builds(
    Sample,
    raw_wh=ANY_RAW,
    power_wh=st.floats(min_value=0, max_value=1e4),
    most_wh=st.floats(min_value=0, max_value=5e3),
)
EVENTS = st.lists(SAMPLES | st.sampled_from(["swap", "restart"]), max_size=80)


def restarted(counter):
    """What the state folder gives back."""
    return from_json(Counter, to_json(counter))


@given(EVENTS)
def test_whatever_is_read_the_total_never_falls_nor_passes_what_the_rating_allows(events):
    counter, allowed = Counter(), SLACK_WH
    for event in events:
        before = counter.total_wh
        if event == "swap":
            counter = forget_base(counter)
        elif event == "restart":
            counter = restarted(counter)
        else:
            allowed += event.most_wh
            counter = count(counter, event)
        assert int(counter.total_wh) >= int(before)
        assert counter.total_wh >= before - 0.0005
        assert counter.total_wh <= allowed + 0.001 * len(events)


STEPS = st.lists(st.integers(min_value=0, max_value=8), min_size=1, max_size=80)


@given(STEPS, st.integers(min_value=0, max_value=10**9))
def test_without_faults_the_total_is_the_truth(steps, start):
    counter, raw = Counter(), float(start)
    for _ in range(CONFIRMED):
        counter = count(counter, Sample(raw_wh=raw, most_wh=8.0))
    for step in steps:
        raw += step
        counter = count(counter, Sample(raw_wh=raw, power_wh=8.0, most_wh=8.0))
    assert counter.total_wh == sum(steps)


FAULTS = st.lists(
    st.tuples(st.integers(min_value=0, max_value=8), st.sampled_from(["", "", "gone", "night"])),
    min_size=1,
    max_size=80,
)


@given(FAULTS, st.integers(min_value=1, max_value=2**32))
def test_gaps_nights_and_rollovers_lose_nothing_once_the_counter_is_back(faults, start):
    counter, truth = Counter(), 0
    for _ in range(CONFIRMED):
        counter = count(counter, Sample(raw_wh=float(start % 2**32), most_wh=8.0))
    for step, fault in [*faults, (1, "")]:
        truth += step
        raw = {"": float((start + truth) % 2**32), "gone": None, "night": 0.0}[fault]
        counter = count(counter, Sample(raw_wh=raw, power_wh=step / 2, most_wh=8.0))
    if (start + truth) % 2**32 and start % 2**32:
        assert counter.total_wh == truth


@given(st.lists(st.floats(min_value=0, max_value=1e4), min_size=1, max_size=40))
def test_a_restart_between_any_two_samples_changes_nothing_a_published_watt_hour_shows(steps):
    straight = broken = replace(Counter(), raw_wh=0.0)
    raw = 0.0
    for step in steps:
        raw = round(raw + step, 3)
        sample = Sample(raw_wh=raw, most_wh=2e4)
        straight, broken = count(straight, sample), count(restarted(broken), sample)
    assert abs(straight.total_wh - broken.total_wh) < 0.01
