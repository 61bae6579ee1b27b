"""What is taken and what is refused, with which code and term."""

import pytest

from gateway.model.event import Accepted, Cancelled, CancelReason, Refused
from gateway.model.time import HOUR, MILLISECOND, SECOND, Instant, Interval
from tests.unit.market.conftest import NOON, Floor, T, buy, interval, sell


def outcome(events):
    """(code, detail, term) of the first event."""
    refused = events[0]
    assert isinstance(refused, Refused), refused
    assert refused.description
    return int(refused.code), refused.detail.value, refused.term


def test_accepted_set_gets_order_ids_in_sequence(floor):
    first = floor.submit("roof", sell("a", 100, 0), sell("b", 100, 5))
    second = floor.submit("load", buy("a", 100, 9))

    assert first[0].orders == (("a", "home-o-7-1"), ("b", "home-o-7-2"))
    assert second[0].orders == (("a", "home-o-7-3"),)


@pytest.mark.parametrize(
    ("tender", "term"),
    [
        (buy("t", 0, 10), "quantity"),
        (buy("t", -5, 10), "quantity"),
        (buy("t", 10**13, 10), "quantity"),
        (buy("t", 15, 10), "roundLot"),
        (buy("t", 10, 12), "tickSize"),
        (buy("t", 10, -10_005), "priceFloor"),
        (buy("t", 10, 20_005), "priceCap"),
        (buy("t", 10, 10, expiration=Instant(NOON - 5 * SECOND)), "expirationTime"),
    ],
)
def test_tender_off_the_terms_is_refused_with_the_term(tender, term):
    floor = Floor(lot=10, tick=5)

    assert outcome(floor.submit("guest", tender)) == (422, "RULES_VIOLATION", term)
    assert floor.market.parties_with_tenders == ()


def test_one_bad_tender_refuses_the_whole_set(floor):
    events = floor.submit("guest", buy("good", 10, 10), buy("bad", 0, 10))

    assert outcome(events) == (422, "RULES_VIOLATION", "quantity")
    assert floor.market.live_sets("guest") == ()


def test_unknown_party_is_not_authorised(floor):
    assert outcome(floor.submit("stranger", buy("t", 1, 1))) == (403, "NOT_AUTHORIZED", "")
    assert outcome(floor.market.cancel("stranger", None, NOON)) == (403, "NOT_AUTHORIZED", "")


def test_other_product_is_an_invalid_segment(floor):
    events = floor.submit("guest", buy("t", 1, 1), product="heat")

    assert outcome(events) == (404, "INVALID_SEGMENT", "")


@pytest.mark.parametrize(
    "off",
    [
        Interval(Instant(NOON + SECOND), Instant(NOON + SECOND + T)),
        Interval(NOON, Instant(NOON + 2 * T)),
        Interval(Instant(NOON + 49 * HOUR), Instant(NOON + 49 * HOUR + T)),
    ],
)
def test_interval_off_the_grid_or_too_far_ahead_is_no_instrument(floor, off):
    events = floor.submit("guest", buy("t", 1, 1), interval=off)

    assert outcome(events) == (404, "INVALID_INSTRUMENT", "")


def test_same_tender_again_is_answered_again(floor):
    first = floor.submit("guest", buy("t", 10, 10))

    assert floor.submit("guest", buy("t", 10, 10)) == first
    assert floor.market.live_sets("guest")[0].tenders == (buy("t", 10, 10),)


def test_same_tender_again_after_the_gate_is_answered_again(floor):
    first = floor.submit("guest", buy("t", 10, 10))
    floor.gate()

    assert floor.submit("guest", buy("t", 10, 10), now=NOON) == first


def test_same_tender_again_after_its_cancellation_is_a_duplicate(floor):
    tender = buy("t", 10, 10)
    floor.submit("guest", tender)
    floor.market.cancel("guest", ["t"], Instant(NOON - 4 * SECOND))

    refused = floor.submit("guest", tender)
    assert outcome(refused) == (409, "DUPLICATE", "")
    assert "new id" in refused[0].description


def test_same_id_with_other_content_is_a_duplicate(floor):
    floor.submit("guest", buy("t", 10, 10))

    assert outcome(floor.submit("guest", buy("t", 10, 11))) == (409, "DUPLICATE", "")
    elsewhere = floor.submit("guest", buy("t", 10, 10), interval=interval(1))
    assert outcome(elsewhere) == (409, "DUPLICATE", "")
    assert outcome(floor.submit("guest", buy("u", 1, 1), buy("u", 2, 2))) == (409, "DUPLICATE", "")


def test_id_is_free_again_when_its_interval_is_over(floor):
    floor.submit("guest", buy("t", 10, 10))
    floor.market.advance(Instant(NOON + T))

    events = floor.submit("guest", buy("t", 10, 10), now=NOON + T, interval=interval(2))

    assert isinstance(events[0], Accepted)


def test_party_would_trade_with_itself_is_refused(floor):
    floor.submit("guest", sell("s", 10, 10))

    events = floor.submit("guest", buy("b", 10, 10))

    assert outcome(events) == (422, "RULES_VIOLATION", "selfTrade")
    crossed = floor.require("battery", sell("s", 10, 10), buy("b", 10, 10))
    assert outcome(crossed) == (422, "RULES_VIOLATION", "selfTrade")


def test_more_open_tenders_than_the_budget_are_refused(floor):
    floor.submit("guest", *(buy(f"t{n}", 10, 10) for n in range(5)))

    events = floor.submit("guest", buy("one", 10, 10), interval=interval(1))

    assert outcome(events) == (422, "RULES_VIOLATION", "maxOpenTenders")


def test_replaced_set_does_not_count_against_the_budget(floor):
    floor.require("guest", *(buy(f"a{n}", 10, 10) for n in range(5)))

    events = floor.require("guest", *(buy(f"b{n}", 10, 10) for n in range(5)))

    assert isinstance(events[0], Accepted)


def test_gate_closes_for_outside_parties_at_the_lead(floor):
    gate = NOON - SECOND // 2

    assert outcome(floor.submit("guest", buy("t", 1, 1), now=gate)) == (423, "TRADING_CLOSED", "")
    in_time = floor.submit("guest", buy("t", 1, 1), now=gate - MILLISECOND)
    assert isinstance(in_time[0], Accepted)


def test_own_agents_may_revise_the_running_interval_until_its_last_second(floor):
    last = NOON + T - SECOND

    assert isinstance(floor.submit("load", buy("t", 1, 1), now=last - 1)[0], Accepted)
    assert outcome(floor.submit("load", buy("u", 1, 1), now=last)) == (423, "TRADING_CLOSED", "")


def test_new_revision_replaces_the_set_as_a_whole(floor):
    floor.require("battery", buy("a", 100, 10), sell("b", 100, 20))

    answer, *ended = floor.require("battery", buy("c", 50, 10))

    assert answer.replaced == ("a", "b")
    assert [(e.tender, e.reason, e.remaining) for e in ended] == [
        ("a", CancelReason.REQUESTED, 100),
        ("b", CancelReason.REQUESTED, 100),
    ]
    assert [t.id for s in floor.market.live_sets("battery") for t in s.tenders] == ["c"]


def test_older_revision_is_refused_and_the_same_is_answered_again(floor):
    first = floor.require("battery", buy("a", 100, 10), revision=3)

    assert floor.require("battery", buy("a", 100, 10), revision=3) == first
    assert outcome(floor.require("battery", buy("b", 1, 1), revision=3))[0] == 409
    assert outcome(floor.require("battery", buy("b", 1, 1), revision=2))[0] == 409


def test_increment_beside_a_whole_requirement_is_refused(floor):
    floor.require("battery", buy("a", 100, 10))

    events = floor.submit("battery", buy("more", 1, 1))

    assert outcome(events) == (422, "RULES_VIOLATION", "netting")


def test_requirement_replaces_increments(floor):
    floor.submit("battery", buy("a", 100, 10))

    answer, ended = floor.require("battery", buy("b", 50, 10))

    assert (answer.replaced, ended.tender) == (("a",), "a")


def test_empty_set_of_increments_is_refused(floor):
    assert outcome(floor.submit("guest")) == (422, "RULES_VIOLATION", "tenders")


def test_cancel_takes_named_tenders_out(floor):
    floor.submit("guest", buy("a", 10, 10), buy("b", 20, 10))

    events = floor.market.cancel("guest", ["b"], NOON - 5 * SECOND)

    assert [(e.tender, e.order, e.remaining) for e in events] == [("b", "home-o-7-2", 20)]
    assert isinstance(events[0], Cancelled)


def test_cancel_of_an_unknown_tender_withdraws_nothing(floor):
    floor.submit("guest", buy("a", 10, 10))

    events = floor.market.cancel("guest", ["a", "z"], NOON - 5 * SECOND)

    assert outcome(events) == (404, "INVALID_REFERENCE", "")
    assert floor.market.parties_with_tenders == ("guest",)


def test_cancel_of_all_empties_every_instrument(floor):
    floor.submit("guest", buy("a", 10, 10))
    floor.submit("guest", buy("b", 10, 10), interval=interval(1))

    events = floor.market.cancel("guest", None, NOON - 5 * SECOND, CancelReason.SUPERVISORY)

    assert [(e.tender, e.reason.value) for e in events] == [
        ("a", "SUPERVISORY"),
        ("b", "SUPERVISORY"),
    ]
    assert floor.market.parties_with_tenders == ()
    assert floor.market.cancel("guest", None, NOON) == ()
