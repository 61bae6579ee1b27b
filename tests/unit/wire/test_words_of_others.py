"""EML-CTS, EI and EMIX: what comes in means the same here, what goes out fits their schemas."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from pydantic import TypeAdapter

from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import HEAT, POWER
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import MINUTE, Duration, Instant, Interval, parse_rfc3339, rfc3339
from gateway.wire import emix
from gateway.wire.eml import found_in, from_tender, to_submission
from gateway.wire.payloads import CreateTender
from gateway.wire.tenders import Refusal

SCHEMAS = Path(__file__).parents[2] / "fixtures" / "cts_schemas"
EI = Draft4Validator(json.loads((SCHEMAS / "EIPayloads.json").read_text()))
EMIX_POWER = Draft4Validator(json.loads((SCHEMAS / "EmixPower.json").read_text()))
QUARTER = Product(id="quarter", resource=POWER, unit="W", interval=Duration(15 * MINUTE))
WARMTH = Product(id="warmth", resource=HEAT, unit="W", interval=Duration(15 * MINUTE))
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CLIENT_TENDER = {
    "info": "TeUA",
    "side": "BUY",
    "quantity": 74,
    "price": 190,
    "ctsTenderId": 0,
    "bridgeInterval": {
        "durationInMinutes": 60,
        "dtStart": {"instantString": "2026-06-21T12:00:00Z"},
    },
    "bridgeExpireTime": {"instantString": "2026-06-21T23:00:00Z"},
}
TO = {"area": "home", "product": "hour", "party": "anna"}


def without(key):
    return {name: value for name, value in CLIENT_TENDER.items() if name != key}


def test_three_implied_decimals_and_minutes_become_scales_and_durations():
    message = to_submission(CLIENT_TENDER, **TO)
    TypeAdapter(CreateTender).validate_python(message, strict=True)
    assert (message["partyId"], message["segmentId"]) == ("anna", "hour")
    assert message["tender"] == {
        "tenderId": message["requestId"],
        "side": "BUY",
        "priceScale": -3,
        "quantityScale": 0,
        "tenderDetail": {
            "interval": {"dtStart": "2026-06-21T12:00:00.000Z", "duration": "PT1H"},
            "price": 190,
            "quantity": 74,
        },
        "expirationTime": "2026-06-21T23:00:00.000Z",
    }


def test_the_same_import_is_the_same_request_and_another_tender_another():
    other = CLIENT_TENDER | {"quantity": 75}
    first, again, second = (to_submission(one, **TO) for one in (CLIENT_TENDER,) * 2 + (other,))
    assert first == again
    assert first["requestId"] != second["requestId"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (without("side"), "side is missing"),
        (without("bridgeInterval"), "bridgeInterval is missing"),
        (CLIENT_TENDER | {"quantity": 0}, "quantity"),
        (CLIENT_TENDER | {"price": 0.19}, "price"),
        (CLIENT_TENDER | {"bridgeExpireTime": {"instantString": "noon"}}, "bridgeExpireTime"),
        ("a tender", "is a JSON object"),
    ],
)
def test_what_is_wrong_with_a_client_tender_is_named(wrong, said):
    with pytest.raises(Refusal, match=said):
        to_submission(wrong, **TO)


def test_tenders_are_found_alone_in_lists_and_in_the_bodies_of_a_collection():
    body = {"request": {"body": {"raw": json.dumps(CLIENT_TENDER)}}}
    collection = {"info": {}, "item": [body, {"item": [body]}, {"request": {"method": "GET"}}]}
    assert list(found_in(CLIENT_TENDER)) == [CLIENT_TENDER]
    assert list(found_in([CLIENT_TENDER] * 2)) == [CLIENT_TENDER] * 2
    assert list(found_in(collection)) == [CLIENT_TENDER] * 2


@given(
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(1, 2**63 - 1),
    price=st.integers(-(2**63), 2**63 - 1),
    number=st.integers(1, 10**14),
    minutes=st.integers(1, 10**4),
    start=st.integers(0, 10**8),
)
def test_a_client_tender_goes_round(side, quantity, price, number, minutes, start):
    tender = {
        "side": side,
        "quantity": quantity,
        "price": price,
        "ctsTenderId": number,
        "bridgeInterval": {
            "durationInMinutes": minutes,
            "dtStart": {"instantString": rfc3339(Instant(start * MINUTE))},
        },
    }
    assert from_tender(to_submission(tender, **TO)["tender"]) == tender


tenders = st.builds(
    Tender,
    id=st.from_regex(r"[A-Za-z0-9._~-]{1,64}", fullmatch=True),
    side=st.sampled_from(Side),
    price=st.integers(-10_000, 20_000),
    quantity=st.integers(1, 10**9),
    all_or_none=st.booleans(),
    expiration=st.none() | st.just(Instant(NOON - MINUTE)),
)


def submission(product, given_tenders):
    interval = Interval(NOON, Instant(NOON + product.interval))
    given_set = TenderSet(
        party="anna", product=product.id, interval=interval, tenders=tuple(given_tenders)
    )
    return SubmitTenders(party="anna", request_id="r-1", tenders=given_set)


@given(st.lists(tenders, min_size=1, max_size=3))
def test_every_submission_fits_the_schemas_of_ei_and_emix(given_tenders):
    request = submission(QUARTER, given_tenders)
    EI.validate(emix.create_tender(request, "home"))
    told = list(emix.tenders(request, QUARTER, "home"))
    for tender, product, power in zip(given_tenders, told[::2], told[1::2], strict=True):
        EI.validate(product)
        EMIX_POWER.validate(product)
        EMIX_POWER.validate(power)
        found = power["power:temixPower"]
        assert QUARTER.price(found["emix:price"]["emix:value"]["$"]) == tender.price
        assert found["emix:quantity"]["$"] == tender.quantity
        assert product["emix:product"]["emix:side"]["$"].upper() == tender.side


def test_products_of_power_fit_and_what_emix_power_has_no_words_for_is_not_told():
    EMIX_POWER.validate(emix.description(QUARTER))
    assert emix.description(WARMTH) is None
    one = Tender(id="t", side=Side.BUY, price=1, quantity=1)
    [told] = emix.tenders(submission(WARMTH, [one]), WARMTH, "home")
    EI.validate(told)


def test_the_schemas_check_enumerations_in_the_form_that_is_exported():
    one = Tender(id="t", side=Side.BUY, price=1, quantity=1)
    [told, _] = emix.tenders(submission(QUARTER, [one]), QUARTER, "home")
    told["emix:product"]["emix:side"] = {"$": "both"}
    assert not EI.is_valid(told)
