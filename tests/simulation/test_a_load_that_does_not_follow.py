"""A heat pump that has its own reasons not to run."""

from gateway.model.event import Clearing, FaultChanged
from gateway.model.transaction import Transaction


def test_nothing_is_bought_for_minutes_and_the_fault_comes_and_goes(at_home):
    """Above 24 C the simulated pump refuses to start, whoever commands."""
    house = {"load_w": 300, "temperature_c": 25.0, "outside_c": 25.0, "solar_w": 0}
    devices = {"heatpump": {"price_cap": 0.5, "limits": {}}, "battery": None}

    async def script(home):
        await home.pass_time(240, step_s=1.0)
        return home.facts

    facts = at_home(script, house, devices=devices)
    faults = [f.active for f in facts if isinstance(f, FaultChanged) and f.device == "heatpump"]
    bought = [f for f in facts if isinstance(f, Transaction) and f.party == "heatpump"]
    idle = [f for f in facts if isinstance(f, Clearing) and f.quantity == 0 and not f.scheduled]
    assert faults == [True, False]
    assert len({t.interval.start for t in bought if t.side == "BUY"}) <= 3
    assert len(idle) <= 3
