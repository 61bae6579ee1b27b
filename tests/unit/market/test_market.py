"""A market through its gates: events, positions, deadlines."""

import pytest

from gateway.market.market import Market
from gateway.market.positions import Positions
from gateway.model.clearing import Clearing, ClearingType
from gateway.model.event import Cancelled
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction
from tests.unit.market.conftest import NOON, T, buy, interval, product, sell


def trades(events):
    return [
        (e.party, e.tender, e.side.value, e.quantity, e.price)
        for e in events
        if isinstance(e, Transaction)
    ]


def test_gate_returns_the_clearing_then_its_transactions(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))

    clearing, *transactions = floor.gate()

    assert isinstance(clearing, Clearing)
    assert (clearing.price, clearing.quantity, clearing.sequence) == (50, 60, 1)
    assert clearing.interval == clearing.instrument == interval()
    assert clearing.scheduled
    assert trades(transactions) == [("roof", "s", "SELL", 60, 50), ("load", "b", "BUY", 60, 50)]
    assert [t.id for t in transactions] == ["home-tx-7-1", "home-tx-7-2"]
    assert {t.counter_party for t in transactions} == {"home"}
    assert floor.at(0) == {"roof": -60, "load": 60}
    assert floor.at(-1) == floor.at(10) == {}


def test_every_gate_is_cleared_once_also_without_tenders(floor):
    floor.market.advance(Instant(NOON - 5 * SECOND))

    seen = [event for n in range(3) for event in (*floor.gate(n), *floor.gate(n))]

    assert [c.instrument for c in seen] == [interval(n) for n in range(3)]
    assert {c.type for c in seen} == {ClearingType.EMPTY}


def test_deadline_is_the_next_gate_and_at_once_before_time_is_known(floor):
    assert floor.market.next_deadline == 0

    floor.market.advance(Instant(NOON - 5 * SECOND))

    assert floor.market.next_deadline == NOON - SECOND // 2


def test_empty_clearing_refers_to_the_last_price(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 100, 50))
    floor.gate(0)

    (empty,) = floor.gate(1)

    assert (empty.price, empty.reference_price, empty.quantity) == (None, 50, 0)


def test_tender_that_expires_at_the_gate_takes_no_part(floor):
    gate = Instant(NOON - SECOND // 2)
    floor.submit("roof", sell("s", 100, 50, expiration=gate))
    floor.submit("load", buy("b", 100, 50))

    expired, clearing = floor.gate()

    assert (expired.tender, expired.reason.value, expired.remaining) == ("s", "EXPIRED", 100)
    assert clearing.quantity == 0


def test_expiry_is_a_deadline_of_its_own(floor):
    early = Instant(NOON - 3 * SECOND)
    floor.submit("roof", sell("s", 100, 50, expiration=early))

    assert floor.market.next_deadline == early
    assert [e.tender for e in floor.market.advance(early)] == ["s"]
    assert floor.market.next_deadline > early


def test_rest_of_an_increment_stays_until_its_interval_ends(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))
    floor.gate()

    assert floor.market.live_sets("roof")[0].tenders == (sell("s", 40, 50),)
    assert floor.market.live_sets("load") == ()
    assert list(floor.market.tendering(interval())) == ["roof"]
    assert list(floor.market.tendering(interval(1))) == []
    ended = [e for e in floor.market.advance(Instant(NOON + T)) if isinstance(e, Cancelled)]
    assert [(e.tender, e.reason.value, e.remaining) for e in ended] == [("s", "EXPIRED", 40)]


def test_unscheduled_auction_trades_the_rest_of_the_interval(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))
    floor.gate()
    floor.submit("battery", buy("c", 30, 70), now=NOON + 3200 * MILLISECOND)

    clearing, *rest = floor.market.advance(Instant(NOON + 3200 * MILLISECOND), unscheduled=True)

    assert not clearing.scheduled
    assert clearing.interval == Interval(Instant(NOON + 4 * SECOND), interval().end)
    assert trades(rest) == [("roof", "s", "SELL", 30, 50), ("battery", "c", "BUY", 30, 50)]
    assert (floor.at(3.9)["roof"], floor.at(4)["roof"]) == (-60, -90)


@pytest.mark.parametrize("second", [9, 9.5])
def test_no_unscheduled_auction_when_no_whole_second_is_left(floor, second):
    floor.market.advance(NOON)

    now = Instant(NOON + round(second * SECOND))
    events = floor.market.advance(now, unscheduled=True)

    assert not [e for e in events if isinstance(e, Clearing) and not e.scheduled]


def test_late_gate_covers_what_is_left(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 100, 50))

    clearing, *_ = floor.market.advance(Instant(NOON + 2500 * MILLISECOND))

    assert clearing.scheduled
    assert clearing.interval.start == NOON + 3 * SECOND


def test_long_sleep_skips_the_gates_that_are_of_no_use(floor):
    floor.gate(0)

    events = floor.market.advance(Instant(NOON + 5 * HOUR + 2 * SECOND))

    assert [c.instrument.start for c in events] == [NOON + 5 * HOUR]
    assert events[0].sequence == 2


def test_clock_set_back_does_not_stop_the_gates(floor):
    floor.gate(0)

    floor.market.advance(Instant(NOON - HOUR))

    assert floor.market.next_deadline == NOON - HOUR + T - SECOND // 2


def test_requirement_trades_only_the_difference_to_the_position(floor):
    floor.require("roof", sell("s", 500, 0))
    floor.require("load", buy("l", 300, 2000))
    floor.gate()
    floor.require("load", buy("l2", 400, 2000), now=NOON + SECOND)

    _, *rest = floor.market.advance(Instant(NOON + SECOND), unscheduled=True)

    assert trades(rest) == [("roof", "s", "SELL", 100, 0), ("load", "l2", "BUY", 100, 0)]
    assert floor.at(5) == {"roof": -400, "load": 400}


def test_withdrawn_requirement_keeps_its_position(floor):
    floor.require("roof", sell("s", 500, 0))
    floor.require("load", buy("l", 300, 2000))
    floor.gate()
    (gone,) = floor.market.cancel("roof", None, Instant(NOON + SECOND))

    floor.market.advance(Instant(NOON + SECOND), unscheduled=True)

    assert (gone.tender, gone.remaining) == ("s", 200)
    assert floor.at(5) == {"roof": -300, "load": 300}


def test_position_outside_the_requirement_must_be_traded_back(floor):
    floor.require("roof", sell("s", 500, 0))
    floor.require("utility", sell("import", 1000, 300), buy("export", 1000, 80))
    floor.gate()
    floor.require("roof", sell("s2", 100, 0), now=NOON + SECOND)

    clearing, *rest = floor.market.advance(Instant(NOON + SECOND), unscheduled=True)

    assert ("roof", "", "BUY", 400, 80) in trades(rest)
    assert clearing.price == 80
    assert floor.at(5) == {"roof": -100, "utility": 100}


def test_forward_position_stands_in_every_interval_inside(floor):
    hour = product(id="hour", interval=Duration(HOUR))
    shared = Positions("power")
    parties = floor.market.parties
    forward = Market(hour, area="home", epoch=7, parties=parties, positions=shared)
    spot = Market(product(), area="home", epoch=7, parties=parties, positions=shared)
    whole = Interval(NOON, Instant(NOON + HOUR))
    floor.market = forward
    floor.require("roof", sell("s", 500, 0), interval=whole, product="hour")
    floor.require("load", buy("l", 300, 2000), interval=whole, product="hour")
    floor.gate()
    floor.market = spot
    floor.require("roof", sell("s", 500, 0))
    floor.require("load", buy("l", 350, 2000))

    _, *rest = floor.gate()

    assert trades(rest) == [("roof", "s", "SELL", 50, 0), ("load", "l", "BUY", 50, 0)]
    assert (floor.at(5), floor.at(15)) == (
        {"roof": -350, "load": 350},
        {"roof": -300, "load": 300},
    )


def test_binding_import_limit_is_published_as_congestion(floor):
    floor.require("utility", sell("import", 1000, 300))
    floor.require("battery", sell("s", 1000, 450))
    floor.require("load", buy("l", 1500, 2000))

    clearing, *_ = floor.gate()

    assert (clearing.price, clearing.congestion) == (450, 150)


def test_binding_export_limit_is_negative_congestion(floor):
    floor.require("utility", sell("import", 1000, 300), buy("export", 500, 80))
    floor.require("roof", sell("s", 2000, 0))

    clearing, *_ = floor.gate()

    assert (clearing.price, clearing.congestion) == (0, -80)


def test_no_congestion_while_the_tariff_sets_the_price(floor):
    floor.require("utility", sell("import", 1000, 300), buy("export", 500, 80))
    floor.require("load", buy("l", 600, 2000))

    clearing, *_ = floor.gate()

    assert (clearing.price, clearing.congestion) == (300, 0)


def test_standing_tells_how_far_each_tender_is_filled(floor):
    floor.require("battery", buy("cheap", 100, 90), buy("dear", 100, 200), sell("s", 50, 400))
    floor.submit("roof", sell("pv", 150, 100), sell("rest", 10, 2000))

    floor.gate()

    standing = {s.tender_id: (s.quantity, s.filled) for s in floor.market.standing(interval())}
    assert standing == {
        "dear": (100, 100),
        "cheap": (100, 0),
        "s": (50, 0),
        "pv": (150, 100),
        "rest": (10, 0),
    }
    assert floor.market.standing(interval(1)) == ()


def test_standing_of_some_is_that_of_all_without_the_others(floor):
    floor.require("battery", buy("cheap", 100, 90), sell("s", 50, 400))
    floor.submit("roof", sell("pv", 150, 100), sell("rest", 10, 2000))
    floor.submit("load", buy("l", 70, 300))

    floor.gate()

    everybody = floor.market.standing(interval())
    some = floor.market.standing(interval(), {"battery", "roof"})
    assert some == tuple(one for one in everybody if one.party != "load")
    assert {one.party for one in some} == {"battery", "roof"}


def test_price_is_known_before_the_gate(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))

    assert floor.market.price(interval(), Instant(NOON - SECOND)) == 50
    assert floor.market.price(interval(3), Instant(NOON - SECOND)) is None


def test_unknown_mechanism_is_refused_by_name():
    with pytest.raises(ValueError, match=r"have: equilibrium, .*pay-as-bid, .*uniform-price"):
        Market(product(mechanism="lottery"), area="home", epoch=1)


def test_positions_older_than_an_hour_are_left_to_the_journal(floor):
    floor.submit("roof", sell("s", 100, 50))
    floor.submit("load", buy("b", 60, 200))
    floor.gate()

    for number in range(1, 7 * 60):
        floor.gate(number)

    assert NOON < floor.market.positions.since <= NOON + 10 * 60 * SECOND
    assert floor.market.positions.dump()["steps"] == {}


def test_gate_counts_as_held_only_once_its_market_was_told_a_later_time(floor):
    late = Instant(NOON - SECOND // 2 + 1)
    assert not floor.market.is_held(interval(), late)
    floor.gate()
    assert floor.market.is_held(interval(), late)
    assert not floor.market.is_held(interval(1), late)
