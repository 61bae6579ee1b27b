"""Pushes to a party's inbox ``u/U/in/OP``: what it did not ask for."""

from gateway.model.event import Cancelled
from gateway.model.product import Product
from gateway.model.time import Instant
from gateway.model.transaction import Transaction
from gateway.wire.message import Message
from gateway.wire.operations.cancel_tender import canceled_response
from gateway.wire.payloads import CanceledTender, CreateTransaction
from gateway.wire.response import response
from gateway.wire.tender_documents import executed
from gateway.wire.text import write
from gateway.wire.topics import Topics


def withdrawn_message(area: str, cancelled: Cancelled, at: Instant) -> Message:
    """The push that tells a party the market withdrew its tender (SUPERVISORY)."""
    payload: CanceledTender = {
        "v": 1,
        "inResponseTo": None,
        "partyId": cancelled.party,
        "counterPartyId": area,
        "segmentId": cancelled.product,
        "eiCanceledResponse": canceled_response(cancelled),
        "canceledTenders": [canceled_response(cancelled)],
        "response": response(None, at, description="withdrawn by the market"),
    }
    return Message(Topics(area).inbox(cancelled.party, "canceled-tender"), write(payload))


def transaction_message(area: str, transaction: Transaction, product: Product) -> Message:
    """The push of a binding match to its party; its id is also the request id."""
    payload: CreateTransaction = {
        "v": 1,
        "requestId": transaction.id,
        "partyId": transaction.party,
        "counterPartyId": transaction.counter_party,
        "segmentId": transaction.product,
        "marketTransactionId": transaction.id,
        "clearing": transaction.clearing,
        "transaction": {
            "marketTransactionId": transaction.id,
            "tender": executed(transaction, product),
        },
    }
    return Message(Topics(area).inbox(transaction.party, "create-transaction"), write(payload))
