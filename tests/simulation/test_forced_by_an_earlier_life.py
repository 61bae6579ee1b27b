"""What an earlier life forced, and this one may not drive any more."""

from gateway.adapters.plugins import house_factories
from gateway.model.time import parse_rfc3339
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
SUNNY = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 50, "solar_w": 4000}
ACCEPTED = {"heatpump": None, "battery": {"no_timer": "accept"}}
NOT_ACCEPTED = {"heatpump": None}


def test_a_device_that_may_not_be_driven_any_more_is_let_go_of(tmp_path, virtual):
    async def main():
        clock = VirtualClock(NOON)
        house = house_factories()["demo"](clock, SUNNY)
        box = house._outlets["battery"]._box
        box.bank.put("124.InOutWRte_RvrtTms", None)
        async with open_home(tmp_path, NOON, {}, house, clock=clock, devices=ACCEPTED) as home:
            await home.pass_time(30)
            words = {n: box.bank.get(f"124.{n}") for n in ("StorCtl_Mod", "InWRte", "OutWRte")}
            record = (tmp_path / "state" / "arming" / "battery.json").read_text()
        # It was killed, and nobody released it.
        for name, value in words.items():
            box.bank.put(f"124.{name}", value)
        (tmp_path / "state" / "arming" / "battery.json").write_text(record)
        async with open_home(tmp_path, NOON, {}, house, clock=clock, devices=NOT_ACCEPTED) as home:
            await home.pass_time(30)
            return words["InWRte"], box.bank.get("124.InWRte"), house.truth()["battery_w"]

    forced_pct, left_pct, flow_w = virtual(main())
    assert forced_pct > 50
    assert left_pct == 0
    assert abs(flow_w) < 50
