from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import ElectricVehicle
from gateway.agents.errands import later_price
from gateway.model.device import Control, Limits
from gateway.model.outlook import Outlook, Scenario
from gateway.model.time import HOUR, MINUTE, Duration, Instant, parse_rfc3339
from gateway.model.wish import Errand, Wish, WishMode

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CAP = 19_999
LIMITS = Limits(max_w=11_040, min_w=4_140)


def outlook(prices, residual_w=500.0, export=0.08):
    count = len(prices)
    return Outlook(
        start=NOON,
        step=Duration(HOUR),
        import_price=tuple(prices),
        export_price=(export,) * count,
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * count),),
    )


def errand(left_wh=None, hours=None, *, mode=WishMode.CHEAPEST, cap=None):
    by = None if hours is None else Instant(int(NOON + hours * HOUR))
    return Errand(wish=Wish(mode=mode, price_cap=cap), made=NOON, by=by, left_wh=left_wh)


@pytest.fixture
def wanted(make_gate, make_view, make_device, steps):
    """What a car on 3 x 6..16 A tenders, (price, quantity, whole)."""

    def of(said=None, *, power_w=0.0, limits=LIMITS, price_cap=None, ahead=None, rank=0, **view):
        tariff = view.pop("tariff", {})
        device = make_device("car", "ev", limits=limits, price_cap=price_cap, rank=rank)
        seen = make_view("car", power_w, errand=said, **view)
        gate = replace(make_gate(seen, **tariff), outlook=ahead)
        tenders = ElectricVehicle(device=device).tenders(gate)
        return [(t.price, t.quantity, t.all_or_none) for t in tenders]

    return of


def test_without_a_wish_it_buys_all_it_can_below_the_price_of_must_run(wanted):
    assert wanted() == [(CAP, 4_140, True), (CAP - 1, 6_900, False)]


def test_its_price_cap_bounds_what_it_pays(wanted):
    assert wanted(price_cap=0.32) == [(3_200, 4_140, True), (3_199, 6_900, False)]


def test_one_phase_begins_at_6_amperes(wanted):
    limits = Limits(max_w=3_680, min_w=1_380)
    assert wanted(limits=limits)[0] == (CAP, 1_380, True)


def test_on_surplus_it_asks_for_its_least_first_and_for_more_once_it_charges(wanted):
    surplus = errand(mode=WishMode.SURPLUS)
    assert wanted(surplus) == [(800, 4_140, True)]
    assert wanted(surplus, power_w=4_140.0) == [(800, 4_140, True), (799, 6_900, False)]


def test_surplus_only_stays_so_when_time_is_short(wanted):
    short = errand(30_000, 1, mode=WishMode.SURPLUS)
    assert wanted(short)[0][0] == 800


def test_now_is_now_up_to_the_cap(wanted):
    assert wanted(errand(5_000, mode=WishMode.NOW, cap=0.40))[0][0] == 4_000


def test_without_an_outlook_it_takes_surplus_or_what_the_cap_allows(wanted):
    assert wanted(errand(11_000, 6)) == [(800, 4_140, True)]
    assert wanted(errand(11_000, 6, cap=0.31))[0][0] == 3_100


def test_it_must_run_when_only_just_enough_time_remains(wanted):
    need_h = 11_000 / 11_040 * 1.05 + 2 / 60
    assert wanted(errand(11_000, need_h + 0.05))[0][0] == 800
    assert wanted(errand(11_000, need_h - 0.01))[0][0] == CAP
    assert wanted(errand(11_000, need_h - 0.01, cap=0.35))[0][0] == 3_500


def test_it_pays_what_the_dearest_hour_it_needs_later_costs(wanted):
    prices = [0.40, 0.30, 0.10, 0.12, 0.40, 0.40]
    assert wanted(errand(10_000, 6), ahead=outlook(prices))[0][0] == 1_000
    assert wanted(errand(15_000, 6), ahead=outlook(prices))[0][0] == 1_200
    assert wanted(errand(30_000, 6), ahead=outlook(prices))[0][0] == 3_000


def test_hours_after_the_deadline_do_not_help(wanted):
    prices = [0.40, 0.30, 0.10, 0.05]
    assert wanted(errand(5_000, 3), ahead=outlook(prices))[0][0] == 1_000


def test_surplus_that_is_coming_costs_what_feeding_in_earns(wanted):
    sunny = outlook([0.40] * 4, residual_w=-6_000.0)
    assert wanted(errand(15_000, 4), ahead=sunny)[0][0] == 800


def test_the_cap_bounds_what_an_outlook_would_have_it_pay(wanted):
    assert wanted(errand(10_000, 6, cap=0.09), ahead=outlook([0.30] * 6))[0][0] == 900


def test_all_that_was_wished_is_had(wanted):
    assert wanted(errand(0.0, 6)) == []


def test_it_asks_for_no_more_than_is_left_but_never_less_than_its_least(wanted):
    assert wanted(errand(20.0, mode=WishMode.NOW)) == [(CAP, 4_140, True), (CAP - 1, 3_060, False)]
    assert wanted(errand(1.0, mode=WishMode.NOW)) == [(CAP, 4_140, True)]


def test_inside_its_minimum_run_it_charges_on_though_the_sun_is_gone(wanted):
    limits = Limits(max_w=11_040, min_w=4_140, min_run=Duration(3 * MINUTE))
    since = Instant(NOON - MINUTE)
    surplus = errand(mode=WishMode.SURPLUS)
    found = wanted(surplus, limits=limits, power_w=4_140.0, running_since=since)
    assert found == [(CAP, 4_140, True), (799, 6_900, False)]


def test_inside_its_minimum_rest_it_asks_for_nothing(wanted):
    limits = Limits(max_w=11_040, min_w=4_140, min_rest=Duration(3 * MINUTE))
    assert wanted(limits=limits, stopped_since=Instant(NOON - MINUTE)) == []


def test_nobody_plugged_in_asks_for_nothing_for_a_while(wanted):
    assert wanted(no_effect_at=Instant(NOON - MINUTE)) == []


def test_a_charger_that_only_tells_is_not_tendered_for(wanted):
    assert wanted(control=Control.NONE) == []


def test_one_that_goes_after_another_pays_a_tick_less(wanted):
    assert wanted(price_cap=0.32, rank=1)[0][0] == 3_199


def test_a_charger_in_stages_buys_those_and_asks_for_more_once_it_charges(wanted):
    told = {"stages_w": (4_140.0, 5_520.0, 6_900.0)}
    surplus = errand(mode=WishMode.SURPLUS)
    assert wanted(surplus, told=told) == [(800, 4_140, True)]
    assert wanted(surplus, told=told, power_w=4_140.0) == [
        (800, 4_140, True), (799, 1_380, True), (798, 1_380, True),
    ]  # fmt: skip


@given(
    st.lists(st.integers(-20, 60), min_size=1, max_size=24),
    st.integers(100, 100_000),
    st.integers(-12_000, 4_000),
)
def test_more_left_to_do_never_pays_less(prices, left_wh, residual_w):
    ahead = outlook([p / 100 for p in prices], residual_w=float(residual_w))
    gate = type("At", (), {"interval": type("In", (), {"end": NOON})})
    less = later_price(ahead, gate, errand(left_wh, 24), 11_040)
    more = later_price(ahead, gate, errand(left_wh * 1.5, 24), 11_040)
    assert more >= less
