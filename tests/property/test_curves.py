"""Curves of one sort and curves as trees are the same curves."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.market.curves import Curves, SortedCurves

steps = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=12)


@given(steps, st.integers(-30, 30), st.integers(0, 41), st.integers(0, 120))
def test_both_say_the_same_of_the_same_steps(table, injected, place, passed):
    trees, flat = Curves(41), SortedCurves(table)
    for where, quantity in table:
        trees.add(where, quantity)

    assert trees.crossing(injected) == flat.crossing(injected)
    assert trees.before(place) == flat.before(place)
    assert trees.occupied_after(passed) == flat.occupied_after(passed)
    assert trees.occupied_before(place) == flat.occupied_before(place)
