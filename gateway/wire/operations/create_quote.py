"""EiCreateQuote: a price that others may accept, or an indication."""

from collections.abc import Mapping
from typing import Final

from gateway.model.negotiation import CreateQuote
from gateway.model.quote import QuoteChanged
from gateway.model.request import Reply
from gateway.wire import payloads_quotes as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, addressed, shaped
from gateway.wire.quote_documents import decode_quote
from gateway.wire.response import response
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> CreateQuote:
    message = shaped(payloads.CreateQuote, document)
    product, to = addressed(topic, message, border)
    quote = decode_quote(message, topic.party, product, to)
    return CreateQuote(party=topic.party, request_id=message["requestId"], quote=quote)


def _reply(border: Border, _request: CreateQuote, reply: Reply) -> Message:
    quoted = next(one for one in reply.outcomes if isinstance(one, QuoteChanged))
    payload: payloads.CreatedQuote = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": quoted.product,
        "quoteId": quoted.quote.tender.id,
        "marketOrderId": quoted.id,
        "marketQuoteId": quoted.id,
        "response": response(reply.request_id, reply.at),
    }
    return Message(Topics(border.area).inbox(reply.party, CREATE_QUOTE.answer), write(payload))


def _about(request: CreateQuote) -> dict[str, object]:
    return {"quoteId": request.quote.tender.id}


CREATE_QUOTE: Final = Operation(
    name="create-quote",
    answer="created-quote",
    request=CreateQuote,
    parse=_parse,
    reply=_reply,
    about=_about,
)
