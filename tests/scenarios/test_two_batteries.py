"""Two batteries behind one meter share what the roof gives and what the evening takes."""

from itertools import pairwise

import pytest


def by_step(rows):
    return [
        dict(zip(("roof", "flat"), rows[at : at + 2], strict=True)) for at in range(0, len(rows), 2)
    ]


def test_together_they_make_nearly_all_that_one_battery_with_foresight_could(simulated):
    told, _ = simulated("two-batteries")
    # A day: 12 kWh of sun, of 12 kWh put in 9.72 come out, 12 kWh drawn.
    assert told["total"]["cost"]["none"] == pytest.approx(3 * (12 * 0.30 - 12 * 0.08))
    assert told["total"]["cost"]["optimum"] == pytest.approx(3 * (12 - 9.72) * 0.30)
    assert told["captured"] >= 0.97
    paid = sum(home["cost"]["market"] for home in told["homes"].values())
    assert paid == pytest.approx(told["total"]["cost"]["market"], abs=1e-6)


def test_both_gain_by_it_and_nothing_of_the_sun_leaves_the_two_homes(simulated):
    told, rows = simulated("two-batteries")
    for home in told["homes"].values():
        assert home["cost"]["market"] < home["cost"]["none"]
    assert min(step["roof"]["grid_w"] + step["flat"]["grid_w"] for step in by_step(rows)) > -1


def test_once_a_day_is_known_both_charge_from_the_sun_and_neither_from_the_other(simulated):
    _, rows = simulated("two-batteries")
    known = by_step(rows)[24:]
    for step in known:
        assert step["roof"]["battery_w"] * step["flat"]["battery_w"] >= 0
    noon = [step for step in known if step["roof"]["solar_w"]]
    assert len(noon) == 8
    for step in noon:
        roof_w, flat_w = step["roof"]["battery_w"], step["flat"]["battery_w"]
        assert roof_w + flat_w == pytest.approx(3000, abs=1)
        assert 0 < roof_w < flat_w


def test_the_trace_holds_the_bounds_of_each_battery(simulated):
    _, rows = simulated("two-batteries")
    for home, capacity_wh in (("roof", 4000), ("flat", 8000)):
        mine = [row for row in rows if row["home"] == home]
        for before, row in pairwise(mine):
            moved = row["soc_wh"] - before["soc_wh"]
            power_w = row["battery_w"]
            assert moved == pytest.approx(power_w * 0.9 if power_w > 0 else power_w / 0.9, abs=0.01)
            assert 0 <= row["soc_wh"] <= capacity_wh + 1e-6
