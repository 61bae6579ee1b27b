"""The mirror's messages fit their published schemas, and the page about them is up to date."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from gateway.model.event import (
    BookView,
    Detail,
    FaultChanged,
    Push,
    Refused,
    ResponseCode,
)
from gateway.model.reading import Reading
from gateway.model.resource import POWER
from gateway.wire.errors import OUTCOMES
from gateway.wire.filters import matches
from gateway.wire.mirror import Mirror
from gateway.wire.schemas import SHAPES, schemas, topic_filter
from scripts import mqtt_docs
from scripts.mqtt_docs import FACTS, NOW, SITE

SCHEMAS = schemas()
MIRROR = Mirror(SITE)
MESSAGES = [
    MIRROR.birth(NOW),
    MIRROR.will(),
    *MIRROR.standing(),
    *(message for fact in FACTS for message in MIRROR.messages(fact, NOW)),
]


def shape(topic):  # noqa: PLR0911 - one arm per kind of topic
    """``rmf/1/home/d/roof/fault/X`` -> ``d/D/fault/CODE``."""
    match topic.removeprefix("rmf/1/home/").split("/"):
        case ["p", _, "tender", _]:
            return "p/P/tender/U"
        case ["p", _, ("quote" | "rfq") as kind, _]:
            return f"p/P/{kind}/{kind[0].upper()}ID"
        case ["u", _, "pos", _]:
            return "u/U/pos/P"
        case ["tie", _, leaf]:
            return f"tie/B/{leaf}"
        case ["u", _, "statement", _]:
            return "u/U/statement/YYYYMMDD"
        case ["f", _]:
            return "f/WHAT"
        case ["d", _, "fault", _]:
            return "d/D/fault/CODE"
        case [("p" | "d" | "u") as kind, _, *rest]:
            return "/".join([kind, kind.upper(), *rest])
        case levels:
            return "/".join(levels)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.topic)
def test_message_fits_the_schema_of_its_topic(message):
    TypeAdapter(SHAPES[shape(message.topic)]).validate_python(
        json.loads(message.payload), strict=True
    )


def test_every_schema_is_self_contained_json():
    for schema in schemas().values():
        assert json.loads(json.dumps(schema)) == schema
        assert schema["type"] == "object"
        Draft202012Validator.check_schema(schema)
    ids = [schema["$id"] for schema in schemas().values()]
    assert len(set(ids)) == len(ids)


def examples():
    """(topic, payload) of every example on the page about MQTT."""
    page = mqtt_docs.DOCUMENT.read_text()
    return re.findall(r"^`(rmf/1/home/\S+)`\n\n```json\n(.*?)\n```", page, re.MULTILINE)


@pytest.mark.parametrize(("topic", "payload"), examples(), ids=lambda text: text[:60])
def test_every_example_on_the_page_fits_its_exported_schema(topic, payload):
    shapes = [one for one in SHAPES if matches(f"rmf/1/home/{topic_filter(one)}", topic)]
    assert shapes, topic
    errors = list(Draft202012Validator(SCHEMAS[shapes[0]]).iter_errors(json.loads(payload)))
    assert not errors, errors[0]


def test_a_schema_refuses_what_is_wrong():
    submission = SCHEMAS["u/U/req/P/create-tender"]
    assert not Draft202012Validator(submission).is_valid({"requestId": "r 1"})


def test_every_code_and_detail_is_in_the_table_of_refusals():
    assert {one.code for one in OUTCOMES} == set(ResponseCode) - {ResponseCode.OK}
    details = [detail for one in OUTCOMES for detail in one.details]
    assert sorted(details) == sorted(set(Detail) - {Detail.SUCCESS})


def test_page_is_what_the_code_makes():
    """If this fails: ``python scripts/mqtt_docs.py``."""
    assert mqtt_docs.document() == mqtt_docs.DOCUMENT.read_text()
    assert mqtt_docs.undocumented() == set()


def fact(kind):
    return next(one for one in FACTS if type(one).__name__ == kind)


def test_fault_that_went_and_book_that_emptied_are_cleared():
    gone = FaultChanged(device="roof", code="X", active=False, at=NOW)
    empty = BookView(party="app", product="power", sets=())
    for message in (*MIRROR.messages(gone, NOW), *MIRROR.messages(empty, NOW)):
        assert (message.payload, message.retain) == (b"", True)


def test_missing_values_are_null_or_absent_and_never_zero():
    reading = Reading(device="roof", at=NOW, flows={POWER: float("nan")}, points={"103.A": None})
    [message] = MIRROR.messages(reading, NOW)
    payload = json.loads(message.payload)
    assert payload["flows"] == {"POWER": None}
    assert payload["points"] == {"103.A": None}
    assert "soc_pct" not in payload


def test_match_is_ticked_for_all_and_pushed_with_its_number():
    transaction = fact("Transaction")
    [tick] = MIRROR.messages(transaction, NOW)
    assert tick.topic == "rmf/1/home/p/power/tick/transaction"
    [push] = MIRROR.messages(Push(fact=transaction, at=NOW, epoch=3, seq=7), NOW)
    assert push.topic == "rmf/1/home/u/guest/in/create-transaction"
    payload = json.loads(push.payload)
    assert (payload["epoch"], payload["seq"], payload["requestId"]) == (3, 7, transaction.id)


def test_withdrawal_is_pushed_with_an_id_to_acknowledge_it_by():
    cancelled = fact("Cancelled")
    assert MIRROR.messages(cancelled, NOW) == ()
    [push] = MIRROR.messages(Push(fact=cancelled, at=NOW, epoch=3, seq=8), NOW)
    payload = json.loads(push.payload)
    assert (payload["seq"], payload["requestId"]) == (8, cancelled.order)


def test_refusals_are_not_mirrored():
    refused = Refused(
        party="app",
        product="power",
        code=ResponseCode.DUPLICATE,
        detail="DUPLICATE",
        description="",
    )
    assert MIRROR.messages(refused, NOW) == ()


def test_same_fact_gives_the_same_bytes():
    for one in FACTS:
        assert MIRROR.messages(one, NOW) == Mirror(SITE).messages(one, NOW)


def test_clearing_says_why_its_price_is_what_it_is():
    [message] = MIRROR.messages(fact("Clearing"), NOW)
    assert json.loads(message.payload)["because"] == (
        "utility buying 1500 of 5000 W at 0.0800 EUR/kWh sets the price of 0.0800 EUR/kWh. "
        "Next dearer: guest buying 800 W at 0.2500 EUR/kWh."
    )
