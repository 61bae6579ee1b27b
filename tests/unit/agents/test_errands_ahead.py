"""What loads with an errand state for an interval that is traded ahead."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.agents import ElectricVehicle, ShiftableLoad, SteppedLoad
from gateway.model.ahead import Ahead
from gateway.model.outlook import Outlook, Scenario
from gateway.model.programme import programme_of
from gateway.model.time import HOUR, MINUTE, Duration, Instant, Interval, parse_rfc3339
from gateway.model.wish import Errand, Wish, WishMode

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CHEAP, DEAR = 0.10, 0.30
CAP = 19_999
TERMS = Ahead(horizon=Duration(24 * HOUR), every=Duration(15 * MINUTE), least=100)


def outlook(*prices, residual_w=500.0):
    return Outlook(
        start=NOON,
        step=Duration(HOUR),
        import_price=prices,
        export_price=(0.05,) * len(prices),
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * len(prices)),),
    )


def errand(kwh, hours=None, mode=WishMode.CHEAPEST, **more):
    by = None if hours is None else Instant(NOON + hours * HOUR)
    return Errand(wish=Wish(mode=mode), made=NOON, by=by, left_wh=kwh and kwh * 1000, **more)


@pytest.fixture
def stated(make_gate, make_view, make_device, product):
    """(price, quantity) for the hour that begins ``at`` hours after noon."""
    hourly = replace(product, interval=Duration(HOUR), ahead=TERMS)

    def of(said, at, ahead=None, drawn_wh=0.0, kind="ev", stages=True, **more):
        told = {"rating_w": 11_000.0, "floor_w": 4_000.0}
        if kind != "ev":
            told = {"stages_w": (1_000.0, 2_000.0)} if stages else {"rating_w": 2_000.0}
        device = make_device("it", kind, **more)
        start = Instant(NOON + at * HOUR)
        gate = make_gate(
            make_view("it", 0.0, told=told, errand=said),
            product=hourly,
            interval=Interval(start, Instant(start + HOUR)),
        )
        gate = replace(gate, outlook=ahead, meanwhile={"it": (drawn_wh, 0.0)})
        if device.programme:
            agent = ShiftableLoad(device=device, programme=device.programme)
        else:
            agent = ElectricVehicle(device=device) if kind == "ev" else SteppedLoad(device=device)
        return [(one.price, one.quantity) for one in agent.tenders(gate) if not one.all_or_none]

    return of


def test_a_car_pays_for_each_part_what_having_it_later_would_cost(stated):
    """20 kWh and a margin by six: 11 kWh in one cheap hour later, the rest only in dear ones."""
    ahead = outlook(DEAR, CHEAP, CHEAP, DEAR, DEAR, DEAR)
    assert stated(errand(20, 6), 1, ahead) == [(3_000, 4_000), (2_999, 6_000), (999, 1_000)]
    assert stated(errand(20, 6), 0, ahead) == [(1_000, 4_000), (999, 7_000)]


def test_what_is_bought_until_then_is_not_bought_again(stated):
    ahead = outlook(CHEAP, CHEAP, CHEAP, CHEAP)
    assert stated(errand(20, 4), 1, ahead, drawn_wh=18_000.0) == [(1_000, 2_000)]
    assert stated(errand(20, 4), 2, ahead, drawn_wh=20_000.0) == []


def test_when_hardly_time_is_left_it_pays_any_price_up_to_its_cap(stated):
    ahead = outlook(CHEAP, DEAR, DEAR)
    assert stated(errand(30, 2), 1, ahead) == [(CAP, 4_000), (CAP - 1, 7_000)]
    assert stated(errand(30, 2), 1, ahead, price_cap=0.2) == [(2_000, 4_000), (1_999, 7_000)]


def test_a_deadline_beyond_the_outlook_makes_no_hour_the_last(stated):
    assert stated(errand(60, 12), 1, outlook(DEAR, CHEAP, DEAR)) == [(3_000, 4_000), (2_999, 7_000)]


def test_an_hour_in_which_the_deadline_lies_counts_for_its_part_and_none_after_it(stated):
    by = replace(errand(30), by=Instant(NOON + 90 * MINUTE))
    assert sum(watt for _, watt in stated(by, 1, outlook(DEAR, DEAR, DEAR))) == 5_500
    assert stated(by, 2, outlook(DEAR, DEAR, DEAR)) == []


def test_without_an_amount_or_a_wish_nothing_is_known_ahead(stated):
    assert stated(errand(None, 6), 1, outlook(CHEAP, CHEAP)) == []
    assert stated(None, 1, outlook(CHEAP, CHEAP)) == []


def test_on_surplus_it_pays_what_feeding_in_earns(stated):
    assert stated(errand(5, 6, WishMode.SURPLUS), 1, outlook(DEAR, DEAR)) == [
        (800, 4_000), (799, 1_000),
    ]  # fmt: skip


def test_a_load_with_stages_states_the_mean_of_its_highest(stated):
    ahead = outlook(CHEAP, CHEAP, DEAR)
    assert stated(errand(3, 3), 1, ahead, kind="load") == [
        (CAP, 1_000), (CAP - 1, 150), (2_999, 850),
    ]  # fmt: skip


def test_a_heater_of_any_power_states_it_in_one(stated):
    ahead = outlook(CHEAP, CHEAP, DEAR)
    assert stated(errand(2, 3), 1, ahead, kind="heat", stages=False) == [
        (CAP, 100), (3_000, 1_900),
    ]  # fmt: skip


PROGRAMME = programme_of("2000 W for 30min, 500 W for 1h")


@pytest.mark.parametrize(("at", "watt"), [(0, 0), (1, 1_000), (2, 500), (3, 0)])
def test_a_programme_with_a_start_states_what_it_draws_in_the_hour(stated, at, watt):
    start = Instant(NOON + 90 * MINUTE)
    said = replace(errand(None), start=start, by=Instant(start + PROGRAMME.takes))
    found = stated(said, at, outlook(CHEAP, CHEAP), kind="load", programme=PROGRAMME)
    assert found == ([(CAP, watt)] if watt else [])


def test_a_programme_that_looks_for_its_hour_states_nothing_until_it_has_begun(stated):
    said = errand(None, 6)
    told = {"kind": "load", "programme": PROGRAMME}
    assert stated(said, 1, outlook(CHEAP, CHEAP), **told) == []
    begun = replace(said, started=Instant(NOON + HOUR))
    assert stated(begun, 1, outlook(CHEAP, CHEAP), **told) == [(CAP, 1_250)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    prices=st.lists(st.integers(1, 60), min_size=2, max_size=12),
    kwh=st.floats(0.5, 80),
    residual_w=st.floats(-8_000, 2_000),
)
def test_hour_by_hour_it_buys_its_amount_once_and_nowhere_dearer_than_needed(
    stated, prices, kwh, residual_w
):
    """Bought at the tariff, by whoever asks no less: never more than wished, all that fits in."""
    ahead = outlook(*(price / 100 for price in prices), residual_w=residual_w)
    had_wh = 0.0
    for at, price in enumerate(prices):
        steps = stated(errand(kwh, len(prices)), at, ahead, drawn_wh=had_wh)
        assert [one for one, _ in steps] == sorted((one for one, _ in steps), reverse=True)
        had_wh += sum(watt for worth, watt in steps if worth >= price * 100)
    assert had_wh <= kwh * 1000 + 1
    assert had_wh >= min(kwh * 1000, 11_000.0 * len(prices)) - 100 - 11_000 * 0.05
