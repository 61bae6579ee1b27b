"""EiCreateEnrollment, EiRequestEnrollment, EiCancelEnrollment: what a party trades.

Source: Energy Interoperation 1.0, EiEnroll.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.model.admittance import AskEnrolment, Enrol, EnrolmentTold, LeaveProduct
from gateway.model.request import Reply
from gateway.model.time import Instant
from gateway.wire.border import Border
from gateway.wire.budgets import budget_payload
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.payloads_parties import (
    CancelEnrollment,
    CreatedEnrollment,
    CreateEnrollment,
    RequestEnrollment,
)
from gateway.wire.response import response
from gateway.wire.rules import check_hash, segment_rules
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic


def enrollment_message(
    border: Border, told: EnrolmentTold, answer: str, request_id: str | None, at: Instant
) -> Message:
    """An answer, or a push where ``request_id`` is None."""
    payload: CreatedEnrollment = {
        "v": 1,
        "inResponseTo": request_id,
        "partyId": told.party,
        "counterPartyId": border.area,
        "segmentId": told.product,
        "enrollmentState": told.state.value,
        "rulesHash": segment_rules(border.products[told.product])["rulesHash"],
        "budget": budget_payload(told.allowance),
        "response": response(request_id, at),
    }
    return Message(border.topics.inbox(told.party, answer), write(payload))


def _create(topic: RequestTopic, document: Mapping[str, object], border: Border) -> Enrol:
    message = shaped(CreateEnrollment, document)
    product = agreed(topic, message, border)
    check_hash(message.get("acceptsRulesHash"), product, border.products.values())
    return Enrol(party=topic.party, request_id=message["requestId"], product=product.id)


def _request(topic: RequestTopic, document: Mapping[str, object], border: Border) -> AskEnrolment:
    message = shaped(RequestEnrollment, document)
    product = agreed(topic, message, border)
    return AskEnrolment(party=topic.party, request_id=message["requestId"], product=product.id)


def _cancel(topic: RequestTopic, document: Mapping[str, object], border: Border) -> LeaveProduct:
    message = shaped(CancelEnrollment, document)
    product = agreed(topic, message, border)
    return LeaveProduct(party=topic.party, request_id=message["requestId"], product=product.id)


def _replying(answer: str) -> Callable[[Border, object, Reply], Message]:
    def reply_message(border: Border, _asked: object, reply: Reply) -> Message:
        told = next(one for one in reply.outcomes if isinstance(one, EnrolmentTold))
        return enrollment_message(border, told, answer, reply.request_id, reply.at)

    return reply_message


CREATE_ENROLLMENT: Final = Operation(
    name="create-enrollment",
    answer="created-enrollment",
    request=Enrol,
    parse=_create,
    reply=_replying("created-enrollment"),
)
REQUEST_ENROLLMENT: Final = Operation(
    name="request-enrollment",
    answer="reply-enrollment",
    request=AskEnrolment,
    parse=_request,
    reply=_replying("reply-enrollment"),
)
CANCEL_ENROLLMENT: Final = Operation(
    name="cancel-enrollment",
    answer="canceled-enrollment",
    request=LeaveProduct,
    parse=_cancel,
    reply=_replying("canceled-enrollment"),
)
