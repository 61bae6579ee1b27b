"""Whatever strangers send, the border answers; and tenders survive the wire."""

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.event import Refused, ResponseCode
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import POWER
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import MILLISECOND, SECOND, Duration, Instant, parse_rfc3339
from gateway.wire.border import Border
from gateway.wire.requests import Answer, Ignored, parse
from gateway.wire.tender_documents import encode_submission
from gateway.wire.text import write

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
POWER_10S = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
BORDER = Border(
    area="home",
    products={"power": POWER_10S},
    local=frozenset({"roof"}),
    prices=frozenset({"tariff"}),
)
OPERATIONS = ["create-tender", "cancel-tender", "request-position", "create-quote", ""]
FIELDS = [
    *("v", "requestId", "partyId", "counterPartyId", "marketId", "segmentId", "tender"),
    *("tenders", "tenderDetail", "interval", "dtStart", "duration", "price", "quantity", "side"),
    *("tenderId", "tenderIds", "priceScale", "netting", "revision", "requestor", "mode", "for"),
    *("positionParty", "boundingInterval", "resourceDesignator", "until", "expirationTime"),
]
WORDS = st.sampled_from(
    [
        *("home", "power", "app", "POWER", "BUY", "r-1", "2026-06-21T12:00:10Z", "PT10S", "act"),
        *("0001-01-01T00:00:00+23:59", "P99999999999999999D", "2h", "\ud800"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=8)
    ),
    max_leaves=20,
)
TOPICS = st.sampled_from(
    [
        *(f"rmf/1/home/u/app/req/power/{operation}" for operation in OPERATIONS),
        *("rmf/1/home/u/app/req/heat/create-tender", "rmf/1/home/u/app/req"),
        *("rmf/1/home/u/roof/req/power/create-tender", "rmf/1/home/u/app/ack/x"),
        *("rmf/1/home/owner/control", "tariff", "elsewhere"),
    ]
)


def complete(document):
    """A document that is a request in all but what it was given."""
    frame = {
        "requestId": "r-1",
        "partyId": "app",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
        "requestor": "app",
        "positionParty": "app",
        "resourceDesignator": "POWER",
    }
    return frame | document if isinstance(document, dict) else document


@given(TOPICS, st.binary(max_size=300))
def test_any_bytes_are_parsed_without_raising(topic, payload):
    parse(topic, payload, BORDER, NOW)


@given(TOPICS, JSON.map(complete))
def test_any_document_is_parsed_without_raising(topic, document):
    parse(topic, json.dumps(document).encode(), BORDER, NOW)


@given(JSON.map(complete))
def test_refused_request_is_answered_to_the_party_of_its_topic(document):
    parsed = parse(
        "rmf/1/home/u/app/req/power/create-tender", json.dumps(document).encode(), BORDER, NOW
    )
    assert not isinstance(parsed, Ignored)
    if isinstance(parsed, Answer):
        answer = json.loads(parsed.message.payload)
        assert parsed.message.topic == "rmf/1/home/u/app/in/created-tender"
        assert isinstance(parsed.refused, Refused)
        assert answer["response"]["responseCode"] in {int(code) for code in ResponseCode}
        assert answer["response"]["responseCode"] >= 400


IDS = st.from_regex(r"[A-Za-z0-9._~-]{1,64}", fullmatch=True)
EXPIRATIONS = st.none() | st.integers(min_value=0, max_value=4 * 10**12).map(
    lambda milliseconds: Instant(milliseconds * MILLISECOND)
)
TENDERS = st.builds(
    Tender,
    id=IDS,
    side=st.sampled_from(Side),
    price=st.integers(min_value=-(2**63), max_value=2**63 - 1),
    quantity=st.integers(min_value=1, max_value=2**63 - 1),
    all_or_none=st.booleans(),
    expiration=EXPIRATIONS,
)


@given(
    st.lists(TENDERS, min_size=1, max_size=8, unique_by=lambda tender: tender.id),
    st.booleans(),
    st.integers(min_value=0, max_value=2**63 - 1),
    st.integers(min_value=0, max_value=10**6),
    IDS,
)
def test_tender_set_survives_the_wire(tenders, netting, revision, gates_ahead, request_id):
    interval = POWER_10S.interval_at(Instant(NOW + gates_ahead * POWER_10S.interval))
    request = SubmitTenders(
        party="app",
        request_id=request_id,
        tenders=TenderSet(
            party="app",
            product="power",
            interval=interval,
            tenders=tuple(tenders),
            netting=netting,
            revision=revision,
        ),
    )
    payload = write(encode_submission(request, "home", POWER_10S))
    topic = "rmf/1/home/u/app/req/power/create-tender"
    assert parse(topic, payload, BORDER, NOW) == request
