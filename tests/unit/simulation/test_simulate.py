"""Real homes through some weeks: what is told adds up, and nobody looks ahead."""

import random
from dataclasses import replace

import pytest

from gateway.agents.value import Store
from gateway.model.errors import WrongInput
from gateway.simulation.deal import dealt
from gateway.simulation.scenario import HomeBattery, SimulatedHome
from gateway.simulation.simulate import simulate

STORE = Store(
    capacity_wh=6400, charge_w=5000, discharge_w=5000, eta_charge=0.95, eta_discharge=0.95
)
SUMMER = 24 * 200  # hours into the year of the fixtures
WEEK = 24 * 7


def rows_of(scenario):
    rows = []
    outcome = simulate(scenario, rows.extend)
    return outcome, rows


def test_a_week_adds_up_row_by_row_within_what_the_battery_can(real_home):
    scenario = real_home("h6", SUMMER, WEEK)
    outcome, rows = rows_of(scenario)
    stored_wh = money = 0.0
    for step, row in enumerate(rows):
        assert row.grid_w == pytest.approx(row.load_w - row.solar_w + row.battery_w)
        assert -5000 <= row.battery_w <= 5000
        gained = row.battery_w * 0.9**0.5 if row.battery_w > 0 else row.battery_w / 0.9**0.5
        assert row.soc_wh == pytest.approx(stored_wh + gained, abs=1e-6)
        assert 0 <= row.soc_wh <= 6400
        if abs(row.grid_w) > 0.01:
            assert row.price == scenario.tariff.price(step, row.grid_w)
        stored_wh = row.soc_wh
        money += row.grid_w / 1000 * row.price
    cost = outcome.homes["h6"].cost
    assert money == pytest.approx(cost.market)
    assert cost.optimum <= cost.market + 1e-9
    assert cost.optimum <= cost.self_consumption <= cost.none
    assert outcome.total == outcome.homes["h6"]


@pytest.mark.parametrize("community", [False, True])
def test_decisions_do_not_change_when_another_future_is_dealt(real_home, community):
    scenario = replace(real_home("h1", SUMMER, 4 * 24), community=community)
    beside = real_home("h6", SUMMER, 4 * 24).homes
    known = 3 * 24 + 10
    (home,) = scenario.homes
    scenario = replace(scenario, homes=(home, *beside))
    future = list(zip(home.load_w, home.solar_w, strict=True))[known:]
    random.Random(5).shuffle(future)
    load_w, solar_w = zip(*future, strict=True)
    other = replace(
        home, load_w=home.load_w[:known] + load_w, solar_w=home.solar_w[:known] + solar_w
    )
    assert other != home
    _, rows = rows_of(scenario)
    _, shuffled = rows_of(replace(scenario, homes=(other, *beside)))
    before = known * len(scenario.homes)
    assert rows[:before] == shuffled[:before]
    assert rows[before:] != shuffled[before:]


def test_what_is_left_is_exported_in_the_last_step(make_scenario):
    """The bill counts nothing that is left."""
    sun = (*[0.0] * 10, *[2000.0] * 14)
    home = SimulatedHome(
        id="a", load_w=(0.0,) * 48, solar_w=sun * 2, battery=HomeBattery(store=STORE)
    )
    outcome, rows = rows_of(make_scenario([home], [(0.3, 0.08)] * 48))
    assert rows[-1].battery_w < -4000
    assert rows[-1].soc_wh == pytest.approx(0, abs=1)
    assert outcome.total.cost.market <= outcome.total.cost.self_consumption - 0.08 * 4


def test_a_home_without_a_battery_costs_the_same_in_every_way(make_scenario):
    home = SimulatedHome(id="a", load_w=(500.0, 0.0), solar_w=(0.0, 300.0))
    outcome = simulate(make_scenario([home], [(0.3, 0.08), (0.3, 0.08)]))
    cost = outcome.total.cost
    assert cost.none == pytest.approx(0.5 * 0.3 - 0.3 * 0.08)
    assert cost.none == cost.self_consumption == cost.market == cost.optimum
    assert cost.captured is None
    assert outcome.total.cycles == 0


def test_the_document_has_the_keys_that_programs_rely_on(real_home):
    document = simulate(real_home("h1", SUMMER, 24)).document()
    assert document.keys() == {"homes", "total", "captured", "seconds"}
    home = document["homes"]["h1"]
    assert home.keys() >= {"cost", "import_kwh", "export_kwh", "cycles"}
    assert home["cost"].keys() == {"none", "self_consumption", "market", "optimum"}
    assert document["total"].keys() == home.keys()


@pytest.mark.parametrize("mechanism", ["pay-as-bid", "equilibrium"])
def test_another_mechanism_runs_the_battery_too(real_home, mechanism):
    scenario = real_home("h1", SUMMER, 3 * 24)
    cost = simulate(scenario, mechanism=mechanism).total.cost
    assert cost.market == pytest.approx(simulate(scenario).total.cost.market, rel=0.02)


def test_a_mechanism_without_gates_is_refused_with_those_there_are(real_home):
    with pytest.raises(WrongInput, match=r"found 'order-book', allowed: equilibrium, pay-as-bid"):
        simulate(real_home("h1", SUMMER, 24), mechanism="order-book")


def test_a_seed_deals_the_same_days_again_and_another_seed_others(real_home):
    scenario = real_home("h1", SUMMER, 10 * 24 + 5)
    one, again, other = (dealt(scenario, seed) for seed in (1, 1, 2))
    assert one == again != other
    (before,), (after,) = scenario.homes, one.homes
    days = {before.load_w[day * 24 : day * 24 + 24] for day in range(10)}
    assert all(after.load_w[day * 24 : day * 24 + 24] in days for day in range(10))
    assert after.load_w[240:] == before.load_w[240:]
    assert one.tariff == scenario.tariff
