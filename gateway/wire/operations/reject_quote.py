"""EiRejectQuote: the party that a quote is for does not want it."""

from collections.abc import Mapping
from typing import Final

from gateway.model.negotiation import RejectQuote
from gateway.model.quote import QuoteRejected
from gateway.model.request import Reply
from gateway.wire import payloads_quotes as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, addressed, shaped
from gateway.wire.response import response
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> RejectQuote:
    message = shaped(payloads.RejectQuote, document)
    product, _ = addressed(topic, message, border)
    return RejectQuote(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        quote=message["referencedQuoteId"],
    )


def _reply(border: Border, request: RejectQuote, reply: Reply) -> Message:
    rejected = next(one for one in reply.outcomes if isinstance(one, QuoteRejected))
    payload: payloads.RejectedQuote = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": request.product,
        "referencedQuoteId": request.quote,
        "quoteId": rejected.quote.quote.tender.id,
        "response": response(reply.request_id, reply.at),
    }
    return Message(Topics(border.area).inbox(reply.party, REJECT_QUOTE.answer), write(payload))


def _about(request: RejectQuote) -> dict[str, object]:
    return {"referencedQuoteId": request.quote}


REJECT_QUOTE: Final = Operation(
    name="reject-quote",
    answer="rejected-quote",
    request=RejectQuote,
    parse=_parse,
    reply=_reply,
    about=_about,
)
