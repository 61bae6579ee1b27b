"""Every wrong request gets its outcome, and a right one becomes a request of the model."""

import copy
import json

import pytest

from gateway.model.limit import LimitKey
from gateway.model.product import Product
from gateway.model.request import (
    AskPosition,
    CancelTenders,
    LimitRequest,
    OwnerRequest,
    PartyLeft,
    PriceHeard,
    SubmitTenders,
    WishRequest,
)
from gateway.model.resource import POWER
from gateway.model.site import ControlMode
from gateway.model.tender import Side, Tender
from gateway.model.time import HOUR, SECOND, Duration, parse_rfc3339
from gateway.wire.border import Border
from gateway.wire.requests import Acknowledged, Answer, Ignored, PartyThere, parse

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
POWER_10S = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
BORDER = Border(
    area="home",
    products={"power": POWER_10S},
    local=frozenset({"roof", "gateway"}),
    prices=frozenset({"tariff/import"}),
)
TENDER = {
    "tenderId": "t-1",
    "side": "BUY",
    "resourceDesignator": "POWER",
    "tenderDetail": {
        "interval": {"dtStart": "2026-06-21T14:00:10+02:00", "duration": "PT10S"},
        "price": 2000,
        "quantity": 500,
    },
}
CREATE = {
    "v": 1,
    "requestId": "r-1",
    "partyId": "app",
    "counterPartyId": "home",
    "marketId": "home",
    "segmentId": "power",
    "tender": TENDER,
}
ASK = {
    "requestId": "r-2",
    "requestor": "app",
    "positionParty": "app",
    "boundingInterval": {"dtStart": "2026-06-21T12:00:00Z", "duration": "PT1H"},
    "marketId": "home",
    "resourceDesignator": "POWER",
}


def parsed(document, operation="create-tender", party="app", product="power"):
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(f"rmf/1/home/u/{party}/req/{product}/{operation}", payload, BORDER, NOW)


def changed(path, value, document=CREATE):
    """The document with one field replaced, or removed where the value is ``...``."""
    copied = copy.deepcopy(document)
    *keys, last = path.split(".")
    inner = copied
    for key in keys:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return copied


def answer(document, **topic):
    found = parsed(document, **topic)
    assert isinstance(found, Answer), found
    return found.message.topic, json.loads(found.message.payload)


def test_tender_becomes_a_submission_in_the_products_integers():
    found = parsed(CREATE)
    assert isinstance(found, SubmitTenders)
    assert (found.party, found.request_id) == ("app", "r-1")
    assert found.tenders.interval == POWER_10S.interval_at(NOW + 10 * SECOND)
    assert found.tenders.tenders == (Tender(id="t-1", side=Side.BUY, price=2000, quantity=500),)


def test_other_scales_that_convert_exactly_are_converted():
    document = changed("tender.priceScale", -3, changed("tender.quantityScale", 1))
    [tender] = parsed(document).tenders.tenders
    assert (tender.price, tender.quantity) == (20_000, 5000)


def test_unknown_fields_are_ignored():
    assert isinstance(parsed(CREATE | {"colour": "green"}), SubmitTenders)


def test_netting_and_revision_are_taken():
    found = parsed(CREATE | {"netting": True, "revision": 7})
    assert (found.tenders.netting, found.tenders.revision) == (True, 7)


LATER = changed("tenderDetail.interval.dtStart", "2026-06-21T12:00:20Z", TENDER) | {
    "tenderId": "t-2"
}
WITHOUT_TENDER = changed("tender", ...)


@pytest.mark.parametrize(
    ("document", "code", "detail", "named"),
    [
        (b"not json", 400, "INVALID_ARTIFACT", "not JSON"),
        (b"\xff", 400, "INVALID_ARTIFACT", "UTF-8"),
        (b'{"a":NaN}', 400, "INVALID_ARTIFACT", "NaN"),
        (b'{"a":-Infinity}', 400, "INVALID_ARTIFACT", "Infinity"),
        (b'{"a":1e999}', 400, "INVALID_ARTIFACT", "1e999"),
        (b"[" * 17 + b"]" * 17, 400, "INVALID_ARTIFACT", "deeper than 16"),
        (b"[" * 60_000, 400, "INVALID_ARTIFACT", ""),
        (b" " * 65_537, 400, "INVALID_ARTIFACT", "65537 bytes"),
        (b"[]", 400, "INVALID_ARTIFACT", "JSON object"),
        (changed("tender.tenderDetail.price", ...), 400, "INVALID_ARTIFACT", "price is missing"),
        (changed("tender.tenderDetail.price", 1.5), 400, "INVALID_ARTIFACT", "price"),
        (changed("tender.tenderDetail.quantity", 2**63), 400, "INVALID_ARTIFACT", "quantity"),
        (changed("tender.tenderDetail.quantity", True), 400, "INVALID_ARTIFACT", "quantity"),
        (changed("tender.side", "buy"), 400, "INVALID_ARTIFACT", "side"),
        (changed("requestId", "a b"), 400, "INVALID_ARTIFACT", "requestId"),
        (changed("v", 2), 400, "INVALID_ARTIFACT", "v"),
        (WITHOUT_TENDER, 400, "INVALID_ARTIFACT", "tender is missing"),
        (CREATE | {"tenders": [TENDER]}, 400, "INVALID_ARTIFACT", "both"),
        (
            changed("tender.tenderDetail.interval.dtStart", "2026-06-21T12:00:10"),
            400,
            "INVALID_ARTIFACT",
            "offset",
        ),
        (changed("partyId", "bob"), 403, "NOT_AUTHORIZED", "partyId"),
        (changed("marketId", "street"), 404, "INVALID_MARKET", "street"),
        (changed("counterPartyId", "street"), 404, "INVALID_MARKET", "street"),
        (changed("segmentId", "heat"), 404, "INVALID_SEGMENT", "heat"),
        (changed("tender.resourceDesignator", "x-HEAT"), 404, "INVALID_INSTRUMENT", "x-HEAT"),
        (
            changed("tender.tenderDetail.interval.duration", "PT15S"),
            404,
            "INVALID_INSTRUMENT",
            "start",
        ),
        (WITHOUT_TENDER | {"tenders": [TENDER, TENDER]}, 409, "DUPLICATE", "t-1"),
    ],
)
def test_wrong_request_gets_its_outcome(document, code, detail, named):
    topic, payload = answer(document)
    response = payload["response"]
    assert topic == "rmf/1/home/u/app/in/created-tender"
    assert (response["responseCode"], response["responseDetail"]) == (code, detail)
    assert named in response["responseDescription"]


@pytest.mark.parametrize(
    ("document", "term"),
    [
        (changed("tender.tenderDetail.quantity", 0), "quantity"),
        (changed("tender.tenderDetail.quantity", -5), "quantity"),
        (changed("tender.priceScale", -5, changed("tender.tenderDetail.price", 7)), "priceScale"),
        (changed("tender.quantityScale", -1, changed("tender.tenderDetail.quantity", 5)), None),
        (WITHOUT_TENDER | {"tenders": [TENDER, LATER]}, "interval"),
        (
            WITHOUT_TENDER | {"tenders": [TENDER, LATER], "atMostOne": True, "netting": True},
            "atMostOne",
        ),
        (CREATE | {"executionInstructions": "G"}, "executionInstructions"),
        (changed("tender.executionInstructions", "G"), "executionInstructions"),
        (changed("tender.terms", [{"term": "responseTime", "duration": "PT1S"}]), "responseTime"),
        (CREATE | {"acceptsRulesHash": "sha256:0"}, "acceptsRulesHash"),
    ],
)
def test_violated_rule_is_named(document, term):
    _, payload = answer(document)
    assert payload["inResponseTo"] == "r-1"
    assert payload["response"]["responseCode"] == 422
    assert payload["response"]["termsViolated"][0]["term"] == (term or "quantityScale")


def test_unreadable_request_is_answered_in_response_to_null():
    _, payload = answer(b"{")
    assert payload["inResponseTo"] is None
    assert payload["response"]["inResponseTo"] is None


def test_topic_of_another_product_disagrees_with_the_payload():
    _, payload = answer(CREATE, product="heat")
    assert payload["response"]["responseDetail"] == "INVALID_SEGMENT"


def test_nobody_outside_acts_for_a_device():
    _, payload = answer(changed("partyId", "roof"), party="roof")
    assert payload["response"]["responseCode"] == 403


def test_unknown_operation_is_answered_with_the_known_ones():
    topic, payload = answer(CREATE, operation="create-wish")
    assert topic == "rmf/1/home/u/app/in/response"
    assert payload["response"]["responseCode"] == 404
    told = payload["response"]["responseDescription"]
    assert {"create-tender,", "create-stream-tender,", "request-position,"} <= set(told.split())


def test_cancellation_names_one_or_several_tenders_once():
    frame = {key: value for key, value in CREATE.items() if key != "tender"}
    found = parsed(frame | {"tenderId": "a", "tenderIds": ["b", "a"]}, "cancel-tender")
    assert found == CancelTenders(
        party="app", request_id="r-1", product="power", tenders=("a", "b")
    )
    _, payload = answer(frame, operation="cancel-tender")
    assert payload["response"]["responseCode"] == 400


def test_position_is_asked_for_oneself_only():
    assert isinstance(parsed(ASK, "request-position"), AskPosition)
    topic, payload = answer(ASK | {"positionParty": "bob"}, operation="request-position")
    assert topic == "rmf/1/home/u/app/in/reply-position"
    assert payload["response"]["responseCode"] == 403


@pytest.mark.parametrize(
    ("payload", "mode", "until"),
    [
        (b"act", ControlMode.ACT, None),
        (b' "hands-off"\n', ControlMode.HANDS_OFF, None),
        (b'{"mode":"hands-off","for":"2h"}', ControlMode.HANDS_OFF, NOW + 2 * HOUR),
        (b'{"mode":"advise","for":"PT2H"}', ControlMode.ADVISE, NOW + 2 * HOUR),
        (b'{"mode":"act","until":"2026-06-21T13:00:00Z"}', ControlMode.ACT, NOW + HOUR),
        (b'{"mode":"act","until":null}', ControlMode.ACT, None),
    ],
)
def test_owner_sets_a_mode(payload, mode, until):
    found = parse("rmf/1/home/owner/control", payload, BORDER, NOW)
    assert isinstance(found, OwnerRequest)
    assert (found.control.mode, found.control.until) == (mode, until)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"go",
        b'{"mode":"go"}',
        b'{"mode":"act","for":"soon"}',
        b'{"mode":"act","for":"P9999999D"}',
        b'{"mode":"act","for":"2h","until":"2026-06-21T13:00:00Z"}',
        b'{"mode":"act","until":"2026-06-21T11:00:00Z"}',
    ],
)
def test_owner_message_that_is_not_understood_changes_nothing(payload):
    assert isinstance(parse("rmf/1/home/owner/control", payload, BORDER, NOW), Ignored)


def test_a_partys_will_says_that_it_left():
    topic = "rmf/1/home/u/app/status"
    assert parse(topic, b'{"v":1,"status":"offline"}', BORDER, NOW) == PartyLeft(party="app")
    there = parse(topic, b'{"v":1,"status":"online"}', BORDER, NOW)
    assert there == PartyThere(party="app")
    for payload in (b"", b"offline", b'{"status":3}'):
        assert isinstance(parse(topic, payload, BORDER, NOW), Ignored)


def test_price_is_a_number():
    assert parse("tariff/import", b"0.31", BORDER, NOW) == PriceHeard(
        topic="tariff/import", value=0.31
    )
    for payload in (b"NaN", b"true", b'"0.31"', b"", b"1" + b"0" * 400):
        assert isinstance(parse("tariff/import", payload, BORDER, NOW), Ignored)


def test_acknowledgement_names_its_transaction():
    topic = "rmf/1/home/u/app/ack/created-transaction"
    assert parse(topic, b'{"marketTransactionId":"x"}', BORDER, NOW) == Acknowledged(
        party="app", operation="created-transaction", transaction="x"
    )


@pytest.mark.parametrize("payload", [b"configured", b'"configured"', b" configured\n"])
def test_owner_takes_up_what_is_configured(payload):
    found = parse("rmf/1/home/owner/control", payload, BORDER, NOW)
    assert found == OwnerRequest(control=None, by="topic")


@pytest.mark.parametrize(("payload", "value"), [(b"3000", 3000.0), (b"12.5", 12.5), (b"0", 0.0)])
def test_owner_sets_a_limit(payload, value):
    found = parse("rmf/1/home/owner/limit/roof/max_w", payload, BORDER, NOW)
    assert found == LimitRequest(device="roof", key=LimitKey.MAX_W, value=value)


@pytest.mark.parametrize(
    ("leaf", "payload", "why"),
    [
        ("roof/max_w", b"", "not JSON"),
        ("roof/max_w", b"NaN", "no number"),
        ("roof/max_w", b"1e999", "no number"),
        ("roof/max_w", b"1e12", "allowed: a number"),
        ("roof/max_w", b"true", "allowed: a number"),
        ("roof/max_w", b'"3000"', "allowed: a number"),
        ("roof/max_w", b"[1]", "allowed: a number"),
        ("roof/ramp_w_per_s", b"5", "there is no limit"),
        ("roof/max_w/more", b"5", "there is no limit"),
        ("roof", b"5", "there is no limit"),
    ],
)
def test_a_limit_that_is_not_understood_changes_nothing_and_what_holds_is_told(leaf, payload, why):
    found = parse(f"rmf/1/home/owner/limit/{leaf}", payload, BORDER, NOW)
    assert isinstance(found, Ignored)
    assert why in found.reason
    assert found.holds == "rmf/1/home/d/roof/limits"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"30 kWh by 07:00, at most 0.25", "30 kWh, by 07:00, at most 0.25, cheapest"),
        (b'"surplus"', "surplus"),
        (b'{"soc": 80, "mode": "now"}', "80 %, now"),
        (b"", "None"),
        (b"  \n", "None"),
    ],
)
def test_owner_wishes_something_of_a_load(payload, words):
    found = parse("rmf/1/home/owner/wish/car", payload, BORDER, NOW)
    assert isinstance(found, WishRequest)
    assert (found.device, str(found.wish)) == ("car", words)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"30 apples", "allowed: an amount"),
        (b'{"energy": 30}', "an energy such as 30kWh"),
        (b'{"energy', "not JSON"),
        (b"\xff\xfe", "allowed: an amount"),
        (b"1" * 600, "at most 512 bytes"),
    ],
)
def test_a_wish_that_is_not_understood_changes_nothing_and_what_holds_is_told(payload, why):
    found = parse("rmf/1/home/owner/wish/car", payload, BORDER, NOW)
    assert isinstance(found, Ignored)
    assert why in found.reason
    assert found.holds == "rmf/1/home/d/car/wish"


def test_a_mode_that_is_not_understood_tells_again_which_one_holds():
    found = parse("rmf/1/home/owner/control", b"dance", BORDER, NOW)
    assert isinstance(found, Ignored)
    assert found.holds == "rmf/1/home/m/control"
