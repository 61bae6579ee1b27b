"""Under an export limit of 0: a battery that charges, and strangers who buy what nobody uses."""

import pytest

from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant

NO_EXPORT = {"export_limit_w": 0}
NO_HEAT = {"heatpump": None}


def house(**more):
    return {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 50, **more}


@pytest.mark.parametrize("sun_w", [1500, 2443, 4000, 7000])
def test_a_charging_battery_takes_the_surplus_and_nothing_from_the_grid(at_home, sun_w):
    async def script(home):
        await home.pass_time(60)
        start = home.clock.now()
        await home.pass_time(120)
        return [truth["grid_w"] for _, truth in home.since(start)]

    grid = at_home(script, house(solar_w=sun_w), grid=NO_EXPORT, devices=NO_HEAT)
    assert sum(grid) / len(grid) < 45
    assert max(grid) < 100
    assert min(grid) > -60


@pytest.mark.parametrize("phase", [0.0, 0.4, 0.8])
def test_a_gust_into_a_charging_battery_exports_little_and_briefly(at_home, phase):
    async def script(home):
        await home.pass_time(60 + phase)
        start = home.clock.now()
        home.house.set_sun(4500)
        await home.pass_time(60)
        return home.back_within(start, lambda grid: -60 < grid < 60), home.since(start)

    settled_s, trace = at_home(script, house(solar_w=1000), grid=NO_EXPORT, devices=NO_HEAT)
    assert min(truth["grid_w"] for _, truth in trace) > -150
    assert trace[-1][1]["battery_w"] > 4000
    assert settled_s < 30


@pytest.mark.parametrize(
    ("limit_w", "soc_pct", "bought_w"), [(0, 100, 2000), (0, 50, 2000), (1000, 50, 7000)]
)
def test_what_a_stranger_buys_and_does_not_use_is_not_exported(at_home, limit_w, soc_pct, bought_w):
    async def buy(home, number):
        product = home.gateway.marketplace.market("power").product
        now = home.clock.now()
        interval = product.next_interval(Instant(now + product.gate_lead))
        tender = Tender(id=f"t{number}", side=Side.BUY, price=9000, quantity=bought_w)
        tenders = TenderSet(party="guest", product="power", interval=interval, tenders=(tender,))
        request = SubmitTenders(party="guest", request_id=f"r{number}", tenders=tenders)
        await home.gateway.handle(request)

    async def script(home):
        await home.pass_time(32)
        start = home.clock.now()
        for number in range(6):
            await buy(home, number)
            await home.pass_time(10)
        bought = home.gateway.marketplace.market("power").positions.at("guest", home.clock.now())
        return bought, home.back_within(start, lambda grid: grid >= -limit_w - 60)

    bought, over_s = at_home(
        script,
        house(solar_w=4000, battery_soc_pct=soc_pct),
        grid={"export_limit_w": limit_w},
        devices=NO_HEAT,
        broker={"guest": True},
    )
    assert bought > 0
    assert over_s == 0
