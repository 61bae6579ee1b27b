"""A book of tenders, cleared without a daemon."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.what_if import clear, known, page, read_book, rules_of
from gateway.cli import main
from gateway.model.errors import WrongInput

MECHANISMS = tuple(known())
TICKS = {"price_min": 0, "price_max": 250, "price_tick": 1, "lot": 1}
STEPS = {"price_min": 0, "price_max": 1, "price_steps": 101, "lot": 1}


def sell(name, quantity, price, **more):
    return {"id": name, "party": name, "side": "SELL", "price": price, "quantity": quantity, **more}


def buy(name, quantity, price, **more):
    return {**sell(name, quantity, price, **more), "side": "BUY"}


def curve(name, *points):
    return {"id": name, "party": name, "curve": [list(point) for point in points]}


def outcome(tenders, mechanism="uniform-price", rule=None, product=TICKS):
    return clear(read_book(json.dumps({"product": product, "tenders": tenders})), mechanism, rule)


def awards(found):
    return {(one["id"], one["price"]): one["quantity"] for one in found["awards"]}


TWO_EACH = [sell("a", 100, 50), sell("b", 200, 120), buy("c", 150, 200), buy("d", 100, 100)]


def test_one_price_for_all_is_that_of_the_seller_who_is_partly_used():
    found = outcome(TWO_EACH)
    assert (found["price"], found["quantity"], found["type"]) == (120, 150, "MARGINAL_SELLER")
    assert awards(found) == {("a", 120): -100, ("b", 120): -50, ("c", 120): 150}
    assert found["marginal"] == ["b"]


@pytest.mark.parametrize(
    ("rule", "price"),
    [
        ("midpoint", 125),
        ("low", 50),
        ("marginal-seller", 50),
        ("high", 200),
        ("marginal-buyer", 200),
        ("gridlabd", 125),
    ],
)
def test_where_the_quantities_meet_the_rule_picks_the_price(rule, price):
    assert outcome([sell("a", 100, 50), buy("b", 100, 200)], rule=rule)["price"] == price


@pytest.mark.parametrize(
    ("more", "price"),
    [
        ([buy("left", 10, 150), sell("late", 10, 190)], 151),
        ([buy("left", 10, 90), sell("late", 10, 110)], 109),
        ([buy("left", 10, 90), sell("late", 10, 190)], 125),
    ],
)
def test_by_gridlabd_the_price_stands_a_tick_beside_a_bid_that_lies_nearer(more, price):
    found = outcome([sell("a", 100, 50), buy("b", 100, 200), *more], rule="gridlabd")
    assert (found["price"], found["quantity"]) == (price, 100)


@pytest.mark.parametrize(
    ("tenders", "price"),
    [
        ([sell("a", 100, 50), buy("b", 100, 250), buy("left", 5, 20)], 50),
        ([sell("a", 100, 50), buy("b", 100, 250), buy("left", 5, 49)], 50),
        ([sell("a", 100, 0), buy("b", 100, 200), sell("late", 5, 230)], 200),
        ([sell("a", 100, 0), buy("b", 100, 250), buy("left", 5, 20), sell("late", 5, 40)], 39),
    ],
)
def test_by_gridlabd_who_trades_at_any_price_does_not_set_it(tenders, price):
    assert outcome(tenders, rule="gridlabd")["price"] == price


@pytest.mark.parametrize(
    ("tenders", "price"),
    [
        ([sell("a", 1, 100), buy("b", 1, 50)], 75),
        ([sell("a", 1, 100)], 99),
        ([buy("b", 1, 50)], 51),
        ([], None),
    ],
)
def test_by_gridlabd_a_market_without_a_trade_has_a_price_too(tenders, price):
    found = outcome(tenders, rule="gridlabd")
    assert (found["price"], found["quantity"], found["type"]) == (price, 0, "EMPTY")


def test_pay_as_bid_lets_each_pair_trade_at_the_buyers_price():
    found = outcome([*TWO_EACH, buy("e", 30, 130)], "pay-as-bid")
    assert awards(found) == {
        ("a", 200): -100,
        ("b", 200): -50,
        ("b", 130): -30,
        ("c", 200): 150,
        ("e", 130): 30,
    }
    assert found["price"] == 130


def test_pay_as_bid_by_the_sellers_price_and_by_the_middle():
    tenders = [sell("a", 100, 50), buy("b", 100, 201)]
    assert outcome(tenders, "pay-as-bid", "marginal-seller")["price"] == 50
    assert outcome(tenders, "pay-as-bid", "midpoint")["price"] == 125


def test_in_an_order_book_who_waited_names_the_price():
    tenders = [buy("c", 150, 200), sell("a", 100, 50), sell("b", 200, 120), buy("d", 100, 130)]
    found = outcome(tenders, "order-book")
    assert awards(found) == {
        ("c", 200): 150,
        ("a", 200): -100,
        ("b", 200): -50,
        ("b", 120): -100,
        ("d", 120): 100,
    }


def test_in_an_order_book_sequence_tells_who_came_first():
    early, late = buy("early", 10, 100, sequence=1), buy("late", 10, 100, sequence=2)
    found = outcome([late, early, sell("s", 10, 90, sequence=3)], "order-book")
    assert awards(found) == {("early", 100): 10, ("s", 100): -10}


def test_in_an_order_book_all_or_none_is_passed_by_until_it_fits():
    whole = buy("whole", 100, 100, allOrNone=True)
    tenders = [whole, sell("few", 60, 90), sell("many", 150, 95)]
    assert awards(outcome(tenders, "order-book")) == {("whole", 100): 100, ("many", 100): -100}


def test_equilibrium_lies_on_the_line_between_two_prices():
    demand = curve("d", (0, 100), (1, 0))
    found = outcome([demand, curve("s", (0, -33))], "equilibrium", product=STEPS)
    assert math.isclose(found["price"], 0.67)
    assert awards(found) == {("d", found["price"]): 33, ("s", found["price"]): -33}


def test_equilibrium_takes_the_middle_of_a_flat_run():
    found = outcome([buy("d", 100, 0.3), sell("s", 100, 0.7)], "equilibrium", product=STEPS)
    assert math.isclose(found["price"], 0.5)
    assert (found["quantity"], found["type"]) == (0, "EMPTY")


@pytest.mark.parametrize(
    ("tenders", "price", "kind"),
    [
        ([buy("d", 10, 1), sell("s", 4, 0)], 1, "SHORTAGE"),
        ([buy("d", 4, 1), sell("s", 10, 0)], 0, "SURPLUS"),
    ],
)
def test_equilibrium_of_too_little_is_the_end_of_the_range(tenders, price, kind):
    found = outcome(tenders, "equilibrium", product=STEPS)
    assert (found["price"], found["quantity"], found["type"]) == (price, 4, kind)


def test_equilibrium_at_a_step_of_a_curve_takes_the_lower_demand():
    tenders = [curve("d", (0.5, 100), (0.5, 0)), curve("s", (0, -40))]
    found = outcome(tenders, "equilibrium", product=STEPS)
    assert math.isclose(found["price"], 0.49 + 0.01 * 60 / 100)
    assert found["quantity"] == 40


def test_curve_is_cleared_like_the_steps_that_it_comes_to():
    line = curve("d", (40, 100), (60, 0))
    found, dear = (outcome([line, sell("s", 50, 10)], rule=rule) for rule in ("low", "high"))
    # At 49 it would take 55, at 50 no more than the 50 that there are.
    assert (found["quantity"], found["price"], dear["price"]) == (50, 49, 50)


def test_curve_that_buys_below_and_sells_above_never_trades_with_itself():
    storage = curve("s", (100, 50), (100, -50))
    for mechanism in MECHANISMS:
        assert outcome([storage], mechanism)["quantity"] == 0
    found = outcome([storage, buy("b", 20, 150)])
    assert awards(found)["b", found["price"]] == 20


@pytest.mark.parametrize(
    ("tender", "why"),
    [
        (buy("x", math.nan, 100), "no finite number"),
        (buy("x", 10, math.inf), "no finite number"),
        (buy("x", 10, 10.5), "not on the grid"),
        (buy("x", 10, 251), "outside 0 to 250"),
        (buy("x", 0, 10), "whole lots"),
        (buy("x", -5, 10), "whole lots"),
        (buy("x", 0.5, 10), "whole lots"),
        (buy("x", "10", 10), "expected a number"),
        (buy("x", 10, True), "expected a number"),
        (buy("x", 1e40, 10), "out of all measure"),
        (buy("x", 1e20, 10), "more than"),
        (buy("x", 10, 10, allOrNone="yes"), "allOrNone"),
        (buy("x", 10, 10, sequence=1.5), "sequence"),
        (buy("x", 10, 10, colour="red"), "unknown key 'colour'"),
        ({**buy("x", 10, 10), "side": "buy"}, "allowed: BUY, SELL"),
        ({**buy("x", 10, 10), "party": ""}, "party"),
        (curve("x", (0, 10), (100, 11)), "rises"),
        (curve("x", (100, 10), (50, 9)), "prices fall"),
        (curve("x"), "at least one"),
        ({**curve("x", (0, 10)), "curve": [[1]]}, "expected [price, quantity]"),
        ({**curve("x", (0, 10)), "quantity": 3}, "no 'quantity' of its own"),
        (buy("a", 10, 10), "earlier tender"),
        ({**buy("x", 10, 60), "party": "a"}, "would trade with another"),
        (7, "expected an object"),
    ],
)
def test_a_tender_that_is_wrong_is_refused_alone(tender, why):
    for mechanism in MECHANISMS:
        found = outcome([*TWO_EACH, tender], mechanism)
        (refused,) = found["refused"]
        assert why in refused["why"]
        assert {k: v for k, v in found.items() if k != "refused"} == {
            k: v for k, v in outcome(TWO_EACH, mechanism).items() if k != "refused"
        }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ("[]", "list of tenders"),
        ('{"tenders": []}', "product"),
        ('{"tenders": [], "product": {"price_min": 0, "price_max": 1}}', "either"),
        ('{"tenders": [], "product": {"price_min": 2, "price_max": 1, "price_tick": 1}}', "below"),
        ('{"tenders": [], "product": {"price_min": 0, "price_max": 1, "price_steps": 1}}', "2 or"),
        (
            '{"tenders": [], "product": {"price_min": 0, "price_max": 1, "price_tick": 0}}',
            "above 0",
        ),
        (
            '{"tenders": [], "product": {"price_min": 0, "price_max": 9e9, "price_tick": 1}}',
            "too many",
        ),
    ],
)
def test_a_book_without_terms_is_refused_with_what_is_missing(text, why):
    with pytest.raises(WrongInput, match=why):
        read_book(text)


def test_mechanisms_and_rules_that_do_not_exist_are_named_with_those_that_do():
    with pytest.raises(WrongInput, match="allowed: equilibrium, order-book"):
        rules_of("lottery")
    with pytest.raises(WrongInput, match="needs no rule"):
        outcome([], "equilibrium", "midpoint")


def test_an_equilibrium_leaves_out_what_it_cannot_fill_whole():
    tenders = [buy("whole", 150, 100, allOrNone=True), buy("b", 40, 90), sell("s", 100, 50)]
    assert awards(outcome(tenders, "equilibrium")) == {("b", 50): 40, ("s", 50): -40}
    tenders[0]["quantity"] = 60
    assert awards(outcome(tenders, "equilibrium")) == {
        ("whole", 70): 60,
        ("b", 70): 40,
        ("s", 70): -100,
    }


def test_an_equilibrium_at_the_step_of_a_seller_is_the_sellers_price():
    found = outcome([sell("s", 100, 10), buy("b", 60, 20)], "equilibrium")
    assert (found["price"], found["quantity"], found["type"]) == (10, 60, "MARGINAL_SELLER")


def test_at_a_posted_price_takers_are_served_as_they_come():
    tenders = [sell("shop", 100, 30), buy("first", 70, 40), buy("second", 70, 200)]
    found = outcome(tenders, "posted-price")
    assert awards(found) == {("shop", 30): -100, ("first", 30): 70, ("second", 30): 30}


def test_a_maker_posts_what_it_buys_at_too():
    product = {**TICKS, "maker": "shop"}
    tenders = [buy("shop", 100, 30), sell("cheap", 70, 10), buy("b", 5, 200)]
    found = outcome(tenders, "posted-price", product=product)
    assert awards(found) == {("shop", 30): 70, ("cheap", 30): -70}


@pytest.mark.parametrize("side", [["BUY"], {}, None, "buy"])
def test_a_side_that_is_none_of_the_two_is_refused_whatever_it_is(side):
    (refused,) = outcome([*TWO_EACH, {**buy("x", 1, 1), "side": side}])["refused"]
    assert "side: found" in refused["why"]


def test_a_number_beyond_all_exponents_is_told_of():
    with pytest.raises(WrongInput, match="out of all measure"):
        read_book('{"tenders": [{"price": 1e99999999999999999999}]}')


@pytest.mark.parametrize("name", ["\ud800", "a\x1b[31m", "a\nb", ""])
def test_a_name_that_cannot_be_printed_is_refused_and_not_printed(name):
    found = outcome([*TWO_EACH, buy(name, 1, 1)])
    assert page(found).encode().endswith(b"expected a text that can be printed")
    assert "\x1b" not in page(found)


def test_a_curve_of_few_lots_over_a_million_prices_is_a_few_steps():
    wide = {"price_min": 0, "price_max": 10, "price_tick": 0.00001}
    curves = [curve(f"c{number}", [0, 3], [10, -3]) for number in range(200)]
    found = outcome(curves, product=wide)
    assert len(read_book(json.dumps({"product": wide, "tenders": curves})).kept) == 200
    assert found["quantity"] == 0


def test_a_file_that_is_no_text_is_told_of(tmp_path, capsys):
    file = tmp_path / "book.json"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit, match="2"):
        main(["clear", str(file)])
    assert "the book is no JSON" in capsys.readouterr().err


def test_the_page_names_price_fills_and_what_was_refused():
    shown = page(outcome([*TWO_EACH, buy("x", 10, 10.5)]))
    assert shown.startswith("MARGINAL_SELLER: price 120, 150 traded")
    assert "refused x: price 10.5 is not on the grid" in shown


POINTS = st.lists(st.tuples(st.integers(0, 20), st.integers(-30, 30)), min_size=1, max_size=4).map(
    lambda points: list(
        zip(sorted(p for p, _ in points), sorted((q for _, q in points), reverse=True), strict=True)
    )
)
ROWS = st.tuples(
    st.booleans(), st.integers(0, 20), st.integers(1, 30), st.booleans(), POINTS, st.booleans()
)
SMALL = {"price_min": -1, "price_max": 1, "price_steps": 21, "lot": 0.5}


def tender_of(number, row):
    is_curve, place, lots, sells, points, whole = row
    name = f"t{number}"
    if is_curve:
        return curve(name, *((round(-1 + p / 10, 1), q / 2) for p, q in points))
    make = sell if sells else buy
    return make(name, lots / 2, round(-1 + place / 10, 1), allOrNone=whole)


def at(tender, price):
    """(least, most) that a tender accepts at a price, in whole lots."""
    if "curve" not in tender:
        place = tender["price"]
        sign = 1 if tender["side"] == "BUY" else -1
        inside = sign * (place - price) > -1e-9
        return tuple(sorted((0, sign * tender["quantity"] if inside else 0)))
    points = tender["curve"]
    prices = [p for p, _ in points]
    here = [q for p, q in points if abs(p - price) < 1e-9]
    if here:
        return min(*here, 0), max(*here, 0)
    before = [q for p, q in points if p < price]
    after = [q for p, q in points if p > price]
    if not before or not after:
        edge = (before or after)[-1 if before else 0]
        return min(edge, 0), max(edge, 0)
    left, right = max(p for p in prices if p < price), min(p for p in prices if p > price)
    share = (price - left) / (right - left)
    value = before[-1] + share * (after[0] - before[-1])
    return min(value, 0), max(value, 0)


@given(rows=st.lists(ROWS, max_size=8), mechanism=st.sampled_from(MECHANISMS))
def test_lots_and_money_balance_and_nobody_trades_beyond_what_he_said(rows, mechanism):
    tenders = [tender_of(number, row) for number, row in enumerate(rows)]
    found = outcome(tenders, mechanism, product=SMALL)
    by_id = {tender["id"]: tender for tender in tenders}
    totals = {}
    for one in found["awards"]:
        totals[one["id"]] = totals.get(one["id"], 0) + one["quantity"]
        assert one["quantity"] * 2 == round(one["quantity"] * 2)
        tender = by_id[one["id"]]
        if mechanism in {"uniform-price", "equilibrium"}:
            least, most = at(tender, one["price"])
            assert least - 1e-9 <= one["quantity"] <= most + 1e-9
        elif "curve" not in tender:
            sign = 1 if tender["side"] == "BUY" else -1
            assert sign * (tender["price"] - one["price"]) > -1e-9
    assert sum(totals.values()) == 0
    money = sum(one["quantity"] * one["price"] for one in found["awards"])
    assert abs(money) < 1e-6
    for name, quantity in totals.items():
        if by_id[name].get("allOrNone"):
            assert abs(quantity) == by_id[name]["quantity"]
