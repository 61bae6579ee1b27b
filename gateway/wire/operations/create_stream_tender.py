"""EiCreateStreamTender: one tender per contiguous interval, all of them taken or none."""

from collections.abc import Mapping
from typing import Final

from gateway.model.event import Accepted
from gateway.model.request import Reply, SubmitStream
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.create_tender import orders_of, sets_of
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.payloads import CreatedStreamTender, CreateStreamTender
from gateway.wire.response import response
from gateway.wire.rules import check_hash
from gateway.wire.tender_documents import decode_stream
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> SubmitStream:
    message = shaped(CreateStreamTender, document)
    product = agreed(topic, message, border)
    check_hash(message.get("acceptsRulesHash"), product, border.products.values())
    tender, instructions = message["tender"], message.get("executionInstructions", "")
    first, *more = sets_of(topic.party, product, decode_stream(tender, product, instructions))
    return SubmitStream(
        party=topic.party,
        request_id=message["requestId"],
        tenders=first,
        more=tuple(more),
        stream=tender["tenderId"],
    )


def _reply(border: Border, request: SubmitStream, reply: Reply) -> Message:
    orders = orders_of(one for one in reply.outcomes if isinstance(one, Accepted))
    payload: CreatedStreamTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": request.product,
        "tenderId": request.stream,
        "marketOrderId": orders[0]["marketOrderId"],
        "createdTenders": orders,
        "response": response(reply.request_id, reply.at),
    }
    inbox = Topics(border.area).inbox(reply.party, CREATE_STREAM_TENDER.answer)
    return Message(inbox, write(payload))


def _about(request: SubmitStream) -> dict[str, object]:
    return {"tenderId": request.stream}


CREATE_STREAM_TENDER: Final = Operation(
    name="create-stream-tender",
    answer="created-stream-tender",
    request=SubmitStream,
    parse=_parse,
    reply=_reply,
    about=_about,
)
