"""Streams and alternatives: several intervals in one call, and at most one of several."""

import json

from gateway.market.market import Market
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, Cancelled, CancelReason, Refused
from gateway.model.tender import Party, TenderSet
from gateway.model.terms import Purpose, TermRule
from gateway.model.time import SECOND, Instant
from gateway.model.transaction import Transaction
from tests.unit.market.conftest import NOON, Floor, T, buy, interval, product, sell

EARLY = Instant(NOON - 5 * SECOND)


def one(number, *tenders, party="guest"):
    return TenderSet(party=party, product="power", interval=interval(number), tenders=tenders)


def stream(name, *steps, party="guest"):
    """A BUY stream of (quantity, price) from the first interval on."""
    return [
        one(k, buy(f"{name}.{k}", quantity, price, stream=name), party=party)
        for k, (quantity, price) in enumerate(steps)
    ]


def submit(floor, sets):
    first, *more = sets
    return floor.market.submit(first, EARLY, *more)


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_all_intervals_of_a_stream_are_taken(floor):
    events = submit(floor, stream("day", (100, 60), (200, 50)))

    assert [one.orders[0][0] for one in of(Accepted, events)] == ["day.0", "day.1"]
    assert [found.interval for found in floor.market.live_sets("guest")] == [
        interval(0),
        interval(1),
    ]


def test_one_bad_interval_refuses_the_whole_stream(floor):
    events = submit(floor, stream("day", (100, 60), (200, 50_000)))

    assert [type(event) for event in events] == [Refused]
    assert floor.market.live_sets("guest") == ()


def test_stream_beyond_the_budget_of_open_tenders_is_refused_whole(floor):
    (event,) = submit(floor, stream("day", *[(100, 60)] * 6))  # guest may have five

    assert (event.code, event.term) == (422, "maxOpenTenders")
    assert floor.market.live_sets("guest") == ()


def test_same_stream_again_is_answered_again_and_another_of_its_name_is_not(floor):
    first = submit(floor, stream("day", (100, 60), (200, 50)))

    assert submit(floor, stream("day", (100, 60), (200, 50))) == first
    (event,) = submit(floor, stream("day", (100, 60), (200, 50), (1, 1)))
    assert event.code == 409


def test_two_sets_for_one_interval_are_refused(floor):
    (event,) = submit(floor, [one(0, buy("a", 1, 1)), one(0, buy("b", 1, 1))])

    assert (event.code, event.term) == (422, "interval")


def test_id_of_a_stream_cancels_what_is_left_of_it(floor):
    submit(floor, stream("day", (100, 60), (200, 50), (300, 40)))
    floor.submit("roof", sell("s", 100, 10))
    floor.gate(0)

    events = floor.market.cancel("guest", ("day",), Instant(NOON + SECOND))

    assert [(e.tender, e.remaining) for e in events] == [("day.1", 200), ("day.2", 300)]
    assert of(Refused, floor.market.cancel("guest", ("day",), Instant(NOON + SECOND)))


def test_stream_survives_a_restart(floor):
    submit(floor, stream("day", (100, 60), (200, 50)))
    dump = json.loads(json.dumps(floor.market.dump()))
    again = Market.load(floor.market.product, "home", 8, floor.market.parties, dump)

    assert again.live_sets("guest") == floor.market.live_sets("guest")
    assert len(again.cancel("guest", ("day",), EARLY)) == 2
    assert again.dump()["books"][0]["interval"] == dump["books"][0]["interval"]


def alternatives(*tenders):
    return [one(k, tender) for k, tender in enumerate(tenders)]


def test_first_fill_withdraws_the_alternatives_in_other_intervals(floor):
    submit(
        floor,
        alternatives(buy("now", 100, 60, exclusive="r"), buy("later", 100, 60, exclusive="r")),
    )
    floor.submit("roof", sell("s", 30, 10))

    events = floor.gate(0)

    assert [(m.tender, m.quantity) for m in of(Transaction, events) if m.party == "guest"] == [
        ("now", 30)
    ]
    assert [(e.tender, e.reason) for e in of(Cancelled, events)] == [
        ("later", CancelReason.SUPERVISORY)
    ]
    assert [t.quantity for one in floor.market.live_sets("guest") for t in one.tenders] == [70]


def test_alternative_that_was_not_filled_leaves_the_others_alone(floor):
    submit(
        floor,
        alternatives(buy("now", 100, 60, exclusive="r"), buy("later", 100, 60, exclusive="r")),
    )

    assert of(Cancelled, floor.gate(0)) == []
    floor.submit("roof", sell("s", 100, 10), interval=interval(1), now=NOON)
    trades = of(Transaction, floor.gate(1))
    assert {match.tender for match in trades if match.party == "guest"} == {"later"}


def test_of_two_alternatives_in_the_money_the_one_with_the_larger_surplus_trades(floor):
    floor.submit("roof", sell("x", 100, 50))
    floor.submit("battery", sell("y", 100, 60))
    floor.submit("guest", buy("a", 100, 200, exclusive="r"), buy("b", 100, 90, exclusive="r"))

    events = floor.gate(0)

    (clearing,) = of(Clearing, events)
    assert (clearing.price, clearing.quantity) == (55, 100)  # the page's example
    assert {(m.party, m.tender) for m in of(Transaction, events)} == {("guest", "a"), ("roof", "x")}
    assert [event.tender for event in of(Cancelled, events)] == ["b"]


def test_alternatives_survive_a_restart(floor):
    floor.submit("guest", buy("a", 100, 200, exclusive="r"), buy("b", 100, 90, exclusive="r"))
    floor.submit("roof", sell("x", 500, 50))
    dump = json.loads(json.dumps(floor.market.dump()))
    again = Market.load(floor.market.product, "home", 8, floor.market.parties, dump)

    events = again.advance(Instant(NOON - SECOND // 2))

    assert {m.tender for m in of(Transaction, events) if m.party == "guest"} == {"a"}


def test_tender_that_only_waits_is_refused_if_it_would_trade():
    floor = Floor(execution_instructions="G6", mechanism="order-book")
    floor.submit("roof", sell("s", 100, 50))

    (crossing,) = floor.submit("guest", buy("a", 100, 50, instructions="6"))
    (waiting,) = floor.submit("guest", buy("b", 100, 49, instructions="6"))

    assert (crossing.code, crossing.term) == (422, "executionInstructions")
    assert isinstance(waiting, Accepted)


def test_instruction_that_the_product_does_not_list_is_refused(floor):
    (event,) = floor.submit("guest", buy("a", 100, 50, instructions="G"))

    assert (event.code, event.term) == (422, "executionInstructions")


def test_ids_of_a_further_market_end_in_its_product_also_after_a_restart():
    market = Market(product(), area="home", epoch=7, parties=[Party(id="guest")], tag="water")
    (event,) = market.submit(one(0, buy("a", 1, 1)), EARLY)
    again = Market.load(product(), "home", 8, [Party(id="guest")], market.dump())
    (later,) = again.submit(one(0, buy("b", 1, 1)), EARLY)

    assert event.orders == (("a", "home-o-7-1.water"),)
    assert later.orders == (("b", "home-o-8-2.water"),)


def test_intervals_of_a_stream_count_as_one_block_for_rules_of_its_length():
    rule = TermRule(purpose=Purpose.MINIMUM, term="minimumResponseDuration", value=2 * T)
    floor = Floor(rules=(rule,))

    (short,) = submit(floor, stream("one", (1, 1)))
    assert short.term == "minimumResponseDuration"
    assert len(submit(floor, stream("two", (1, 1), (1, 1)))) == 2
