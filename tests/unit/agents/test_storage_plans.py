"""A storage with an outlook at its gate."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.agents import Storage
from gateway.agents.value import values
from gateway.model.device import DeviceState, Strategy
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, MINUTE, Duration

TOLD = {"capacity_wh": 10_000.0, "charge_w": 5000.0, "discharge_w": 5000.0, "round_trip": 0.81}
CHEAP_NIGHT = (0.10,) * 4 + (0.40,) * 12


@pytest.fixture
def gate(make_gate, make_view, noon):
    """A gate in a cheap hour with an outlook of hours."""

    def make(*views, prices=CHEAP_NIGHT, residual_w=600.0, age=Duration(0), soc_pct=50.0):
        own = make_view("battery", 0.0, soc_pct=soc_pct, told=TOLD)
        made = make_gate(own, *views, import_price=0.10, export_price=0.05)
        outlook = Outlook(
            start=noon - age,
            step=HOUR,
            import_price=tuple(prices),
            export_price=(0.05,) * len(prices),
            scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * len(prices)),),
            left=0.0,
        )
        return replace(made, outlook=outlook)

    return make


@pytest.fixture
def storage(make_device):
    def make(*beside, **more):
        others = tuple(make_device(name, "storage") for name in beside)
        return Storage(device=make_device("battery", "storage", **more), beside=others)

    return make


def best(tenders, side):
    prices = [one.price for one in tenders if str(one.side) == side]
    return max(prices, default=None) if side == "BUY" else min(prices, default=None)


def test_in_the_last_cheap_hour_it_buys_from_the_grid_what_the_dear_ones_take(gate, storage):
    seen = gate(prices=(0.10, *(0.40,) * 12), soc_pct=0.0)
    assert best(storage().tenders(seen), "BUY") >= 1000


def test_while_cheap_hours_suffice_that_are_to_come_it_waits_with_the_grids_energy(gate, storage):
    """More is known later; what the house has too much is still taken."""
    assert best(storage().tenders(gate(soc_pct=0.0)), "BUY") == 999
    slow = gate(prices=(0.10, 0.10, *(0.40,) * 12), soc_pct=0.0, residual_w=5000.0)
    assert best(storage().tenders(slow), "BUY") >= 1000


def test_self_consumption_never_buys_at_the_grids_price(gate, storage):
    plain = storage(strategy=Strategy.SELF_CONSUMPTION)
    seen = gate(soc_pct=0.0)
    assert plain.tenders(seen) == plain.tenders(replace(seen, outlook=None))
    assert best(plain.tenders(seen), "BUY") < 1000


def test_what_the_plan_looked_at_and_is_over_does_not_count(gate, storage):
    """The last cheap hour is over: it would be too late to wait for it."""
    asks = [
        best(storage().tenders(gate(prices=(0.10, 0.10, *(0.40,) * 12), age=age)), "SELL")
        for age in (Duration(0), Duration(HOUR))
    ]
    assert asks[0] < asks[1]


def test_an_outlook_that_is_over_is_none(gate, storage):
    seen = gate(prices=(0.10,), age=Duration(2 * HOUR))
    assert storage().tenders(seen) == storage().tenders(replace(seen, outlook=None))


def test_of_two_alike_each_plans_for_half_of_what_is_drawn(gate, storage, make_view):
    other = make_view("other", 0.0, soc_pct=50.0, told=TOLD)
    dear = (0.40,) * 6
    shared = storage("other").tenders(gate(other, residual_w=1200.0, prices=dear))
    assert shared == storage().tenders(gate(residual_w=600.0, prices=dear))
    assert shared != storage().tenders(gate(residual_w=1200.0, prices=dear))


def test_one_that_is_gone_serves_nothing(gate, storage, make_view):
    other = make_view("other", 0.0, soc_pct=50.0, told=TOLD, state=DeviceState.OFFLINE)
    assert storage("other").tenders(gate(other)) == storage().tenders(gate())


def test_one_plan_serves_every_gate_of_an_outlook_whatever_the_charge(gate, storage, monkeypatch):
    made = []

    def counted(*args):
        made.append(args)
        return values(*args)

    monkeypatch.setattr("gateway.agents.planned.values", counted)
    for soc_pct in (17.3, 17.4, 51.21, 88.888):
        storage().tenders(gate(soc_pct=soc_pct, prices=(0.1234, 0.2345, 0.3456)))
    assert len(made) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # they only make values
@given(
    st.lists(st.floats(-0.2, 0.6), min_size=1, max_size=10),
    st.floats(-6000, 6000),
    st.floats(0, 100),
    st.integers(0, 120),
)
def test_it_buys_below_what_it_sells_at_and_no_more_than_it_can_hold(
    gate, storage, prices, residual_w, soc_pct, age_min
):
    age = Duration(age_min * MINUTE)
    seen = gate(prices=prices, residual_w=residual_w, soc_pct=soc_pct, age=age)
    tenders = storage().tenders(seen)
    buy, sell = best(tenders, "BUY"), best(tenders, "SELL")
    assert buy is None or sell is None or buy < sell
    hours = seen.interval.duration / HOUR
    bought = sum(one.quantity for one in tenders if str(one.side) == "BUY")
    sold = sum(one.quantity for one in tenders if str(one.side) == "SELL")
    assert bought * hours * 0.9 <= (100 - soc_pct) * 100 + 0.01
    assert sold * hours / 0.9 <= soc_pct * 100 + 0.01
    assert max(bought, sold) <= 5000
