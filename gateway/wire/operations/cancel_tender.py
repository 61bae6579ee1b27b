"""EiCancelTender: open tenders by their ids, all of them or none; a stream by its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.model.event import Cancelled
from gateway.model.request import CancelTenders, Reply
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.payloads import CanceledResponse, CanceledTender, CancelTender
from gateway.wire.response import response
from gateway.wire.tenders import invalid
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def canceled_response(cancelled: Cancelled) -> CanceledResponse:
    """EiCanceledResponseType of one tender."""
    return {
        "tenderId": cancelled.tender,
        "marketOrderId": cancelled.order,
        "cancelReason": "SUPERVISORY" if cancelled.reason == "SUPERVISORY" else "REQUESTED",
        "remainingQuantity": cancelled.remaining,
        "success": cancelled.remaining > 0,
    }


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> CancelTenders:
    message = shaped(CancelTender, document)
    product = agreed(topic, message, border)
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


def _reply(border: Border, request: CancelTenders, reply: Reply) -> Message:
    cancelled = [one for one in reply.outcomes if isinstance(one, Cancelled)]
    payload: CanceledTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "canceledTenders": [canceled_response(one) for one in cancelled],
        "response": response(reply.request_id, reply.at),
    }
    if cancelled and len(request.tenders) == 1:
        left = sum(one.remaining for one in cancelled)
        whole = replace(cancelled[0], tender=request.tenders[0], remaining=left)
        payload["eiCanceledResponse"] = canceled_response(whole)
    return Message(Topics(border.area).inbox(reply.party, CANCEL_TENDER.answer), write(payload))


CANCEL_TENDER: Final = Operation(
    name="cancel-tender",
    answer="canceled-tender",
    request=CancelTenders,
    parse=_parse,
    reply=_reply,
)
