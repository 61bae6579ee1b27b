"""``products.ID.forward``: what is read, and what is refused in which words."""

import json

import pytest

from gateway.adapters.plugins import driver_packages
from gateway.config import load
from gateway.model.time import HOUR, MINUTE

HOURLY = {"interval": "1h", "forward": {"horizon": "36h"}}


@pytest.fixture
def loaded(tmp_path):
    def run(products, **more):
        grid = {"driver": "sunspec", "connection": "tcp://127.0.0.1:1?unit=1", "role": "grid"}
        path = tmp_path / "site.yaml"
        state = str(tmp_path / "state")
        site = {"area": "home", "currency": "EUR", "state_dir": state, "devices": {"grid": grid}}
        path.write_text(json.dumps({**site, "products": products, **more}))
        return load(path, driver_packages(), ("tcp",), environ={})

    return run


def problems(found):
    return " | ".join(str(problem) for problem in found.problems)


def test_a_second_product_is_traded_ahead_with_a_gate_before_the_first(loaded):
    found = loaded({"power": {}, "hourly": HOURLY})
    assert not found.problems
    power, hourly = found.site.products
    assert power.ahead is None
    ahead = hourly.ahead
    assert (ahead.horizon, ahead.every, ahead.least) == (36 * HOUR, 15 * MINUTE, 100)
    assert hourly.gate_lead == MINUTE > power.gate_lead


def test_the_least_is_counted_in_the_products_scale(loaded):
    kilo = {"quantity_scale": -3}
    hourly = {**HOURLY, **kilo, "forward": {"horizon": "24h", "least": 50}}
    assert loaded({"power": kilo, "hourly": hourly}).site.products[1].ahead.least == 50_000


@pytest.mark.parametrize(
    ("products", "allowed"),
    [
        ({"power": HOURLY}, "only of a further product of POWER"),
        ({"power": {}, "p": {**HOURLY, "interval": "5min"}}, "an interval of 15min or more"),
        ({"power": {}, "p": {**HOURLY, "gate_lead": "500ms"}}, "a gate_lead above 500ms"),
        ({"power": {}, "p": {**HOURLY, "mechanism": "order-book"}}, "one that clears at gates"),
        ({"power": {}, "p": {**HOURLY, "resource": "WATER_FLOW"}}, "only with resource POWER"),
        ({"power": {}, "p": {**HOURLY, "forward": {"horizon": "12h"}}}, "at least 24h"),
        ({"power": {}, "p": {**HOURLY, "forward": {"horizons": "24h"}}}, "did you mean"),
    ],
)
def test_what_cannot_be_traded_ahead_is_refused_at_its_place(loaded, products, allowed):
    found = loaded(products)
    assert found.site is None
    assert allowed in problems(found)
    assert "forward" in problems(found)
