"""What the tariff is now, and when it is unknown."""

import math

from gateway.model.site import FixedPrice, PriceTable, Tariff, TopicPrice
from gateway.model.time import Instant
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
