"""A market goes on after a restart."""

import json

from gateway.market.market import Market
from gateway.model.event import CancelReason
from gateway.model.tender import Party
from gateway.model.time import SECOND, Instant
from tests.unit.market.conftest import NOON, buy, interval, product, sell


def restart(floor, *, epoch=8, parties=None, **terms):
    dump = json.loads(json.dumps(floor.market.dump()))
    known = floor.market.parties if parties is None else parties
    floor.market = Market.load(product(**terms), "home", epoch, known, dump)


def test_same_book_gives_the_same_price_and_numbers_go_on(floor):
    floor.gate(-1)
    floor.submit("roof", sell("s", 100, 50))
    restart(floor)
    floor.submit("load", buy("b", 60, 200))

    clearing, *transactions = floor.gate(0)

    assert (clearing.sequence, clearing.price) == (2, 50)
    assert transactions[0].id == "home-tx-8-1"
    ended = floor.market.advance(interval().end)
    assert ended[0].order == "home-o-7-1"


def test_position_and_standing_tenders_survive(floor):
    floor.require("roof", sell("s", 500, 0))
    floor.require("load", buy("l", 300, 2000))
    floor.gate()
    standing = floor.market.standing(interval())

    restart(floor)

    assert floor.market.standing(interval()) == standing
    assert floor.at(5) == {"roof": -300, "load": 300}
    _, *rest = floor.market.advance(Instant(NOON + SECOND), unscheduled=True)
    assert rest == []


def test_id_given_before_the_restart_is_still_taken(floor):
    first = floor.submit("guest", buy("t", 10, 10))
    restart(floor)

    assert floor.submit("guest", buy("t", 10, 10)) == first


def test_changed_terms_cancel_what_stood(floor):
    floor.submit("guest", buy("t", 10, 10))
    floor.require("roof", sell("s", 500, 0))

    restart(floor, tick=5)

    events = floor.market.advance(Instant(NOON - 5 * SECOND))
    assert [(e.party, e.tender, e.order, e.reason) for e in events] == [
        ("roof", "s", "home-o-7-3", CancelReason.SUPERVISORY),
        ("guest", "t", "home-o-7-1", CancelReason.SUPERVISORY),
    ]
    assert floor.market.parties_with_tenders == ()


def test_cancellations_not_yet_told_survive_another_restart(floor):
    floor.submit("guest", buy("t", 10, 10))
    restart(floor, parties=[Party(id="roof")])
    restart(floor, epoch=9, parties=[Party(id="roof")])

    (event,) = floor.market.advance(Instant(NOON - 5 * SECOND))
    assert (event.party, event.tender, event.order) == ("guest", "t", "home-o-7-1")
    assert event.reason is CancelReason.SUPERVISORY
    restart(floor, epoch=10, parties=[Party(id="roof")])
    assert floor.market.advance(Instant(NOON - 4 * SECOND)) == ()


def test_tenders_of_a_party_that_is_gone_are_cancelled(floor):
    floor.submit("guest", buy("t", 10, 10))
    floor.submit("roof", sell("s", 500, 0))

    restart(floor, parties=[Party(id="roof")])

    events = floor.market.advance(Instant(NOON - 5 * SECOND))
    assert [(e.party, e.tender) for e in events] == [("guest", "t")]
    assert floor.market.parties_with_tenders == ("roof",)


def test_expiry_is_remembered(floor):
    floor.submit("roof", sell("s", 500, 0, expiration=Instant(NOON - 2 * SECOND)))

    restart(floor)

    assert floor.market.next_deadline == NOON - 2 * SECOND


def test_dump_holds_only_integers_strings_and_lists(floor):
    floor.submit("roof", sell("s", 100, 50, all_or_none=True))
    floor.require("load", buy("b", 60, 200))
    floor.gate()

    def plain(value):
        if isinstance(value, dict):
            return all(isinstance(k, str) and plain(v) for k, v in value.items())
        if isinstance(value, list):
            return all(plain(v) for v in value)
        return value is None or type(value) in {int, str}

    assert plain(floor.market.dump())
