"""Streams, alternatives, prices against the market, terms and the rules hash on the wire."""

import copy
import json
from dataclasses import replace

import pytest

from gateway.model.event import Accepted, Cancelled, CancelReason, Detail, Refused, ResponseCode
from gateway.model.product import Product
from gateway.model.request import CancelTenders, Reply, SubmitStream, SubmitTenders
from gateway.model.resource import POWER
from gateway.model.terms import OtherTerms, PriceBase, PriceKind, Purpose, TermRule
from gateway.model.time import SECOND, Duration, Instant, parse_rfc3339
from gateway.wire.border import Border
from gateway.wire.replies import refusal_message, reply_message
from gateway.wire.requests import Answer, parse
from gateway.wire.rules import hash_of, market_hash, segment_rules

NOW = parse_rfc3339("2026-06-21T12:00:00Z")
T = Duration(10 * SECOND)
PRODUCT = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=T,
    execution_instructions="G",
    warrants=("renewable",),
    rules=(
        TermRule(purpose=Purpose.IGNORE, term="responseTime"),
        TermRule(purpose=Purpose.MUST_UNDERSTAND, term="minimumRunDuration"),
    ),
)
FIRST = {"dtStart": "2026-06-21T12:00:10Z", "duration": "PT10S"}
SECOND_ONE = {"dtStart": "2026-06-21T12:00:20Z", "duration": "PT10S"}
FRAME = {
    "requestId": "r-1",
    "partyId": "app",
    "counterPartyId": "home",
    "marketId": "home",
    "segmentId": "power",
}
STREAM = FRAME | {
    "tender": {
        "tenderId": "day",
        "side": "BUY",
        "tenderDetail": {
            "stream": {
                "streamStart": "2026-06-21T12:00:10Z",
                "streamIntervalDuration": "PT10S",
                "streamIntervals": [
                    {"streamUid": 0, "streamIntervalPrice": 60, "streamIntervalQuantity": 10},
                    {"streamUid": 1, "streamIntervalPrice": 50, "streamIntervalQuantity": 0},
                    {"streamUid": 2, "streamIntervalPrice": 40, "streamIntervalQuantity": 30},
                ],
            }
        },
    }
}


def tender(name="t-1", interval=FIRST, **more):
    detail = {"interval": interval, "quantity": 10}
    prices = {k: more.pop(k) for k in ("price", "priceRelative", "priceMultiplier") if k in more}
    return {"tenderId": name, "side": "BUY", "tenderDetail": detail | prices} | more


def parsed(document, operation="create-tender", product=PRODUCT):
    border = Border(area="home", products={product.id: product})
    topic = f"rmf/1/home/u/app/req/{product.id}/{operation}"
    return parse(topic, json.dumps(document).encode(), border, NOW)


def one(product=PRODUCT, **more):
    """The tender that a request becomes."""
    found = parsed(FRAME | {"tender": tender(**{"price": 5} | more)}, product=product)
    assert isinstance(found, SubmitTenders), found
    return found.tenders.tenders[0]


def refused(document, operation="create-tender", product=PRODUCT):
    found = parsed(document, operation, product)
    assert isinstance(found, Answer), found
    return int(found.refused.code), found.refused.term


def stream(**changes):
    document = copy.deepcopy(STREAM)
    document["tender"]["tenderDetail"]["stream"] |= changes
    return document


def test_stream_becomes_one_set_per_interval_and_quantity_0_leaves_one_out():
    found = parsed(STREAM, "create-stream-tender")

    assert isinstance(found, SubmitStream)
    assert [(s.interval.start - NOW, s.tenders[0].id) for s in found.sets] == [
        (T, "day.0"),
        (3 * T, "day.2"),
    ]
    assert {t.stream for s in found.sets for t in s.tenders} == {found.stream} == {"day"}


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        (stream(streamIntervalDuration="PT20S"), (404, "")),
        (stream(streamStart="2026-06-21T12:00:11Z"), (404, "")),
        (stream(streamStart="noon"), (400, "")),
        (stream(streamIntervals=[]), (400, "")),
        (
            stream(streamIntervals=[{"streamUid": 1, "streamIntervalQuantity": 1}]),
            (400, ""),
        ),
        (
            stream(streamIntervals=[{"streamUid": 0, "streamIntervalQuantity": 1}]),
            (400, ""),
        ),
        (
            stream(
                streamIntervals=[
                    {"streamUid": 0, "streamIntervalPrice": 1, "streamIntervalQuantity": 0}
                ]
            ),
            (422, "quantity"),
        ),
        (
            stream(
                streamIntervals=[
                    {"streamUid": 0, "streamIntervalPrice": 1, "streamIntervalQuantity": -1}
                ]
            ),
            (422, "quantity"),
        ),
        (FRAME | {"tender": tender(price=5)}, (400, "")),
    ],
)
def test_malformed_stream_is_refused(document, outcome):
    assert refused(document, "create-stream-tender") == outcome


def test_stream_id_leaves_room_for_the_ids_of_its_intervals():
    document = copy.deepcopy(STREAM)
    document["tender"]["tenderId"] = "d" * 63

    assert refused(document, "create-stream-tender") == (400, "")


def test_stream_by_the_operation_of_single_tenders_is_pointed_to_its_own():
    found = parsed(FRAME | {"tender": STREAM["tender"]})

    assert "create-stream-tender" in found.refused.description


def test_alternatives_may_be_for_several_intervals_and_share_a_word():
    several = [tender("now", price=5), tender("later", SECOND_ONE, price=5)]
    found = parsed(FRAME | {"tenders": several, "atMostOne": True})

    assert [s.interval.start - NOW for s in found.sets] == [T, 2 * T]
    assert {t.exclusive for s in found.sets for t in s.tenders} == {"r-1"}


def test_a_single_tender_has_no_alternative():
    found = parsed(FRAME | {"tender": tender(price=5), "atMostOne": True})

    assert found.tenders.tenders[0].exclusive == ""


@pytest.mark.parametrize(
    ("stated", "base"),
    [
        ({"priceRelative": {"value": -50}}, (PriceKind.RELATIVE, -50, "power")),
        ({"priceMultiplier": {"multiplier": 1.05}}, (PriceKind.MULTIPLIER, 1_050_000, "power")),
        (
            {"priceMultiplier": {"multiplier": 2, "marketContext": "heat"}},
            (PriceKind.MULTIPLIER, 2_000_000, "heat"),
        ),
    ],
)
def test_price_against_the_market_becomes_a_base(stated, base):
    kind, value, product = base
    found = parsed(FRAME | {"tender": tender(**stated)}).tenders.tenders[0]

    assert found.base == PriceBase(kind=kind, value=value, product=product)


def test_relative_price_is_at_the_scale_of_the_tender():
    found = parsed(FRAME | {"tender": tender(priceRelative={"value": -5}, priceScale=-3)})

    assert found.tenders.tenders[0].base.value == -50


@pytest.mark.parametrize(
    ("stated", "outcome"),
    [
        ({}, (400, "")),
        ({"price": 1, "priceRelative": {"value": 1}}, (400, "")),
        ({"priceMultiplier": {"multiplier": 1.0000001}}, (422, "priceMultiplier")),
        ({"priceMultiplier": {"multiplier": -1}}, (422, "priceMultiplier")),
        ({"priceMultiplier": {"multiplier": "1"}}, (400, "")),
        ({"priceRelative": {"value": 1.5}}, (400, "")),
    ],
)
def test_price_that_cannot_be_understood_is_refused(stated, outcome):
    assert refused(FRAME | {"tender": tender(**stated)}) == outcome


def test_notification_of_a_tender_ends_it_so_long_before_delivery():
    term = {"term": "minimumNotificationDuration", "duration": "PT4S"}
    start = NOW + T

    assert one(terms=[term]).expiration == start - 4 * SECOND
    early = "2026-06-21T12:00:05Z"
    assert one(terms=[term], expirationTime=early).expiration == Instant(NOW + 5 * SECOND)


@pytest.mark.parametrize(
    ("term", "outcome"),
    [
        ({"term": "minimumResponseDuration", "duration": "PT11S"}, "minimumResponseDuration"),
        ({"term": "maximumResponseDuration", "duration": "PT9S"}, "maximumResponseDuration"),
        ({"term": "minimumRunDuration", "duration": "PT9S"}, "minimumRunDuration"),
        ({"term": "x-moon", "duration": "PT9S"}, "x-moon"),
    ],
)
def test_term_that_is_not_kept_or_not_understood_is_refused_by_name(term, outcome):
    assert refused(FRAME | {"tender": tender(price=5, terms=[term])}) == (422, outcome)


def test_term_without_its_duration_is_not_understood():
    document = FRAME | {"tender": tender(price=5, terms=[{"term": "minimumResponseDuration"}])}

    assert refused(document) == (400, "")


def test_ignored_terms_are_dropped_and_others_where_the_product_says_so():
    lenient = replace(PRODUCT, other_terms=OtherTerms.IGNORE)

    assert one(terms=[{"term": "responseTime"}]).expiration is None
    assert one(lenient, terms=[{"term": "x-moon"}]).expiration is None
    strict = FRAME | {"tender": tender(price=5, terms=[{"term": "minimumRunDuration"}])}
    assert refused(strict, product=lenient) == (422, "minimumRunDuration")


def test_instructions_and_warrants_are_taken():
    found = one(executionInstructions="G", warrants=["renewable", "renewable"])

    assert (found.all_or_none, found.instructions, found.warrants) == (True, "G", ("renewable",))
    document = FRAME | {"tender": tender(price=5), "executionInstructions": "6"}
    assert refused(document) == (422, "executionInstructions")


def test_quoted_rules_are_those_of_the_product_or_of_the_market():
    rules = segment_rules(PRODUCT)
    document = FRAME | {"tender": tender(price=5)}

    for quoted in (rules["rulesHash"], market_hash([PRODUCT])):
        assert isinstance(parsed(document | {"acceptsRulesHash": quoted}), SubmitTenders)
    stale = segment_rules(replace(PRODUCT, lot=7))["rulesHash"]
    found = parsed(document | {"acceptsRulesHash": stale})
    assert (found.refused.term, rules["rulesHash"] in found.refused.description) == (
        "acceptsRulesHash",
        True,
    )


def test_hash_can_be_computed_from_what_is_published():
    rules = dict(segment_rules(PRODUCT))

    assert rules.pop("rulesHash") == hash_of(rules)


def test_cancelled_stream_is_answered_with_the_sum_of_what_was_left():
    border = Border(area="home", products={"power": PRODUCT})
    request = CancelTenders(party="app", request_id="c", product="power", tenders=("day",))
    ended = [
        Cancelled(
            party="app",
            product="power",
            tender=f"day.{k}",
            order=f"o-{k}",
            reason=CancelReason.REQUESTED,
            remaining=left,
        )
        for k, left in enumerate((10, 30))
    ]
    reply = Reply(party="app", request_id="c", at=NOW, outcomes=tuple(ended))
    payload = json.loads(reply_message(border, request, reply).payload)

    assert payload["eiCanceledResponse"]["tenderId"] == "day"
    assert payload["eiCanceledResponse"]["remainingQuantity"] == 40
    assert len(payload["canceledTenders"]) == 2


def test_created_stream_names_each_interval():
    request = parsed(STREAM, "create-stream-tender")
    taken = [
        Accepted(
            party="app",
            product="power",
            interval=s.interval,
            orders=((s.tenders[0].id, f"o-{k}"),),
        )
        for k, s in enumerate(request.sets)
    ]
    reply = Reply(party="app", request_id="r-1", at=NOW, outcomes=tuple(taken))
    border = Border(area="home", products={"power": PRODUCT})
    message = reply_message(border, request, reply)
    payload = json.loads(message.payload)

    assert message.topic == "rmf/1/home/u/app/in/created-stream-tender"
    assert (payload["tenderId"], payload["marketOrderId"]) == ("day", "o-0")
    assert [t["tenderId"] for t in payload["createdTenders"]] == ["day.0", "day.2"]


def test_refusal_lists_every_violated_term():
    several = Refused(
        party="app",
        product="power",
        code=ResponseCode.RULES_VIOLATION,
        detail=Detail.RULES_VIOLATION,
        description="price 11 is above the most, 10",
        term="price",
        violated=(("price", "too dear"), ("quantity", "too little")),
    )
    message = refusal_message("home", "create-tender", several, request_id="r", at=NOW)
    response = json.loads(message.payload)["response"]

    assert [one["term"] for one in response["termsViolated"]] == ["price", "quantity"]
