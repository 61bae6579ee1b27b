"""What the tariff is now, and when it is unknown."""

import math

from gateway.adapters.calendar_prices import read_prices
from gateway.model.site import CalendarPrice, FixedPrice, PriceTable, Tariff, TopicPrice
from gateway.model.time import HOUR, Instant, Interval
from gateway.runtime.prices import Prices

NOW = Instant(50)


def test_a_fixed_price_holds_for_ever():
    tariff = Tariff(import_price=FixedPrice(value=0.3), export_price=FixedPrice(value=-0.1))
    assert Prices(tariff).now(NOW) == (0.3, -0.1)


def test_a_table_holds_from_its_first_step_and_is_unknown_before():
    table = PriceTable(steps=((Instant(10), 0.2), (Instant(50), 0.4)))
    prices = Prices(Tariff(import_price=table))
    assert [prices.now(Instant(t))[0] for t in (9, 10, 49, 50, 999)] == [None, 0.2, 0.2, 0.4, 0.4]


def test_a_topic_is_unknown_until_it_spoke_and_then_holds():
    prices = Prices(Tariff(import_price=TopicPrice(topic="a"), export_price=TopicPrice(topic="b")))
    assert prices.topics == ("a", "b")
    assert prices.now(NOW) == (None, None)
    prices.hear("a", 0.25)
    assert prices.now(NOW) == (0.25, None)


def test_what_is_no_number_is_no_price():
    prices = Prices(Tariff(import_price=TopicPrice(topic="a")))
    prices.hear("a", 0.25)
    for nonsense in (math.nan, math.inf):
        prices.hear("a", nonsense)
    assert prices.now(NOW)[0] == 0.25


def test_one_topic_for_both_prices_is_subscribed_to_once():
    both = TopicPrice(topic="a")
    assert Prices(Tariff(import_price=both, export_price=both)).topics == ("a",)


def test_what_is_known_ahead_begins_now_and_changes_where_the_tariff_does():
    table = PriceTable(steps=((Instant(10), 0.2), (Instant(50), 0.4), (Instant(90), 0.6)))
    calendar = CalendarPrice(
        file="tariff.ics",
        text=(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nSUMMARY:0.1\nDTSTART:19700101T000000Z\n"
            "DTEND:19700101T010000Z\nEND:VEVENT\nEND:VCALENDAR\n"
        ),
        zone="UTC",
    )
    prices = Prices(Tariff(import_price=table, export_price=calendar), read_prices)
    assert prices.now(Instant(HOUR - 1)) == (0.6, 0.1)
    assert prices.now(Instant(HOUR)) == (0.6, None)
    assert prices.ahead(Interval(Instant(20), Instant(90)))[0] == ((20, 0.2), (50, 0.4))
    hours = Interval(Instant(0), Instant(2 * HOUR))
    assert prices.ahead(hours)[1] == ((0, 0.1), (HOUR, None))
