"""What strangers say of quotes: each wrong request gets its outcome, a right one is a request."""

import copy
import json

import pytest

from gateway.model.negotiation import AcceptQuote, CancelQuotes, CreateQuote, CreateRfq, RejectQuote
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.time import SECOND, Duration, parse_rfc3339
from gateway.wire.border import Border
from gateway.wire.requests import Answer, parse

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
POWER_10S = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
BORDER = Border(area="home", products={"power": POWER_10S}, local=frozenset({"roof"}))
INTERVAL = {"dtStart": "2026-06-21T12:00:10Z", "duration": "PT10S"}
HEAD = {
    "requestId": "r-1",
    "partyId": "app",
    "counterPartyId": "home",
    "marketId": "home",
    "segmentId": "power",
}
DETAIL = {"interval": INTERVAL, "price": 2000, "quantity": 500}
QUOTE = HEAD | {"quote": {"quoteId": "q-1", "side": "SELL", "tenderDetail": DETAIL}}
RFQ = HEAD | {
    "rfq": {
        "rfqId": "n-1",
        "side": "BUY",
        "boundingInterval": INTERVAL,
        "tenderDetail": {"quantity": 500},
    }
}
ACCEPT = HEAD | {
    "referencedQuoteId": "home-q-1-1",
    "transaction": {"tender": {"side": "BUY", "tenderDetail": DETAIL}},
}
REJECT = HEAD | {"referencedQuoteId": "home-q-1-1"}
CANCEL = HEAD | {"quoteIds": ["q-1"], "rfqIds": ["n-1"], "marketQuoteIds": ["q-1"]}
RIGHT = {
    "create-quote": (QUOTE, CreateQuote),
    "create-rfq": (RFQ, CreateRfq),
    "accept-quote": (ACCEPT, AcceptQuote),
    "reject-quote": (REJECT, RejectQuote),
    "cancel-quote": (CANCEL, CancelQuotes),
}
ANSWERS = {
    "create-quote": "created-quote",
    "create-rfq": "created-rfq",
    "accept-quote": "accepted-quote",
    "reject-quote": "rejected-quote",
    "cancel-quote": "canceled-quote",
}


def parsed(document, operation):
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse(f"rmf/1/home/u/app/req/power/{operation}", payload, BORDER, NOW)


def changed(document, path, value):
    copied = copy.deepcopy(document)
    *way, last = path.split(".")
    inner = copied
    for key in way:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return copied


def response(document, operation):
    found = parsed(document, operation)
    assert isinstance(found, Answer), found
    assert found.message.topic == f"rmf/1/home/u/app/in/{ANSWERS[operation]}"
    told = json.loads(found.message.payload)["response"]
    term = told.get("termsViolated", [{"term": ""}])[0]["term"]
    return told["responseCode"], told["responseDetail"], term


@pytest.mark.parametrize("operation", RIGHT)
def test_a_right_request_is_one_of_the_model(operation):
    document, kind = RIGHT[operation]
    found = parsed(document, operation)
    assert isinstance(found, kind)
    assert (found.party, found.request_id, found.product) == ("app", "r-1", "power")


def test_ids_named_twice_are_one():
    assert parsed(CANCEL, "cancel-quote").ids == ("q-1", "n-1")


@pytest.mark.parametrize("operation", RIGHT)
@pytest.mark.parametrize(
    ("path", "value", "outcome"),
    [
        ("requestId", None, (400, "INVALID_ARTIFACT", "")),
        ("requestId", "a b", (400, "INVALID_ARTIFACT", "")),
        ("partyId", "bob", (403, "NOT_AUTHORIZED", "")),
        ("marketId", "street", (404, "INVALID_MARKET", "")),
        ("segmentId", "heat", (404, "INVALID_SEGMENT", "")),
        ("counterPartyId", 7, (400, "INVALID_ARTIFACT", "")),
        ("counterPartyId", "x" * 65, (400, "INVALID_ARTIFACT", "")),
        ("v", 2, (400, "INVALID_ARTIFACT", "")),
    ],
)
def test_the_head_of_every_request_is_checked(operation, path, value, outcome):
    assert response(changed(RIGHT[operation][0] | {"v": 1}, path, value), operation) == outcome


@pytest.mark.parametrize("operation", RIGHT)
@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b'{"requestId":NaN}', b"\xff", b"7"])
def test_what_is_no_document_is_refused(operation, payload):
    assert response(payload, operation)[:2] == (400, "INVALID_ARTIFACT")


@pytest.mark.parametrize(
    ("operation", "path", "value", "outcome"),
    [
        ("create-quote", "quote", None, (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.quoteId", "a/b", (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.side", "HOLD", (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.tradeable", "yes", (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.rfqId", "#", (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.tenderDetail.price", 0.5, (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.tenderDetail.price", None, (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.tenderDetail.quantity", 0, (422, "RULES_VIOLATION", "quantity")),
        ("create-quote", "quote.tenderDetail.quantity", None, (400, "INVALID_ARTIFACT", "")),
        (
            "create-quote",
            "quote.tenderDetail.interval.duration",
            "x",
            (400, "INVALID_ARTIFACT", ""),
        ),
        ("create-quote", "quote.expirationTime", "soon", (400, "INVALID_ARTIFACT", "")),
        ("create-quote", "quote.resourceDesignator", "GAS", (404, "INVALID_INSTRUMENT", "")),
        (
            "create-quote",
            "quote.tenderDetail",
            {"interval": INTERVAL, "priceRelative": {"value": 1}, "quantity": 5},
            (422, "RULES_VIOLATION", "priceRelative"),
        ),
        ("create-rfq", "rfq.boundingInterval", None, (400, "INVALID_ARTIFACT", "")),
        ("create-rfq", "rfq.boundingInterval.dtStart", "now", (400, "INVALID_ARTIFACT", "")),
        ("create-rfq", "rfq.duration", "PT1H", (404, "INVALID_INSTRUMENT", "")),
        ("create-rfq", "rfq.duration", "long", (400, "INVALID_ARTIFACT", "")),
        ("create-rfq", "rfq.privateRfq", True, (422, "RULES_VIOLATION", "privateRfq")),
        ("create-rfq", "rfq.quantityScale", -1, None),
        ("create-rfq", "rfq.tenderDetail.quantity", "5", (400, "INVALID_ARTIFACT", "")),
        ("create-rfq", "rfq.resourceDesignator", "GAS", (404, "INVALID_INSTRUMENT", "")),
        ("create-rfq", "rfq.expirationTime", 7, (400, "INVALID_ARTIFACT", "")),
        ("accept-quote", "referencedQuoteId", None, (400, "INVALID_ARTIFACT", "")),
        ("accept-quote", "transaction", None, (400, "INVALID_ARTIFACT", "")),
        ("accept-quote", "transaction.tender.side", None, (400, "INVALID_ARTIFACT", "")),
        (
            "accept-quote",
            "transaction.tender.tenderDetail.quantity",
            -5,
            (422, "RULES_VIOLATION", "quantity"),
        ),
        ("reject-quote", "referencedQuoteId", "a b", (400, "INVALID_ARTIFACT", "")),
        ("cancel-quote", "quoteIds", "q-1", (400, "INVALID_ARTIFACT", "")),
        ("cancel-quote", "counterPartyId", "bob", (404, "INVALID_MARKET", "")),
    ],
)
def test_each_wrong_field_is_answered_with_its_outcome(operation, path, value, outcome):
    document = changed(RIGHT[operation][0], path, value)
    if outcome is None:
        assert isinstance(parsed(document, operation), RIGHT[operation][1])
    else:
        assert response(document, operation) == outcome


def test_a_cancellation_of_nothing_is_refused():
    assert response(HEAD, "cancel-quote") == (400, "INVALID_ARTIFACT", "")


def test_a_price_that_the_scale_cannot_hold_is_refused():
    document = changed(QUOTE, "quote.priceScale", -9)
    document["quote"]["tenderDetail"]["price"] = 7
    assert response(document, "create-quote") == (422, "RULES_VIOLATION", "priceScale")


def test_the_other_party_is_who_the_quote_is_for():
    assert parsed(QUOTE, "create-quote").quote.to == ""
    assert parsed(changed(QUOTE, "counterPartyId", "bob"), "create-quote").quote.to == "bob"
