"""EiAcceptQuote: trading at a quote, binding at once."""

from collections.abc import Mapping
from typing import Final

from gateway.model.negotiation import AcceptQuote
from gateway.model.request import Reply
from gateway.model.transaction import Transaction
from gateway.wire import payloads_quotes as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, addressed, shaped
from gateway.wire.quote_documents import decode_acceptance
from gateway.wire.response import response
from gateway.wire.tender_documents import executed
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> AcceptQuote:
    message = shaped(payloads.AcceptQuote, document)
    product, _ = addressed(topic, message, border)
    interval, tender = decode_acceptance(message, product)
    return AcceptQuote(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        quote=message["referencedQuoteId"],
        tender=tender,
        interval=interval,
    )


def _reply(border: Border, request: AcceptQuote, reply: Reply) -> Message:
    traded = next(one for one in reply.outcomes if isinstance(one, Transaction))
    tender = executed(traded, border.products[traded.product])
    payload: payloads.AcceptedQuote = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": traded.counter_party,
        "segmentId": traded.product,
        "referencedQuoteId": request.quote,
        "marketTransactionId": traded.id,
        "recipientTransactionId": "",
        "finalMarketTransaction": {
            "marketTransactionId": traded.id,
            "tender": {**tender, "referencedQuoteId": request.quote},
        },
        "response": response(reply.request_id, reply.at),
    }
    return Message(Topics(border.area).inbox(reply.party, ACCEPT_QUOTE.answer), write(payload))


def _about(request: AcceptQuote) -> dict[str, object]:
    return {"referencedQuoteId": request.quote}


ACCEPT_QUOTE: Final = Operation(
    name="accept-quote",
    answer="accepted-quote",
    request=AcceptQuote,
    parse=_parse,
    reply=_reply,
    about=_about,
)
