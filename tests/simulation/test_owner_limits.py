"""Limits the owner sets while the gateway runs, judged by the devices."""

from gateway.model.limit import CONNECTION, LimitKey
from gateway.model.request import LimitRequest
from gateway.model.time import parse_rfc3339
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
QUIET = {"load_w": 300, "temperature_c": 21.2}
NO_HEAT = {"heatpump": None}


def wish(device, key, value):
    return LimitRequest(device=device, key=key, value=float(value))


def test_a_reserve_above_the_charge_stops_the_discharge_within_seconds(at_home):
    async def script(home):
        await home.pass_time(40)
        before = home.house.truth()["battery_w"]
        await home.gateway.limit(wish("battery", LimitKey.MIN_SOC_PCT, 80))
        await home.pass_time(5)
        return before, home.house.truth()["battery_w"]

    house = {**QUIET, "load_w": 1500, "solar_w": 0, "battery_soc_pct": 60}
    before, after = at_home(script, house, devices=NO_HEAT)
    assert before < -1000
    assert abs(after) < 10


def test_an_export_limit_set_to_nothing_curtails_the_roof_and_loosened_frees_it(at_home):
    async def script(home):
        await home.pass_time(40)
        found = [home.house.truth()["grid_w"]]
        for limit_w in (0, 5000):
            await home.gateway.limit(wish(CONNECTION, LimitKey.EXPORT_LIMIT_W, limit_w))
            await home.pass_time(30)
            found.append(home.house.truth()["grid_w"])
        return found

    house = {**QUIET, "solar_w": 4000, "battery_soc_pct": 100}
    before, tight, loose = at_home(script, house, grid={"export_limit_w": 5000}, devices=NO_HEAT)
    assert before < -3000
    assert abs(tight) <= 60
    assert loose < -3000


def test_a_roof_limited_by_its_owner_alone_keeps_to_it_without_any_site_limit(at_home):
    async def script(home):
        await home.pass_time(40)
        before = home.house.truth()["roof_w"]
        await home.gateway.limit(wish("roof", LimitKey.MAX_W, 1500))
        await home.pass_time(20)
        return before, home.house.truth()["roof_w"]

    house = {**QUIET, "solar_w": 4000, "battery_soc_pct": 100}
    before, after = at_home(script, house, grid={"import_limit_w": None}, devices=NO_HEAT)
    assert before < -3900
    assert -1510 <= after <= -1400


def test_a_wish_outside_a_changed_configuration_is_bounded_by_it_and_bites_again_after(
    tmp_path, virtual
):
    """The configuration is the outermost bound, whatever was wished under another one."""

    async def life(limit_w, wished_w=None):
        house = {**QUIET, "solar_w": 4000}
        grid = {"import_limit_w": limit_w}
        async with open_home(tmp_path, NOON, house, grid=grid, devices=NO_HEAT) as home:
            await home.pass_time(5)
            if wished_w is not None:
                await home.gateway.limit(wish(CONNECTION, LimitKey.IMPORT_LIMIT_W, wished_w))
            return home.gateway.beside.limits.site.limits.import_w

    assert virtual(life(17_000, 9_000)) == 9_000
    assert virtual(life(6_000)) == 6_000
    assert virtual(life(None)) is None
    assert virtual(life(17_000)) == 9_000


def test_a_wish_wider_than_the_configuration_is_refused(at_home):
    async def script(home):
        await home.pass_time(5)
        for refused in (
            wish(CONNECTION, LimitKey.IMPORT_LIMIT_W, 17_001),
            wish("battery", LimitKey.MIN_SOC_PCT, 9),
            wish("battery", LimitKey.MIN_SOC_PCT, 100),
            wish("grid", LimitKey.MAX_W, 100),
            wish("nobody", LimitKey.MAX_W, 100),
        ):
            before = home.gateway.beside.limits.site
            await home.gateway.limit(refused)
            assert home.gateway.beside.limits.site == before, refused

    at_home(script, QUIET, devices=NO_HEAT)
