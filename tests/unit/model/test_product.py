"""The only converter between real numbers and the market's integers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.product import Product
from gateway.model.resource import POWER, is_resource
from gateway.model.tender import Side
from gateway.model.time import HOUR, MILLISECOND, SECOND, Duration, Instant, Interval
from gateway.model.transaction import Transaction


def product(**terms):
    return Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND), **terms)


@pytest.mark.parametrize(
    ("real", "integer"),
    [(0.30, 3000), ("0.30005", 3000), ("0.30015", 3002), (-1, -10000), (0.08, 800)],
)
def test_a_price_is_rounded_half_even_to_the_tick(real, integer):
    assert product().price(Decimal(str(real))) == integer


def test_a_coarse_tick_is_kept():
    assert product(tick=50).price(0.3061) == 3050


@given(st.integers(-10_000, 20_000))
def test_real_prices_are_exact(integer):
    assert product().price(product().real_price(integer)) == integer


@given(st.floats(0, 1e6), st.sampled_from([1, 10, 100]))
def test_quantities_are_whole_lots_never_more_up_never_less_down(real, lot):
    terms = product(lot=lot)
    down, up = terms.quantity_down(real), terms.quantity_up(real)

    assert down % lot == up % lot == 0
    assert down <= real + 1e-6
    assert up >= real - 1e-6
    assert up - down in {0, lot}


def test_a_scaled_quantity_is_converted_by_the_product_alone():
    deciwatts = product(quantity_scale=-1)

    assert deciwatts.quantity_down(2.35) == 23
    assert deciwatts.real_quantity(23) == 2.3


@given(st.integers(0, 10**15))
def test_every_instant_lies_in_its_interval_and_the_next_follows(ns):
    terms, instant = product(offset=Duration(3 * SECOND)), Instant(ns)
    interval = terms.interval_at(instant)

    assert instant in interval
    assert terms.is_on_grid(interval)
    assert terms.next_interval(instant).start == interval.end


def test_the_gate_closes_before_delivery():
    interval = product().interval_at(Instant(25 * SECOND))

    assert product().gate(interval) == interval.start - 500 * MILLISECOND


def test_money_is_exact_inside_and_rounded_in_a_statement_only():
    interval = Interval(Instant(0), Instant(HOUR))
    bought = Transaction(
        id="t", product="power", party="p", counter_party="home", tender="1",
        side=Side.BUY, price=3000, quantity=1000, interval=interval, clearing=1,
    )  # fmt: skip

    assert product().money(bought.money) == Decimal("0.300000")
    assert bought.signed == 1000


@pytest.mark.parametrize(
    ("token", "known"),
    [("POWER", True), ("x-HEAT", True), ("x-", False), ("HEAT", False), ("", False)],
)
def test_resources_are_cts_designators_or_extensions(token, known):
    assert is_resource(token) is known
