"""The worked example of docs/economics.md: its tenders and its prices."""

import pytest

from gateway.agents import MustRun, Solar, SteppedLoad, Storage, Utility
from gateway.market.mechanisms import built_in
from gateway.model.clearing import ClearingType
from gateway.model.device import Control, Limits
from gateway.model.site import GridLimits
from gateway.ports.mechanism import Step

BATTERY = {"capacity_wh": 10_000.0, "charge_w": 5000.0, "discharge_w": 5000.0, "round_trip": 0.9}


@pytest.fixture
def tenders(make_gate, make_view, make_device):
    """(party, tenders) of the whole house under a sun, a charge, a load and grid limits."""

    def of(*, solar_w, soc_pct, load_w=600.0, import_w=17_000.0, export_w=None):
        house = [
            Utility(limits=GridLimits(import_w=import_w, export_w=export_w)),
            MustRun(),
            Solar(device=make_device("roof", "solar")),
            Storage(
                device=make_device("battery", "storage", limits=Limits(min_soc_pct=10.0)),
                dearest_import=0.30,
            ),
            SteppedLoad(device=make_device("pump", "heat", price_cap=0.15)),
        ]
        gate = make_gate(
            make_view("roof", -solar_w, control=Control.LIMIT),
            make_view("battery", 0.0, soc_pct=soc_pct, told=BATTERY),
            make_view("pump", 0.0, told={"stages_w": (1000.0, 2000.0)}),
            residual_w=load_w,
        )
        return [(agent.party, agent.tenders(gate)) for agent in house]

    return of


@pytest.fixture
def cleared(tenders, product):
    """The outcome of one clearing of the house, and the flow of each party."""

    def of(**situation):
        book = built_in()[product.mechanism].open_book(product)
        sequence = 0
        for party, own in tenders(**situation):
            for tender in own:
                book.add(Step(party, tender, tender.side, tender.price, tender.quantity, sequence))
                sequence += 1
        outcome = book.clear()
        flows = {}
        for step, quantity in outcome.fills:
            flows[step.party.id] = flows.get(step.party.id, 0) + step.side.sign * quantity
        return outcome, flows

    return of


def test_tenders_at_noon_with_a_half_full_battery(tenders, steps):
    offered = {party.id: steps(own) for party, own in tenders(solar_w=5000.0, soc_pct=55.0)}
    assert offered == {
        "utility": [("SELL", 3000, 17_000), ("BUY", 800, 100_000)],
        "must-run": [("BUY", 20_000, 600)],
        "roof": [("SELL", 0, 5000)],
        "battery": [("BUY", 1750, 5000), ("SELL", 1945, 5000)],
        "pump": [("BUY", 1500, 1000), ("BUY", 1499, 1000)],
    }


def test_at_noon_the_battery_sets_the_price(cleared):
    outcome, flows = cleared(solar_w=5000.0, soc_pct=55.0)
    assert outcome.price == 1750
    assert flows == {"roof": -5000, "must-run": 600, "battery": 4400}


def test_under_a_cloud_the_battery_sells_below_the_utility(cleared):
    outcome, flows = cleared(solar_w=400.0, soc_pct=55.0)
    assert outcome.price == 1945
    assert flows == {"roof": -400, "must-run": 600, "battery": -200}


def test_with_a_full_battery_the_pump_runs_and_the_rest_is_exported(cleared):
    outcome, flows = cleared(solar_w=5000.0, soc_pct=100.0)
    assert outcome.price == 800
    assert flows == {"roof": -5000, "must-run": 600, "pump": 2000, "utility": 2400}


def test_with_a_full_battery_and_no_export_the_roof_is_held(cleared):
    outcome, flows = cleared(solar_w=5000.0, soc_pct=100.0, export_w=0.0)
    assert outcome.price == 0
    assert flows == {"roof": -2600, "must-run": 600, "pump": 2000}


def test_at_night_the_tariff_is_the_price_and_the_pump_waits(cleared):
    outcome, flows = cleared(solar_w=0.0, soc_pct=10.0)
    assert outcome.price == 3000
    assert flows == {"utility": -600, "must-run": 600}


def test_load_above_the_import_limit_is_a_shortage_at_the_cap(cleared):
    outcome, flows = cleared(solar_w=0.0, soc_pct=10.0, load_w=5000.0, import_w=4000.0)
    assert outcome.type is ClearingType.SHORTAGE
    assert outcome.price == 20_000
    assert flows == {"utility": -4000, "must-run": 4000}
