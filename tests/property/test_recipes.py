"""Whatever stood before: every recipe ends where the plan wants to be."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.recipes import Recipe, Switch, by_recipe

VALUE, ENABLE = 3, 7
SWITCH = Switch(range(VALUE, VALUE + 1), range(ENABLE, ENABLE + 1))
WORD, ON = st.integers(0, 3), st.sampled_from([0, 1, 49])
STANDING = st.fixed_dictionaries({VALUE: WORD, 4: WORD, 5: WORD, 6: WORD, ENABLE: ON})
WANTED = st.fixed_dictionaries({VALUE: WORD, 4: WORD, 5: WORD, 6: WORD, ENABLE: st.integers(0, 1)})


def plans(words):
    """Model 123 writes one group, model 704 several."""
    enable = {ENABLE: words[ENABLE]}
    rest = {at: word for at, word in words.items() if at != ENABLE}
    return [(words,), (rest, enable)]


@given(recipe=st.sampled_from(Recipe), standing=STANDING, wanted=WANTED)
def test_what_stands_in_the_end_is_what_the_plan_wants(recipe, standing, wanted):
    for plan in plans(wanted):
        written = dict(standing)
        for group in by_recipe(recipe, plan, SWITCH, standing):
            written |= group
        assert {**written, ENABLE: bool(written[ENABLE])} == {
            **wanted,
            ENABLE: bool(wanted[ENABLE]),
        }


@given(standing=STANDING, wanted=WANTED)
def test_a_device_is_free_for_one_request_at_most(standing, wanted):
    for plan in plans(wanted):
        groups = by_recipe(Recipe.ENABLE_TOGGLE, plan, SWITCH, standing)
        free = [group.get(ENABLE) == 0 for group in groups]
        if wanted[ENABLE]:
            assert sum(free) <= 1
            assert not any(free) or (free[-2] and groups[-1][ENABLE] == 1)


@given(standing=STANDING, wanted=WANTED)
def test_a_new_value_is_always_between_an_enable_of_0_and_one_of_1(standing, wanted):
    """As a device sees it that takes the value when its enable rises."""
    if not wanted[ENABLE]:
        return
    for plan in plans(wanted):
        now, obeyed = dict(standing), standing[VALUE] if standing[ENABLE] else None
        for group in by_recipe(Recipe.ENABLE_TOGGLE, plan, SWITCH, standing):
            before, now = now[ENABLE], {**now, **group}
            if now[ENABLE] and not before:
                obeyed = now[VALUE]
        assert obeyed == wanted[VALUE]


@given(wanted=WANTED)
def test_where_nothing_is_known_of_what_stands_nothing_is_left_out(wanted):
    for plan in plans(wanted):
        for recipe in Recipe:
            groups = by_recipe(recipe, plan, SWITCH, {})
            assert {at for group in groups for at in group} == set(wanted)
