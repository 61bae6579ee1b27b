"""EiRequestPartyRegistration and EiCancelPartyRegistration: a party about itself.

They are about no product: ``market`` stands in its place in the topic.
Source: Energy Interoperation 1.0, EiRegisterParty.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.admittance import AskMembership, LeaveMarket, Membership
from gateway.model.event import Detail
from gateway.model.request import Reply
from gateway.model.time import rfc3339
from gateway.wire.border import Border
from gateway.wire.budgets import budget_payload
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, forbidden, quoted, shaped
from gateway.wire.payloads_parties import (
    CanceledPartyRegistration,
    CancelPartyRegistration,
    RegistrationPayload,
    ReplyPartyRegistration,
    RequestPartyRegistration,
)
from gateway.wire.response import response
from gateway.wire.tenders import unknown
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic

MARKET: Final = "market"
"""Stands for the product in the topic of a request that is about none."""


def _ask(topic: RequestTopic, document: Mapping[str, object], border: Border) -> AskMembership:
    message = shaped(RequestPartyRegistration, document)
    _own(topic, message["requestorPartyId"], "requestorPartyId", border)
    _own(topic, message.get("registreePartyId", topic.party), "registreePartyId", border)
    return AskMembership(party=topic.party, request_id=message["requestId"], product=MARKET)


def _leave(topic: RequestTopic, document: Mapping[str, object], border: Border) -> LeaveMarket:
    message = shaped(CancelPartyRegistration, document)
    _own(topic, message["registreePartyId"], "registreePartyId", border)
    return LeaveMarket(party=topic.party, request_id=message["requestId"], product=MARKET)


def _own(topic: RequestTopic, found: str, field: str, border: Border) -> None:
    if topic.product != MARKET:
        where = border.topics.request(topic.party, MARKET, topic.operation)
        text = f"{quoted(topic.product)}: this is about no product, it is asked on {where}"
        raise unknown(Detail.INVALID_SEGMENT, text)
    if found != topic.party:
        text = f"{field} {quoted(found)} is not the topic's {topic.party}"
        raise forbidden(text)


def _told(border: Border, _asked: AskMembership, reply: Reply) -> Message:
    found = next(one for one in reply.outcomes if isinstance(one, Membership))
    one: RegistrationPayload = {
        "registreePartyId": found.party,
        "registrarPartyId": border.area,
        "registrationInfo": {"name": found.what} if found.what else {},
        "enrollments": [
            {"segmentId": product, "enrollmentState": state.value}
            for product, state in found.products
        ],
        "budget": budget_payload(found.allowance),
    }
    if found.since is not None:
        one["registeredSince"] = rfc3339(found.since)
    payload: ReplyPartyRegistration = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "requestorPartyId": reply.party,
        "registrations": [one],
        "response": response(reply.request_id, reply.at),
    }
    return Message(
        border.topics.inbox(reply.party, REQUEST_PARTY_REGISTRATION.answer), write(payload)
    )


def _left(border: Border, _asked: LeaveMarket, reply: Reply) -> Message:
    payload: CanceledPartyRegistration = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "registreePartyId": reply.party,
        "registrarPartyId": border.area,
        "response": response(reply.request_id, reply.at),
    }
    return Message(
        border.topics.inbox(reply.party, CANCEL_PARTY_REGISTRATION.answer), write(payload)
    )


REQUEST_PARTY_REGISTRATION: Final = Operation(
    name="request-party-registration",
    answer="reply-party-registration",
    request=AskMembership,
    parse=_ask,
    reply=_told,
)
CANCEL_PARTY_REGISTRATION: Final = Operation(
    name="cancel-party-registration",
    answer="canceled-party-registration",
    request=LeaveMarket,
    parse=_leave,
    reply=_left,
)
