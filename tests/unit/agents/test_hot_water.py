"""What hot water pays: as stored heat, for a rise that comes due, for a wish."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import SteppedLoad
from gateway.agents.warmth import ahead
from gateway.model.comfort import Climate, Comfort, Tank
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.model.wish import Errand, Wish, WishMode

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
WATER = Tank(litres=300, rise_c=60)
TANK = Comfort(wish_c=48.75, low_c=45, high_c=60, tank=WATER)
TOLD = {"rating_w": 3000.0}
NIGHT = [0.15] * 6 + [0.30] * 18
DAY = [0.30] * 10 + [0.15] * 6 + [0.30] * 20


def outlook(prices, residual_w=500.0):
    return Outlook(
        start=NOON,
        step=Duration(HOUR),
        import_price=tuple(prices),
        export_price=(0.08,) * len(prices),
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * len(prices)),),
    )


@pytest.fixture
def wanted(make_gate, make_view, make_device):
    """(price, quantity) of each BUY."""

    def of(now_c, *, ahead=None, rise_h=None, told=TOLD, errand=None, cap=None):
        rise_by = None if rise_h is None else Instant(NOON + rise_h * HOUR)
        climate = Climate(comfort=TANK, temperature_c=now_c, thermal=WATER.thermal, rise_by=rise_by)
        device = make_device("boiler", "heat", price_cap=cap, comfort=TANK)
        gate = make_gate(
            make_view("boiler", 0.0, told=told, climate=climate, errand=errand),
            interval=Interval(NOON, Instant(NOON + 10 * SECOND)),
        )
        tenders = SteppedLoad(device=device).tenders(replace(gate, outlook=ahead))
        return [(one.price / 10_000, one.quantity) for one in tenders if one.quantity]

    return of


def price(tenders):
    ((found, quantity),) = tenders
    assert quantity == 3000
    return found


def test_a_rod_is_bought_in_any_part_and_one_with_stages_whole(wanted, make_gate):
    assert [lots for _, lots in wanted(44.0)] == [3000]
    staged = {"rating_w": 3000.0, "stages_w": (1500.0, 3000.0)}
    assert [lots for _, lots in wanted(44.0, told=staged)] == [1500, 1500]


def test_below_its_lowest_temperature_any_price_up_to_its_cap_is_paid(wanted):
    assert price(wanted(44.9, ahead=outlook(NIGHT))) == 1.9999
    assert price(wanted(44.9, ahead=outlook(NIGHT), cap=0.4)) == 0.4


def test_at_its_highest_nothing_is_bought_whatever_comes_due(wanted):
    now = Errand(wish=Wish(mode=WishMode.NOW), made=NOON)
    assert wanted(60.0, ahead=outlook(NIGHT), rise_h=1, errand=now) == []


def test_cheap_hours_fill_it_and_dear_ones_before_them_do_not(wanted):
    assert price(wanted(50.0, ahead=outlook(NIGHT))) > 0.15
    assert price(wanted(50.0, ahead=outlook(DAY))) < 0.30


def test_surplus_is_stored(wanted):
    noon = Scenario(weight=1.0, residual_w=(-4000.0,) * 4 + (500.0,) * 32)
    sunny = replace(outlook([0.30] * 36), scenarios=(noon,))
    assert 0.08 < price(wanted(50.0, ahead=sunny)) < 0.30


def test_without_an_outlook_it_pays_the_tariff_a_quarter_up_and_less_above(wanted):
    assert price(wanted(48.75)) == pytest.approx(0.30)
    assert price(wanted(59.99)) == pytest.approx(0.08, abs=0.001)


def test_a_rise_that_is_due_is_paid_for_at_any_price(wanted):
    # 10 K of 300 l are 3.5 kWh, 1.16 h.
    assert price(wanted(50.0, ahead=outlook([0.9] * 36), rise_h=1.2)) == 1.9999
    assert price(wanted(50.0, rise_h=1.2)) == 1.9999


def test_a_rise_waits_for_the_cheapest_hours_before_it_is_due(wanted):
    assert price(wanted(52.0, ahead=outlook(DAY), rise_h=20)) < 0.30
    cheap = outlook([0.10] + [0.30] * 35)
    # 10 K are more than the cheap hour can give.
    assert price(wanted(50.0, ahead=cheap, rise_h=20)) == 0.30


def test_a_rise_that_nobody_can_foresee_yet_changes_nothing(wanted):
    dear = outlook([0.30] * 36)
    assert wanted(52.0, ahead=dear, rise_h=60) == wanted(52.0, ahead=dear)


def test_a_wish_comes_on_top(wanted):
    now = Errand(wish=Wish(mode=WishMode.NOW), made=NOON, left_wh=3000)
    assert price(wanted(55.0, ahead=outlook(DAY), errand=now)) == 1.9999
    done = replace(now, left_wh=0)
    assert price(wanted(55.0, ahead=outlook(DAY), errand=done)) < 0.30


@given(st.floats(48.0, 59.0), st.floats(0.05, 0.6))
def test_at_a_price_that_never_changes_it_never_heats_ahead(now_c, at_price):
    flat = outlook([at_price] * 36)
    assert ahead(flat, TANK, WATER.thermal, 3000.0, now_c) < at_price
