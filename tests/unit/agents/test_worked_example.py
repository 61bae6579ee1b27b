"""The tenders of the worked example in docs/economics.md."""

import pytest

from gateway.agents import MustRun, Solar, SteppedLoad, Storage, Utility
from gateway.model.device import Control, Limits
from gateway.model.site import GridLimits

BATTERY = {"capacity_wh": 10_000.0, "charge_w": 5000.0, "discharge_w": 5000.0, "round_trip": 0.9}


@pytest.fixture
def tenders(make_gate, make_view, make_device, steps):
    """Every party's tenders when the sun gives so much and the battery has so much."""
    house = [
        Utility(limits=GridLimits(import_w=17_000.0)),
        MustRun(),
        Solar(device=make_device("roof", "solar")),
        Storage(
            device=make_device("battery", "storage", limits=Limits(min_soc_pct=10.0)),
            dearest_import=0.30,
        ),
        SteppedLoad(device=make_device("pump", "heat", price_cap=0.15)),
    ]

    def of(solar_w, soc_pct):
        gate = make_gate(
            make_view("roof", -solar_w, control=Control.LIMIT),
            make_view("battery", 0.0, soc_pct=soc_pct, told=BATTERY),
            make_view("pump", 0.0, told={"stages_w": (1000.0, 2000.0)}),
            residual_w=600.0,
        )
        return {agent.party.id: steps(agent.tenders(gate)) for agent in house}

    return of


def test_noon_with_a_half_full_battery(tenders):
    assert tenders(5000.0, 55.0) == {
        "utility": [("SELL", 3000, 17_000), ("BUY", 800, 100_000)],
        "must-run": [("BUY", 20_000, 600)],
        "roof": [("SELL", 0, 5000)],
        "battery": [("BUY", 1750, 5000), ("SELL", 1945, 5000)],
        "pump": [("BUY", 1500, 1000), ("BUY", 1499, 1000)],
    }


def test_noon_with_a_full_battery(tenders):
    assert tenders(5000.0, 100.0)["battery"] == [("SELL", 889, 5000)]


def test_night_at_the_reserve(tenders):
    offered = tenders(0.0, 10.0)
    assert offered["battery"] == [("BUY", 2700, 5000)]
    assert offered["roof"] == []
