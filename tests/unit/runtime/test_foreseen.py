"""What agents are shown of a future interval."""

from dataclasses import replace

import pytest

from gateway.forecast.condensed import condensed
from gateway.market.positions import Positions
from gateway.model.ahead import Ahead
from gateway.model.device import Capabilities, Control, DeviceState
from gateway.model.outlook import Outlook, Scenario
from gateway.model.product import Product
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import HOUR, MINUTE, Duration, Instant, Interval
from gateway.runtime.bidding import gate_for
from gateway.runtime.foreseen import covers, foreseen, meanwhile

NOON = Instant(1000 * HOUR)
QUARTER = Duration(15 * MINUTE)
HOURLY = Product(
    id="hourly", resource=POWER, unit="W", interval=Duration(HOUR),
    ahead=Ahead(horizon=Duration(24 * HOUR), every=QUARTER, least=100),
)  # fmt: skip
OUTLOOK = Outlook(
    start=NOON,
    step=QUARTER,
    import_price=(0.3,) * 4 + (0.1, 0.2, 0.3, 0.4),
    export_price=(0.05,) * 8,
    scenarios=(
        Scenario(weight=0.75, residual_w=(0.0,) * 4 + (-1000.0,) * 4),
        Scenario(weight=0.25, residual_w=(0.0,) * 4 + (1000.0,) * 4),
    ),
    sun_w=(0.0,) * 4 + (3000.0,) * 4,
)
NEXT = Interval(Instant(NOON + HOUR), Instant(NOON + 2 * HOUR))


def view(name, state=DeviceState.ONLINE, control=Control.LIMIT, rating_w=None, soc_pct=None):
    return DeviceView(
        id=name,
        state=state,
        capabilities=Capabilities(control=control, rating_w=rating_w),
        since=NOON,
        reading=Reading(device=name, at=NOON, flows={POWER: -70.0}, soc_pct=soc_pct),
    )


def site(*views):
    return Snapshot(at=NOON, devices={one.id: one for one in views}, residual_w=444.0)


def test_prices_and_the_residual_are_means_of_the_interval():
    seen = foreseen(site(), OUTLOOK, NEXT)
    assert seen.import_price == pytest.approx(0.25)
    assert seen.export_price == pytest.approx(0.05)
    assert seen.residual_w == pytest.approx(-500.0)


def test_roofs_share_the_sun_by_their_nameplates_and_the_load_is_what_is_drawn_without_it():
    east = view("east", rating_w=2000.0)
    west = view("west", DeviceState.SLEEPING, rating_w=1000.0)
    seen = foreseen(site(east, west), OUTLOOK, NEXT)
    assert seen.devices["east"].reading.available_w == pytest.approx(2000.0)
    assert seen.devices["west"].reading.available_w == pytest.approx(1000.0)
    assert seen.devices["west"].state is DeviceState.ONLINE
    assert seen.residual_w == pytest.approx(2500.0)


def test_a_roof_that_is_away_or_takes_no_limit_stays_in_the_residual():
    away = view("away", DeviceState.OFFLINE)
    plain = view("plain", control=Control.NONE)
    seen = foreseen(site(away, plain), OUTLOOK, NEXT)
    assert seen.devices == {}
    assert seen.residual_w == pytest.approx(-500.0)


def test_a_storage_and_a_steered_load_stand_there_as_they_are():
    battery = view("battery", control=Control.TARGET, soc_pct=40.0)
    battery = replace(battery, quality=battery.reading.quality)
    heat = view("heat", control=Control.TARGET)
    seen = foreseen(site(battery, heat), OUTLOOK, NEXT)
    assert seen.devices == {"battery": battery, "heat": heat}


def test_what_is_traded_until_then_is_told_in_watt_hours():
    positions = Positions("power")
    positions.add("battery", Interval(NOON, Instant(NOON + HOUR // 2)), 1000)
    positions.add("battery", Interval(Instant(NOON + HOUR // 2), NEXT.end), -600)
    assert meanwhile(positions, HOURLY, NOON, NEXT.start) == {"battery": (500.0, 300.0)}
    assert meanwhile(positions, HOURLY, NEXT.start, NEXT.start) == {}


def test_only_what_lies_in_the_outlook_is_foreseen():
    assert covers(OUTLOOK, NEXT)
    assert not covers(OUTLOOK, Interval(NEXT.start, Instant(NEXT.end + 1)))
    assert not covers(OUTLOOK, Interval(Instant(NOON - 1), NEXT.end))


def test_the_gate_of_a_product_that_is_not_traded_ahead_shows_the_present():
    told = NEXT, NOON, site(), Positions("power"), (), OUTLOOK
    assert gate_for(HOURLY, *told).snapshot.residual_w == pytest.approx(-500.0)
    assert gate_for(replace(HOURLY, ahead=None), *told).snapshot.residual_w == 444.0


def test_load_and_sun_add_up_in_an_outlook_that_was_made_small():
    sun_w = (0.0,) * 22 + (3000.0,) * 6
    residual_w = tuple(600.0 - one for one in sun_w)
    made = Outlook(
        start=NOON,
        step=QUARTER,
        import_price=(0.3,) * 28,
        export_price=(0.05,) * 28,
        scenarios=(Scenario(weight=1.0, residual_w=residual_w),),
        sun_w=sun_w,
    )
    small = condensed(made)
    for number in range(28):
        start = Instant(NOON + number * QUARTER)
        seen = foreseen(site(view("roof")), small, Interval(start, Instant(start + QUARTER)))
        assert seen.residual_w == pytest.approx(600.0)
