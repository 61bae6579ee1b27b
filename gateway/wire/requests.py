"""What strangers publish, parsed into a request or turned into its answer.

After this border a request is well formed and speaks of this market; whether its terms hold
is for the market.  Nothing here raises, whatever the bytes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.limit import LimitKey
from gateway.model.product import Product
from gateway.model.request import (
    AskPosition,
    CancelTenders,
    LimitRequest,
    OwnerRequest,
    PartyLeft,
    PriceHeard,
    Request,
    SubmitTenders,
)
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.tender import Tender, TenderSet
from gateway.model.time import Duration, Instant, Interval, parse_duration, parse_iso_duration
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.payloads import (
    CancelTender,
    CreateTender,
    OwnerControlMessage,
    RequestPosition,
    TenderPayload,
)
from gateway.wire.payloads_state import StatusPayload
from gateway.wire.replies import ANSWERS, UNKNOWN_ANSWER, refusal_message
from gateway.wire.tenders import (
    Refusal,
    decode_end,
    decode_instant,
    decode_interval,
    decode_tender,
    invalid,
    unknown,
    violates,
)
from gateway.wire.text import Unreadable, read
from gateway.wire.topics import (
    AcknowledgementTopic,
    OwnerLimitTopic,
    OwnerTopic,
    PartyStatusTopic,
    RequestTopic,
    is_foreign_id,
)

_MAX_NAMED_FAULTS = 5
_MAX_QUOTED = 80
_CONFIGURED = b"configured"
_LARGEST = 1e9
_Shape = TypeVar("_Shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A request refused at the border, with what to tell the party.

    Attributes:
        refused: the same for the log.
    """

    message: Message
    refused: Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A party took note of a push; bookkeeping only, the match was final when sent."""

    party: str
    operation: str
    transaction: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A message that has no party to answer, and why nothing was done.

    Attributes:
        holds: the topic on which what holds stands; told again where somebody may believe
            that the message was taken.
    """

    topic: str
    reason: str
    holds: str = ""


Parsed = (
    Request | OwnerRequest | LimitRequest | PartyLeft | PriceHeard | Answer | Acknowledged | Ignored
)


def parse(  # noqa: PLR0911 - one arm per kind of topic
    topic: str, payload: bytes, border: Border, now: Instant
) -> Parsed:
    """What the message asks of the house, or the answer to it.  Never raises."""
    if topic in border.prices:
        return _price(topic, payload)
    match border.topics.parse(topic):
        case RequestTopic() as asked:
            return _request(asked, payload, border, now)
        case AcknowledgementTopic(party, operation):
            return _acknowledged(topic, party, operation, payload)
        case PartyStatusTopic(party):
            return _party_status(topic, party, payload)
        case OwnerTopic():
            return _owner(topic, payload, now, border)
        case OwnerLimitTopic() as asked:
            return _owner_limit(topic, asked, payload, border)
        case None:
            return Ignored(topic=topic, reason="no such topic is listened to")


def _request(topic: RequestTopic, payload: bytes, border: Border, now: Instant) -> Parsed:
    request_id: str | None = None
    try:
        document = _object(payload)
        request_id = _request_id(document)
        return _checked(topic, document, border)
    except Refusal as refusal:
        refused = Refused(
            party=topic.party,
            product=topic.product,
            code=refusal.code,
            detail=refusal.detail,
            description=refusal.description,
            term=refusal.term,
        )
        operation = ANSWERS.get(topic.operation, UNKNOWN_ANSWER)
        message = refusal_message(border.area, operation, refused, request_id=request_id, at=now)
        return Answer(message=message, refused=refused)


def _object(payload: bytes) -> Mapping[str, object]:
    try:
        document = read(payload)
    except Unreadable as error:
        raise invalid(str(error)) from error
    if not isinstance(document, dict):
        message = "the payload is not a JSON object"
        raise invalid(message)
    return document


def _request_id(document: Mapping[str, object]) -> str | None:
    found = document.get("requestId")
    return found if isinstance(found, str) and is_foreign_id(found) else None


def _checked(topic: RequestTopic, document: Mapping[str, object], border: Border) -> Request:
    if topic.operation not in ANSWERS:
        known = ", ".join(ANSWERS)
        message = f"{_quoted(topic.operation)} is not an operation here; there are {known}"
        raise unknown(Detail.INVALID_REFERENCE, message)
    if topic.party in border.local:
        message = f"{topic.party} is a party of the gateway itself; nobody outside acts for it"
        raise _forbidden(message)
    if topic.operation == "request-position":
        return _ask_position(topic, _shaped(_request_position(), document), border)
    if topic.operation == "cancel-tender":
        return _cancel(topic, _shaped(_cancel_tender(), document), border)
    return _submit(topic, _shaped(_create_tender(), document), border)


def _submit(topic: RequestTopic, message: CreateTender, border: Border) -> SubmitTenders:
    product = _agreed(topic, message, border)
    payloads = _tenders(message)
    if message.get("atMostOne", False) and len(payloads) > 1:
        text = f"{product.id} does not take alternatives; send atMostOne false or one tender"
        raise violates(text, "atMostOne")
    if message.get("executionInstructions", "") != "":
        text = f"{product.id} takes no execution instructions; leave them empty"
        raise violates(text, "executionInstructions")
    decoded = [
        decode_tender(payload, product, f"tenders[{index}]" if "tenders" in message else "tender")
        for index, payload in enumerate(payloads)
    ]
    interval = _one_interval([interval for interval, _ in decoded], product)
    tenders = tuple(tender for _, tender in decoded)
    _refuse_twins(tenders)
    return SubmitTenders(
        party=topic.party,
        request_id=message["requestId"],
        tenders=TenderSet(
            party=topic.party,
            product=product.id,
            interval=interval,
            tenders=tenders,
            netting=message.get("netting", False),
            revision=message.get("revision", 0),
        ),
    )


def _cancel(topic: RequestTopic, message: CancelTender, border: Border) -> CancelTenders:
    product = _agreed(topic, message, border)
    ids = [*message.get("tenderIds", ())]
    if "tenderId" in message:
        ids.insert(0, message["tenderId"])
    if not ids:
        text = "tenderId is missing; name one tenderId or several tenderIds"
        raise invalid(text)
    return CancelTenders(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        tenders=tuple(dict.fromkeys(ids)),
    )


def _ask_position(topic: RequestTopic, message: RequestPosition, border: Border) -> AskPosition:
    for field in ("requestor", "positionParty"):
        if message[field] != topic.party:
            text = f"{field} {_quoted(message[field])}: {topic.party} sees only its own position"
            raise _forbidden(text)
    product = _known(topic, message["marketId"], border)
    if message["resourceDesignator"] != product.resource:
        text = f"{product.id} trades {product.resource}, not {message['resourceDesignator']!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return AskPosition(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        interval=decode_interval(message["boundingInterval"], "boundingInterval"),
    )


def _agreed(topic: RequestTopic, message: CreateTender | CancelTender, border: Border) -> Product:
    if message["partyId"] != topic.party:
        text = f"partyId {_quoted(message['partyId'])} is not the topic's {topic.party}"
        raise _forbidden(text)
    product = _known(topic, message["marketId"], border)
    if message["counterPartyId"] != border.area:
        found = _quoted(message["counterPartyId"])
        text = f"counterPartyId {found}: the market's party is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    if message["segmentId"] not in border.products:
        raise _no_segment(message["segmentId"], border)
    if message["segmentId"] != product.id:
        text = f"segmentId {_quoted(message['segmentId'])} is not the topic's {product.id}"
        raise _forbidden(text)
    return product


def _known(topic: RequestTopic, market: str, border: Border) -> Product:
    if market != border.area:
        text = f"marketId {_quoted(market)}: this market is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    product = border.products.get(topic.product)
    if product is None:
        raise _no_segment(topic.product, border)
    return product


def _no_segment(found: str, border: Border) -> Refusal:
    known = ", ".join(border.products)
    return unknown(
        Detail.INVALID_SEGMENT, f"{_quoted(found)} is not a product here; there are {known}"
    )


def _tenders(message: CreateTender) -> list[TenderPayload]:
    match message:
        case {"tender": _, "tenders": _}:
            text = "tender and tenders are both given; one of them is taken"
            raise invalid(text)
        case {"tender": one}:
            return [one]
        case {"tenders": several}:
            return several
        case _:
            text = "tender is missing; give one tender or a list of tenders"
            raise invalid(text)


def _one_interval(intervals: list[Interval], product: Product) -> Interval:
    first = intervals[0]
    if any(interval != first for interval in intervals):
        text = "all tenders of one request are for the same interval"
        raise violates(text, "interval")
    if not product.is_on_grid(first):
        text = f"no instrument of {product.id} has this start and duration"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return first


def _refuse_twins(tenders: tuple[Tender, ...]) -> None:
    ids = [tender.id for tender in tenders]
    twins = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twins:
        text = f"tenderId {twins[0]!r} is given twice in one request"
        raise Refusal(ResponseCode.DUPLICATE, Detail.DUPLICATE, text)


def _acknowledged(topic: str, party: str, operation: str, payload: bytes) -> Parsed:
    try:
        document = _object(payload)
    except Refusal as refusal:
        return Ignored(topic=topic, reason=refusal.description)
    transaction = document.get("marketTransactionId")
    if not isinstance(transaction, str):
        return Ignored(topic=topic, reason="marketTransactionId is missing")
    return Acknowledged(party=party, operation=operation, transaction=transaction)


def _party_status(topic: str, party: str, payload: bytes) -> Parsed:
    try:
        message = _shaped(_status(), _object(payload))
    except Refusal as refusal:
        return Ignored(topic=topic, reason=refusal.description)
    if message["status"] == "online":
        return Ignored(topic=topic, reason="that a party is there changes nothing")
    return PartyLeft(party=party)


def _price(topic: str, payload: bytes) -> Parsed:
    try:
        document = read(payload)
    except Unreadable as error:
        return Ignored(topic=topic, reason=str(error))
    if isinstance(document, bool) or not isinstance(document, int | float):
        return Ignored(topic=topic, reason="a price is a JSON number, e.g. 0.31")
    try:
        return PriceHeard(topic=topic, value=float(document))
    except OverflowError:
        return Ignored(topic=topic, reason="this number is no price")


def _owner(topic: str, payload: bytes, now: Instant, border: Border) -> Parsed:
    holds = border.topics.control
    if payload.strip().strip(b'"') == _CONFIGURED:
        return OwnerRequest(control=None, by="topic")
    try:
        message = _shaped(_owner_control(), _owner_document(payload))
        until = _until(message, now)
    except Refusal as refusal:
        return Ignored(topic=topic, reason=refusal.description, holds=holds)
    if until is not None and until <= now:
        return Ignored(topic=topic, reason="the end of this mode is past", holds=holds)
    control = OwnerControl(mode=ControlMode(message["mode"]), until=until)
    return OwnerRequest(control=control, by="topic")


def _owner_limit(topic: str, asked: OwnerLimitTopic, payload: bytes, border: Border) -> Parsed:
    holds = border.topics.limits(asked.device)
    if asked.key not in set(LimitKey):
        reason = f"there is no limit {_quoted(asked.key)}; there are {', '.join(LimitKey)}"
        return Ignored(topic=topic, reason=reason, holds=holds)
    try:
        value = read(payload)
    except Unreadable as error:
        return Ignored(topic=topic, reason=str(error), holds=holds)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        reason = f"found {_quoted(value)}, allowed: a number"
        return Ignored(topic=topic, reason=reason, holds=holds)
    return LimitRequest(device=asked.device, key=LimitKey(asked.key), value=float(value))


def _owner_document(payload: bytes) -> Mapping[str, object]:
    word = payload[:_MAX_QUOTED].decode(errors="replace").strip().strip('"')
    if word in set(ControlMode):
        return {"mode": word}
    return _object(payload)


def _until(message: OwnerControlMessage, now: Instant) -> Instant | None:
    until, length = message.get("until"), message.get("for")
    if until is not None and length is not None:
        text = "until and for are both given; one of them is taken"
        raise invalid(text)
    if until is not None:
        return decode_instant(until, "until")
    return None if length is None else decode_end(now, _duration(length), "for")


def _duration(text: str) -> Duration:
    for parser in (parse_iso_duration, parse_duration):
        try:
            return parser(text)
        except ValueError:
            continue
    message = f"for: {_quoted(text)} is not a duration such as PT2H or 2h"
    raise invalid(message)


def _shaped(shape: TypeAdapter[_Shape], document: Mapping[str, object]) -> _Shape:
    try:
        return shape.validate_python(document, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        text = "; ".join(_fault(fault) for fault in faults[:_MAX_NAMED_FAULTS])
        raise invalid(text) from error


@cache
def _create_tender() -> TypeAdapter[CreateTender]:
    return TypeAdapter(CreateTender)


@cache
def _cancel_tender() -> TypeAdapter[CancelTender]:
    return TypeAdapter(CancelTender)


@cache
def _request_position() -> TypeAdapter[RequestPosition]:
    return TypeAdapter(RequestPosition)


@cache
def _status() -> TypeAdapter[StatusPayload]:
    return TypeAdapter(StatusPayload)


@cache
def _owner_control() -> TypeAdapter[OwnerControlMessage]:
    return TypeAdapter(OwnerControlMessage)


def _fault(fault: Mapping[str, Any]) -> str:
    path = ".".join(str(key) for key in fault["loc"])
    if fault["type"] == "missing":
        return f"{path} is missing"
    return f"{path}: found {_quoted(fault['input'])}, {fault['msg'].lower()}"


def _quoted(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…"


def _forbidden(description: str) -> Refusal:
    return Refusal(ResponseCode.NOT_AUTHORIZED, Detail.NOT_AUTHORIZED, description)
