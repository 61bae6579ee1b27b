"""Who has sold a right to call it: what is refused, what is let through, what silence leaves."""

import pytest

from gateway.market import Market
from gateway.model.cover import Standby
from gateway.model.membership import Allowance
from gateway.model.product import Product
from gateway.model.request import CancelTenders, SubmitTenders
from gateway.model.resource import CAPACITY, POWER
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, MINUTE, SECOND, Duration, Instant, Interval, parse_rfc3339
from gateway.runtime.register import Register
from gateway.runtime.standby import Standbys

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
QUARTER = 15 * MINUTE
GENSET = Party(id="genset")
HOURLY = Interval(Instant(NOW + HOUR), Instant(NOW + 2 * HOUR))
PRODUCTS = (
    Product(id="reserve", resource=CAPACITY, unit="W", interval=Duration(HOUR), quantity_scale=2),
    Product(id="call", resource=POWER, unit="W", interval=Duration(QUARTER)),
)


def quarter(k):
    return Interval(Instant(HOURLY.start + k * QUARTER), Instant(HOURLY.start + (k + 1) * QUARTER))


class Hall:
    """A reserve and what it may call, and a generator that may have sold it."""

    def __init__(self):
        self.markets = {p.id: Market(p, area="home", epoch=1, parties=(GENSET,)) for p in PRODUCTS}
        allowance = Allowance(stands_by=(Standby(product="call", sold="reserve"),))
        self.standbys = Standbys(self.markets, Register((GENSET,), {"genset": allowance}))

    def offers(self, watts, quarters=range(4), **more):
        for k in quarters:
            self.markets["call"].submit(stated("call", quarter(k), watts, **more), NOW)
        return self

    def sells(self, watts):
        self.markets["reserve"].positions.add("genset", HOURLY, -watts // 100)
        return self

    def asked(self, one, now=NOW):
        request = SubmitTenders(party="genset", request_id="r", tenders=one)
        return self.told(request, now)

    def cancels(self, *names, now=NOW):
        request = CancelTenders(party="genset", request_id="r", product="call", tenders=names)
        return self.told(request, now)

    def told(self, request, now):
        found = self.standbys.refusal(request, now)
        return None if found is None else (found.code.value, found.term, found.description)


def stated(product, interval, lots, name="", side=Side.SELL, netting=False, **more):
    name = name or f"{product}-{lots}-{(interval.start - NOW) // MINUTE}"
    tender = Tender(id=name, side=side, price=100, quantity=lots, **more)
    return TenderSet(
        party="genset", product=product, interval=interval, tenders=(tender,), netting=netting
    )


def test_no_more_of_the_right_is_sold_than_is_on_offer_in_the_scarcest_quarter():
    hall = Hall().offers(3000, range(3))
    code, term, why = hall.asked(stated("reserve", HOURLY, 10))
    assert (code, term) == (422, "standby")
    assert why == (
        "genset could come to have sold 1000 of reserve at 2026-06-21T13:45:00.000Z"
        " and have 0 of call on offer"
    )
    hall.offers(1000, [3])
    assert hall.asked(stated("reserve", HOURLY, 10)) is None
    assert hall.asked(stated("reserve", HOURLY, 11)) is not None


def test_what_is_on_offer_beyond_what_was_sold_may_be_taken_back_and_the_rest_not():
    hall = Hall().offers(1000).offers(500).sells(1000)
    assert hall.cancels("call-500-60") is None
    assert hall.cancels("call-1000-60")[1] == "standby"
    assert hall.cancels("call-500-60", "call-1000-75")[1] == "standby"


def test_what_was_called_needs_not_be_on_offer_and_what_is_left_stays():
    hall = Hall().offers(1000, range(1, 4)).offers(400, [0]).sells(1000)
    assert hall.cancels("call-400-60")[1] == "standby"
    assert hall.asked(stated("call", quarter(0), 10, name="more")) is None


def test_a_requirement_that_replaces_the_offer_by_less_is_refused_and_by_more_is_taken():
    hall = Hall().offers(1000, range(4), netting=True).sells(1000)
    assert hall.asked(stated("call", quarter(0), 900, netting=True))[1] == "standby"
    assert hall.asked(stated("call", quarter(0), 1100, netting=True)) is None


@pytest.mark.parametrize(
    "more", [{"all_or_none": True}, {"exclusive": "one"}, {"expiration": Instant(NOW + MINUTE)}]
)
def test_what_cannot_be_called_in_any_part_until_the_gate_does_not_count(more):
    hall = Hall().offers(1000, **more)
    assert hall.asked(stated("reserve", HOURLY, 10))[1] == "standby"


def test_an_interval_that_can_be_called_no_more_binds_nobody():
    hall = Hall().offers(1000).sells(1000)
    closed = Instant(quarter(0).start - SECOND // 4)
    assert hall.cancels("call-1000-60", now=closed) is None
    assert hall.cancels("call-1000-75", now=closed) is not None


def test_silence_leaves_on_offer_what_was_sold_and_nothing_else():
    hall = Hall().offers(1000)
    assert not hall.standbys.bound("genset", "call")
    hall.sells(1000)
    after = Interval(HOURLY.end, Instant(HOURLY.end + QUARTER))
    hall.markets["call"].submit(stated("call", after, 1000, name="after"), NOW)
    assert hall.standbys.bound("genset", "call") == {f"call-1000-{60 + 15 * k}" for k in range(4)}
    assert not hall.standbys.bound("genset", "reserve")


def test_who_has_sold_nothing_cancels_as_it_likes():
    assert Hall().offers(1000).cancels("call-1000-60") is None


@pytest.mark.parametrize("closed", ["reserve", "call"])
def test_a_product_that_has_closed_meanwhile_binds_nobody(closed):
    hall = Hall().offers(3000).sells(3000)
    del hall.markets[closed]
    if closed == "reserve":
        assert hall.cancels("call-3000-60") is None
        assert hall.standbys.bound("genset", "call") == frozenset()
    else:
        assert hall.asked(stated("reserve", HOURLY, 1)) is None
