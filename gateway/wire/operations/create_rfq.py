"""EiCreateRfq: asking everybody, or one party, for quotes."""

from collections.abc import Mapping
from typing import Final

from gateway.model.negotiation import CreateRfq
from gateway.model.quote import RfqChanged
from gateway.model.request import Reply
from gateway.wire import payloads_quotes as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, addressed, shaped
from gateway.wire.quote_documents import decode_rfq
from gateway.wire.response import response
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> CreateRfq:
    message = shaped(payloads.CreateRfq, document)
    product, to = addressed(topic, message, border)
    rfq = decode_rfq(message, topic.party, product, to)
    return CreateRfq(party=topic.party, request_id=message["requestId"], rfq=rfq)


def _reply(border: Border, _request: CreateRfq, reply: Reply) -> Message:
    asked = next(one for one in reply.outcomes if isinstance(one, RfqChanged))
    payload: payloads.CreatedRfq = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": asked.product,
        "rfqId": asked.rfq.id,
        "marketRfqId": asked.id,
        "response": response(reply.request_id, reply.at),
    }
    return Message(Topics(border.area).inbox(reply.party, CREATE_RFQ.answer), write(payload))


def _about(request: CreateRfq) -> dict[str, object]:
    return {"rfqId": request.rfq.id}


CREATE_RFQ: Final = Operation(
    name="create-rfq",
    answer="created-rfq",
    request=CreateRfq,
    parse=_parse,
    reply=_reply,
    about=_about,
)
