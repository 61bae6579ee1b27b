"""Homes behind one meter: what they pay adds up to the meter, and each shows one curve."""

from dataclasses import replace

import pytest

from gateway.market.mechanisms.uniform_price import UniformPrice
from gateway.simulation.community import Aggregate, CommunityMarket
from gateway.simulation.costs import pooled_costs
from gateway.simulation.floor import Floor
from gateway.simulation.scenario import SimulatedHome
from gateway.simulation.simulate import simulate

SUMMER = 24 * 200


@pytest.fixture(scope="module")
def homes(real_home):
    """Three real homes for three days, trading with each other or not."""

    def of(*, community):
        each = [real_home(name, SUMMER, 3 * 24) for name in ("h1", "h6", "h12")]
        every = tuple(home for one in each for home in one.homes)
        return replace(each[0], homes=every, community=community)

    return of


def test_what_homes_pay_each_other_adds_up_to_what_the_meter_is_charged(homes):
    scenario, steps = homes(community=True), []
    outcome = simulate(scenario, steps.append)
    charged = imported = 0.0
    for step, rows in enumerate(steps):
        assert len({row.price for row in rows}) == 1
        meter_kwh = sum(row.grid_w for row in rows) / 1000
        charged += scenario.tariff.cost(step, meter_kwh)
        imported += max(meter_kwh, 0.0)
    total = outcome.total
    assert charged == pytest.approx(total.cost.market)
    assert sum(home.cost.market for home in outcome.homes.values()) == pytest.approx(charged)
    assert imported == pytest.approx(total.import_kwh)
    assert total.cost.optimum <= total.cost.market <= total.cost.none
    assert total.cost.optimum <= total.cost.self_consumption


def test_together_they_pay_less_than_each_by_itself(homes):
    together = simulate(homes(community=True)).total.cost
    alone = simulate(homes(community=False)).total.cost
    assert together.market < alone.market
    assert together.none < alone.none
    assert together.optimum < alone.optimum


def test_the_sun_of_one_home_is_used_in_the_next(make_scenario):
    sunny = SimulatedHome(id="sunny", load_w=(0.0,) * 3, solar_w=(900.0,) * 3)
    other = SimulatedHome(id="other", load_w=(400.0,) * 3, solar_w=(0.0,) * 3)
    scenario = make_scenario([sunny, other], [(0.3, 0.08)] * 3, community=True)
    outcome = simulate(scenario)
    assert outcome.total.export_kwh == pytest.approx(1.5)
    assert outcome.total.import_kwh == 0
    # The surplus is sold at what the grid pays, and so is what the neighbour draws.
    assert outcome.homes["other"].cost.market == pytest.approx(1.2 * 0.08)
    assert outcome.homes["sunny"].cost.market == pytest.approx(-2.7 * 0.08)


def test_a_home_shows_its_demand_as_steps_and_nothing_else(homes):
    scenario = homes(community=True)
    market = CommunityMarket(scenario, Floor(scenario, UniformPrice()))
    for step in range(30):
        market.run(step)
    shown = [party for party in market._parties if isinstance(party, Aggregate)]
    assert [party.party.id for party in shown] == ["h1", "h6", "h12"]
    for party in shown:
        prices = [price for price, _ in party.tie.demand.steps]
        assert prices == sorted(set(prices), reverse=True)


def test_alike_batteries_are_as_good_as_one_of_their_size(homes):
    scenario = homes(community=True)
    (first, *_) = scenario.homes
    single = replace(scenario, homes=(first,))
    twins = tuple(
        replace(first, id=name, load_w=tuple(w / 2 for w in first.load_w),
                solar_w=tuple(w / 2 for w in first.solar_w))
        for name in ("a", "b")
    )  # fmt: skip
    half = replace(first.battery.store, capacity_wh=3200, charge_w=2500, discharge_w=2500)
    small = replace(first.battery, store=half)
    pair = replace(scenario, homes=tuple(replace(twin, battery=small) for twin in twins))
    assert pooled_costs(pair, 0.0).optimum == pytest.approx(pooled_costs(single, 0.0).optimum)
