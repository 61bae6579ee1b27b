"""Numbers of an app on their way to the wire, to the safe side."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.tender import Side
from gateway.party.terms import read_terms

DOCUMENT = {
    "segmentId": "power",
    "product": {
        "resourceDesignator": "POWER",
        "resourceUnit": "W",
        "quantityScale": 0,
        "duration": "PT10S",
    },
    "currency": "EUR",
    "priceScale": -4,
    "priceUnit": "kWh",
    "tickSize": 5,
    "roundLot": 10,
    "priceFloor": -10_000,
    "priceCap": 20_000,
}
TERMS = read_terms(DOCUMENT)

prices = st.decimals(-3, 4, places=7)
quantities = st.decimals(0, 10**6, places=3)


@given(prices)
def test_price_is_on_a_tick_and_never_worse_than_said(price):
    most = TERMS.price(price, Side.BUY)
    least = TERMS.price(price, Side.SELL)
    assert most % 5 == 0
    assert least % 5 == 0
    assert Decimal(most).scaleb(-4) <= price
    assert Decimal(least).scaleb(-4) >= price
    assert most <= 20_000
    assert least >= -10_000


@given(quantities)
def test_quantity_is_whole_lots_and_never_more_than_said(quantity):
    lots = TERMS.quantity(quantity)
    assert lots % 10 == 0
    assert quantity - 10 < lots <= quantity


def test_float_means_what_it_prints():
    assert TERMS.price(0.3, Side.BUY) == TERMS.price(0.3, Side.SELL) == 3000


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="finite"):
        TERMS.price(number, Side.BUY)
    with pytest.raises(ValueError, match="finite"):
        TERMS.quantity(number)


def test_negative_quantity_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        TERMS.quantity(-1)
