"""An outlook that is small enough to keep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.forecast.condensed import FINE, condensed
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, Duration, Instant

QUARTER = Duration(HOUR // 4)
STEPS = 24


def outlook(*ways, step=QUARTER):
    """Of (weight, residual) pairs."""
    steps = len(ways[0][1])
    return Outlook(
        start=Instant(0),
        step=step,
        import_price=tuple(0.2 + k / 1000 for k in range(steps)),
        export_price=(0.05,) * steps,
        scenarios=tuple(Scenario(weight=w, residual_w=tuple(map(float, r))) for w, r in ways),
    )


def test_the_first_hours_stay_as_they_are_and_later_ones_are_the_mean_of_an_hour():
    told = condensed(outlook((1.0, [100.4 * k for k in range(STEPS)])))
    (only,) = told.scenarios
    fine = FINE // QUARTER
    assert only.residual_w[:fine] == tuple(round(100.4 * k) for k in range(fine))
    assert only.residual_w[fine : fine + 4] == (round(100.4 * (fine + 1.5)),) * 4


def test_prices_stay_as_they_are():
    full = outlook((1.0, [500] * STEPS))
    assert condensed(full).import_price == full.import_price


def test_scenarios_that_are_alike_are_one_with_the_weight_of_both():
    told = condensed(outlook((0.5, [500] * 4), (0.25, [520] * 4), (0.25, [-500] * 4)))
    assert [(one.weight, one.residual_w[0]) for one in told.scenarios] == [
        (0.75, 507.0),
        (0.25, -500.0),
    ]


def test_the_rare_ones_join_the_nearest_where_there_would_be_too_many():
    ways = [(0.4, [1000] * 4), (0.3, [-1000] * 4), (0.2, [3000] * 4), (0.1, [-3000] * 4)]
    told = condensed(outlook(*ways), most=2)
    assert [one.weight for one in told.scenarios] == pytest.approx([0.6, 0.4])
    assert [one.residual_w[0] for one in told.scenarios] == pytest.approx([1667, -1500], abs=1)


@given(
    st.lists(
        st.tuples(st.integers(1, 100), st.lists(st.floats(-9e3, 9e3), min_size=20, max_size=20)),
        min_size=1,
        max_size=20,
    )
)
def test_the_mean_that_is_foreseen_stays_but_for_rounding(ways):
    total = sum(weight for weight, _ in ways)
    full = outlook(*((weight / total, told) for weight, told in ways))
    small = condensed(full)
    assert len(small.scenarios) <= 12
    assert sum(one.weight for one in small.scenarios) == pytest.approx(1.0)
    foreseen = [
        sum(one.weight * sum(one.residual_w) / 20 for one in told.scenarios)
        for told in (full, small)
    ]
    assert foreseen[1] == pytest.approx(foreseen[0], abs=len(ways) / 2 + 1)
