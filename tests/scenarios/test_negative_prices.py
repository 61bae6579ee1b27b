"""Drawing is paid for at noon: the battery fills then, and the bill can be added up by hand."""

import pytest


def test_the_battery_fills_while_drawing_is_paid_for_and_spares_the_dear_evening(simulated):
    told, rows = simulated("negative-prices")
    home = told["homes"]["home"]
    # 500 W: 21 h at 0.30, 3 h at -0.10.
    assert home["cost"]["none"] == pytest.approx(21 * 0.5 * 0.30 - 3 * 0.5 * 0.10)
    # 5 kWh are 5.556 at the terminals on the way in, and 4.5 on the way out.
    saved = 5 / 0.9 * 0.10 + 5 * 0.9 * 0.30
    assert home["cost"]["market"] == pytest.approx(3.00 - saved, abs=1e-5)
    assert home["captured"] == pytest.approx(1.0, abs=1e-5)
    charged = {row["time"][11:13] for row in rows if row["battery_w"] > 0}
    assert charged == {"11", "12", "13"}


def test_nothing_is_given_back_while_giving_must_be_paid_for(simulated):
    _, rows = simulated("negative-prices")
    assert min(row["grid_w"] for row in rows) >= 0
