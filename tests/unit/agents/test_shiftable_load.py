from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import ShiftableLoad
from gateway.agents.shiftable_load import _cost, worth
from gateway.model.outlook import Outlook, Scenario
from gateway.model.programme import programme_of
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.model.wish import Errand, Wish, WishMode

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
PROGRAMME = programme_of("2000 W for 30min, 0 W for 30min, 1000 W for 1h")
CAP = 19_999
TOLD = {"stages_w": (2_000.0,)}


def outlook(prices, residual_w=500.0):
    count = len(prices)
    return Outlook(
        start=NOON,
        step=Duration(HOUR),
        import_price=tuple(prices),
        export_price=(0.08,) * count,
        scenarios=(Scenario(weight=1.0, residual_w=(residual_w,) * count),),
    )


def errand(hours=None, *, mode=WishMode.CHEAPEST, started_min=None, cap=None):
    return Errand(
        wish=Wish(mode=mode, price_cap=cap),
        made=NOON,
        by=None if hours is None else Instant(NOON + hours * HOUR),
        started=None if started_min is None else Instant(NOON - started_min * MINUTE),
    )


@pytest.fixture
def wanted(make_gate, make_view, make_device):
    def of(said, *, ahead=None, price_cap=None, power_w=0.0, **view):
        device = make_device("dishes", "load", price_cap=price_cap, programme=PROGRAMME)
        gate = make_gate(
            make_view("dishes", power_w, told=TOLD, errand=said, **view),
            interval=Interval(NOON, Instant(NOON + 10 * SECOND)),
        )
        agent = ShiftableLoad(device=device, programme=PROGRAMME)
        tenders = agent.tenders(replace(gate, outlook=ahead))
        assert all(tender.all_or_none for tender in tenders)
        return [(tender.price, tender.quantity) for tender in tenders]

    return of


def test_without_a_wish_its_switch_is_bought_like_any_stage(wanted):
    assert wanted(None, price_cap=0.25) == [(2_500, 2_000)]


def test_it_begins_now_where_no_later_time_is_cheaper(wanted):
    assert wanted(errand(6), ahead=outlook([0.30] * 8)) == [(3_000, 2_000)]


def test_it_waits_for_the_cheap_hours_and_pays_no_more_meanwhile(wanted):
    ((price, quantity),) = wanted(errand(6), ahead=outlook([0.30, 0.30, 0.10, 0.10, 0.30, 0.30]))
    assert (price, quantity) == (-10_000, 2_000)


def test_in_the_cheap_hours_it_pays_more_than_they_cost(wanted):
    ((price, _),) = wanted(errand(6), ahead=outlook([0.10, 0.10, 0.30, 0.30, 0.30, 0.30]))
    assert price > 1_000


def test_its_cap_holds_also_at_the_latest_start(wanted):
    assert wanted(errand(2, cap=0.25)) == [(2_500, 2_000)]
    assert wanted(errand(2)) == [(CAP, 2_000)]


def test_the_latest_start_leaves_the_programme_and_a_little_more(wanted):
    assert wanted(errand(3), ahead=outlook([0.30] * 3 + [0.01] * 3))[0][0] < CAP
    assert wanted(errand(2), ahead=outlook([0.30] * 3 + [0.01] * 3))[0][0] == CAP


@pytest.mark.parametrize(("minutes", "quantity"), [(1, 2_000), (31, 1), (61, 1_000)])
def test_once_begun_it_goes_through_its_pauses_at_any_price(wanted, minutes, quantity):
    assert wanted(errand(6, started_min=minutes), price_cap=0.1) == [(CAP, quantity)]


def test_after_its_programme_it_wants_nothing(wanted):
    assert wanted(errand(6, started_min=121)) == []


def test_on_surplus_it_pays_what_feeding_in_earns(wanted):
    assert wanted(errand(12, mode=WishMode.SURPLUS), ahead=outlook([0.3] * 14)) == [(800, 2_000)]


def test_at_once_is_at_once(wanted):
    assert wanted(errand(mode=WishMode.NOW)) == [(CAP, 2_000)]


@given(st.lists(st.integers(1, 60), min_size=5, max_size=12))
def test_beginning_now_is_bought_exactly_when_it_is_the_cheapest(prices):
    """At the outlook's own price of now: with the best begin on a quarter of an hour."""
    ahead = outlook([p / 100 for p in prices])
    interval = Interval(NOON, Instant(NOON + 15 * MINUTE))
    gate = type("At", (), {"interval": interval})
    latest = Instant(NOON + (len(prices) - 2) * HOUR)
    now = _cost(PROGRAMME, NOON, ahead, {})
    starts = range(interval.end, latest + 1, 15 * MINUTE)
    later = min(_cost(PROGRAMME, Instant(at), ahead, {}) for at in starts)
    pays = worth(PROGRAMME, gate, ahead, latest)
    if abs(now - later) > 1e-6:
        assert (pays >= prices[0] / 100) == (now < later)


@pytest.mark.parametrize(
    ("minutes", "bought"), [(-5, [(CAP, 2_000)]), (0, [(CAP, 2_000)]), (1, [])]
)
def test_one_that_is_wished_at_a_time_begins_then_and_not_before(wanted, minutes, bought):
    start = Instant(NOON + minutes * MINUTE)
    said = replace(errand(), start=start, by=Instant(start + PROGRAMME.takes))
    assert wanted(said, ahead=outlook([0.30] * 3 + [0.01] * 3)) == bought
