"""EiCancelQuote: open quotes and requests by their ids, all of them or none."""

from collections.abc import Mapping
from typing import Final

from gateway.model.negotiation import CancelQuotes
from gateway.model.quote import QuoteChanged, RfqChanged
from gateway.model.request import Reply
from gateway.wire import payloads_quotes as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.quotes import canceled
from gateway.wire.response import response
from gateway.wire.tenders import invalid
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> CancelQuotes:
    message = shaped(payloads.CancelQuote, document)
    product = agreed(topic, message, border)
    ids = [
        *message.get("quoteIds", ()),
        *message.get("marketQuoteIds", ()),
        *message.get("rfqIds", ()),
    ]
    if not ids:
        text = "nothing is named; give quoteIds, marketQuoteIds or rfqIds"
        raise invalid(text)
    return CancelQuotes(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        ids=tuple(dict.fromkeys(ids)),
    )


def _reply(border: Border, _request: CancelQuotes, reply: Reply) -> Message:
    ended = [canceled(one) for one in reply.outcomes if isinstance(one, QuoteChanged | RfqChanged)]
    payload: payloads.CanceledQuote = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "canceledQuotes": ended,
        "response": response(reply.request_id, reply.at),
    }
    if len(ended) == 1:
        payload["eiCanceledResponse"] = ended[0]
    return Message(Topics(border.area).inbox(reply.party, CANCEL_QUOTE.answer), write(payload))


CANCEL_QUOTE: Final = Operation(
    name="cancel-quote",
    answer="canceled-quote",
    request=CancelQuotes,
    parse=_parse,
    reply=_reply,
)
