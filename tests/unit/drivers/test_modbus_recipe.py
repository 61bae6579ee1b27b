"""From setpoints to words: rounding is towards less, and what goes out decodes to what was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.control import Control
from drivers.modbus.recipe import Ratings, Recipe, Wish
from drivers.modbus.registers import number, stands

FLOWS = st.floats(-200_000, 200_000, allow_nan=False)


def recipe(*steps, kind="target", release=None, rating_w=None, **told):
    given_back = release or [
        {"address": at, "table": table, "const": 9999 if table == "holding" else 0}
        for at, table in sorted({(s["address"], s.get("table", "holding")) for s in steps})
    ]
    control = Control(kind=kind, steps=steps, release=given_back, rating_w=rating_w, **told)
    return Recipe(control, Ratings(rating_w=rating_w))


def words(made, flow_w, timer_s=60, level_w=None):
    wish = Wish(flow_w=made.rounded(flow_w), timer_s=timer_s, level_w=level_w)
    return [write.words for _, write in made.writes(wish)]


WRITES = [
    {"write": "value", "type": "int16", "unit": "W"},
    {"write": "value", "type": "int32", "order": "little", "unit": "W", "scale": 10},
    {"write": "amount", "type": "uint16", "unit": "%", "scale": 0.1, "max": 100},
    {"write": "amount", "type": "uint16", "unit": "kW", "scale": 0.01},
    {"write": "amount", "type": "float32", "unit": "%"},
    {"write": "amount", "type": "uint16", "unit": "A"},
]


@pytest.mark.parametrize("step", WRITES)
@given(flow_w=FLOWS)
def test_no_more_is_ever_expressed_than_was_asked_and_of_the_same_sign(step, flow_w):
    made = recipe({"address": 1, **step}, rating_w=8000, watts_per_ampere=690)
    rounded = made.rounded(flow_w)
    assert abs(rounded) <= abs(flow_w) + 1e-3
    assert rounded == 0 or (rounded < 0) == (flow_w < 0)
    assert made.rounded(rounded) == pytest.approx(rounded, abs=1e-6)


@pytest.mark.parametrize("step", WRITES)
@given(flow_w=FLOWS)
def test_the_words_are_the_flow_that_was_said(step, flow_w):
    made = recipe({"address": 1, **step}, rating_w=8000, watts_per_ampere=690)
    rounded = made.rounded(flow_w)
    (write,) = [w for _, w in made.writes(Wish(flow_w=rounded, timer_s=0))]
    (told,) = made.control.steps
    watts = {"W": 1, "kW": 1000, "%": 80, "A": 690}[told.unit]
    expressed = number(told, write.words) * told.scale * watts
    wanted = rounded if told.write == "value" else abs(rounded)
    assert expressed == pytest.approx(wanted, rel=1e-6, abs=1e-3)


def test_a_percentage_is_of_the_rating_and_never_of_a_register_of_watts():
    made = recipe({"address": 1, "write": "amount", "unit": "%", "scale": 0.1}, rating_w=8000)
    assert words(made, -2000) == [(250,)]
    assert made.capabilities().resolution_w == pytest.approx(8)


def test_amperes_are_of_all_phases():
    made = recipe({"address": 1, "write": "amount", "unit": "A"}, watts_per_ampere=690)
    assert words(made, 6899) == [(9,)]


@pytest.mark.parametrize(
    ("timer_s", "minutes"), [(0, 0), (20, 1), (60, 1), (119, 1), (120, 2), (10**6, 1440)]
)
def test_a_countdown_in_minutes_is_no_longer_than_asked_and_at_least_one(timer_s, minutes):
    made = recipe(
        {"address": 1, "write": "timer", "unit": "min", "max": 1440},
        {"address": 2, "write": "amount", "unit": "W"},
    )
    assert words(made, 100, timer_s) == [(minutes,), (100,)]
    assert made.capabilities().timer.max_s == 86_400


@pytest.mark.parametrize(("level_w", "word"), [(None, 100), (2000, 25), (0, 0)])
def test_the_level_is_written_or_the_own_rule(level_w, word):
    made = recipe(
        {"address": 1, "write": "timer", "unit": "s", "max": 600},
        {"address": 2, "write": "level", "unit": "%", "own_rule": 100},
        {"address": 3, "write": "amount", "unit": "%"},
        kind="limit",
        rating_w=8000,
    )
    assert words(made, -4000, 60, level_w) == [(60,), (word,), (50,)]
    assert made.capabilities().timer.reaches_level


@pytest.mark.parametrize(
    ("flow_w", "said"), [(500, [1, 500, 0]), (-500, [2, 0, 500]), (0, [3, 0, 0])]
)
def test_what_a_storage_is_to_do_picks_the_command(flow_w, said):
    made = recipe(
        {"address": 1, "cases": {"charge": 1, "discharge": 2, "idle": 3}},
        {"address": 2, "write": "charge", "unit": "W"},
        {"address": 3, "write": "discharge", "unit": "W"},
    )
    assert [word for (word,) in words(made, flow_w)] == said


def test_a_running_countdown_stands_and_one_that_was_wound_up_does_not():
    made = recipe(
        {"address": 1, "write": "timer", "unit": "s", "max": 600, "counts": True},
        {"address": 2, "write": "amount", "unit": "W"},
    )
    (step, write), _ = made.writes(Wish(flow_w=0.0, timer_s=60))
    assert [stands(step, write, {("holding", 1): left}) for left in (60, 12, 0, 61)] == [
        True, True, False, False,
    ]  # fmt: skip


def test_a_float_that_the_device_rounded_stands_and_another_does_not():
    made = recipe({"address": 1, "type": "float32", "write": "amount", "unit": "W"})
    ((step, write),) = made.writes(Wish(flow_w=1234.5, timer_s=0))
    high, low = write.words
    assert stands(step, write, {("holding", 1): high, ("holding", 2): low + 1})
    assert not stands(step, write, {("holding", 1): high + 1, ("holding", 2): low})


def test_the_stages_of_a_generator_are_flows_out_of_it():
    control = Control(
        kind="target",
        stages_w=(0, 3000),
        steps=[{"address": 1, "stages": {0: 0, 3000: 1}}],
        release=[{"address": 1, "const": 2}],
    )
    made = Recipe(control, Ratings(), gives=True)
    assert [made.rounded(watts) for watts in (-3500.0, -2900.0, 3000.0)] == [-3000.0, 0.0, 0.0]
    (write,) = [w for _, w in made.writes(Wish(flow_w=-3000.0, timer_s=0))]
    assert write.words == (1,)
    assert made.stage({("holding", 1): 1}) == -3000.0
