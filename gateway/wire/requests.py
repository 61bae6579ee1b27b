"""What strangers publish, parsed into a request or turned into its answer.

After this border a request is well formed and speaks of this market; whether its terms hold
is for the market.  Nothing here raises, whatever the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.admittance import AskRegistration, ConsentGiven, RegistrationTold
from gateway.model.event import Detail, Refused
from gateway.model.forecast import OutsideForecast, TakenBack
from gateway.model.limit import LimitKey
from gateway.model.request import (
    LimitRequest,
    OwnerRequest,
    PartyLeft,
    PriceHeard,
    Request,
    WishRequest,
)
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import Duration, Instant, parse_duration, parse_iso_duration
from gateway.wire.border import Border
from gateway.wire.forecast import parse_forecast
from gateway.wire.message import Message
from gateway.wire.newcomers import parse_consent, parse_registration
from gateway.wire.operations import OPERATIONS
from gateway.wire.operations.operation import forbidden, quoted, shaped
from gateway.wire.operations.standings import CREATE_AVAIL, CREATE_OPT, MARKET
from gateway.wire.payloads import OwnerControlMessage
from gateway.wire.payloads_state import StatusPayload
from gateway.wire.replies import refusal_message
from gateway.wire.self_description import as_availability, as_opt
from gateway.wire.tenders import Refusal, decode_end, decode_instant, invalid, unknown
from gateway.wire.text import Unreadable, read
from gateway.wire.topics import (
    AcknowledgementTopic,
    ConsentTopic,
    OwnerForecastTopic,
    OwnerLimitTopic,
    OwnerTopic,
    OwnerWishTopic,
    PartyAvailTopic,
    PartyOptTopic,
    PartyStatusTopic,
    RegistrationTopic,
    RequestTopic,
    is_foreign_id,
)
from gateway.wire.wishes import parse_wish

_LONGEST_WORD = 80
_CONFIGURED = b"configured"
_LARGEST = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A request refused at the border, with what to tell the party.

    Attributes:
        refused: the same for the log.
    """

    message: Message
    refused: Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyThere:
    """A party says that it is there."""

    party: str


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
    Request
    | OwnerRequest
    | LimitRequest
    | WishRequest
    | OutsideForecast
    | TakenBack
    | PartyLeft
    | PriceHeard
    | Answer
    | Acknowledged
    | Ignored
    | PartyThere
    | AskRegistration
    | RegistrationTold
    | ConsentGiven
)


def parse(  # noqa: C901, PLR0911, PLR0912 - one arm per kind of topic
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
        case PartyOptTopic(party):
            asked = RequestTopic(party, MARKET, CREATE_OPT.name)
            return _request(asked, as_opt(party, payload), border, now)
        case PartyAvailTopic(party):
            asked = RequestTopic(party, MARKET, CREATE_AVAIL.name)
            return _request(asked, as_availability(party, payload), border, now)
        case RegistrationTopic(client):
            return parse_registration(client, payload, border, now)
        case ConsentTopic():
            consent = parse_consent(payload)
            return Ignored(topic=topic, reason=consent) if isinstance(consent, str) else consent
        case OwnerTopic():
            return _owner(topic, payload, now, border)
        case OwnerLimitTopic() as asked:
            return _owner_limit(topic, asked, payload, border)
        case OwnerWishTopic(device):
            wish = parse_wish(device, payload)
            if isinstance(wish, str):
                return Ignored(topic=topic, reason=wish, holds=border.topics.wish(device))
            return wish
        case OwnerForecastTopic(what):
            told = parse_forecast(what, payload, now)
            if isinstance(told, str):
                return Ignored(topic=topic, reason=told, holds=border.topics.forecast(what))
            return told
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
        message = refusal_message(
            border.area, topic.operation, refused, request_id=request_id, at=now
        )
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
    operation = OPERATIONS.get(topic.operation)
    if operation is None:
        message = (
            f"{quoted(topic.operation)} is not an operation here; there are {', '.join(OPERATIONS)}"
        )
        raise unknown(Detail.INVALID_REFERENCE, message)
    if topic.party in border.local:
        message = f"{topic.party} is a party of the gateway itself; nobody outside acts for it"
        raise forbidden(message)
    return operation.parse(topic, document, border)


def _acknowledged(topic: str, party: str, operation: str, payload: bytes) -> Parsed:
    try:
        document = _object(payload)
    except Refusal as refusal:
        return Ignored(topic=topic, reason=refusal.description)
    transaction = document.get("marketTransactionId", document.get("inResponseTo"))
    if not isinstance(transaction, str):
        why = "neither marketTransactionId nor inResponseTo says what is acknowledged"
        return Ignored(topic=topic, reason=why)
    return Acknowledged(party=party, operation=operation, transaction=transaction)


def _party_status(topic: str, party: str, payload: bytes) -> Parsed:
    try:
        message = shaped(StatusPayload, _object(payload))
    except Refusal as refusal:
        return Ignored(topic=topic, reason=refusal.description)
    if message["status"] == "online":
        return PartyThere(party=party)
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
        message = shaped(OwnerControlMessage, _owner_document(payload))
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
        reason = f"there is no limit {quoted(asked.key)}; there are {', '.join(LimitKey)}"
        return Ignored(topic=topic, reason=reason, holds=holds)
    try:
        value = read(payload)
    except Unreadable as error:
        return Ignored(topic=topic, reason=str(error), holds=holds)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        reason = f"found {quoted(value)}, allowed: a number"
        return Ignored(topic=topic, reason=reason, holds=holds)
    return LimitRequest(device=asked.device, key=LimitKey(asked.key), value=float(value))


def _owner_document(payload: bytes) -> Mapping[str, object]:
    word = payload[:_LONGEST_WORD].decode(errors="replace").strip().strip('"')
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
    message = f"for: {quoted(text)} is not a duration such as PT2H or 2h"
    raise invalid(message)
