"""Pushes to a party's inbox ``u/U/in/OP``: what it did not ask for."""

from gateway.model.event import Cancelled, Push
from gateway.model.product import Product
from gateway.model.transaction import Transaction
from gateway.wire.message import Message
from gateway.wire.operations.cancel_tender import canceled_response
from gateway.wire.payloads import CanceledTender, CreateTransaction
from gateway.wire.response import response
from gateway.wire.tender_documents import executed
from gateway.wire.text import write
from gateway.wire.topics import Topics


def withdrawn_message(area: str, push: Push) -> Message:
    """The push that tells a party the market withdrew its tender (SUPERVISORY)."""
    cancelled = push.fact
    if not isinstance(cancelled, Cancelled):
        message = f"{push.id} is no withdrawal"
        raise TypeError(message)
    payload: CanceledTender = {
        "v": 1,
        "epoch": push.epoch,
        "seq": push.seq,
        "requestId": push.id,
        "inResponseTo": None,
        "partyId": cancelled.party,
        "counterPartyId": area,
        "segmentId": cancelled.product,
        "eiCanceledResponse": canceled_response(cancelled),
        "canceledTenders": [canceled_response(cancelled)],
        "response": response(None, push.at, description=cancelled.why or "withdrawn by the market"),
    }
    return Message(Topics(area).inbox(cancelled.party, "canceled-tender"), write(payload))


def transaction_message(area: str, push: Push, product: Product) -> Message:
    """The push of a binding match to its party; its id is also the request id."""
    transaction = push.fact
    if not isinstance(transaction, Transaction):
        message = f"{push.id} is no match"
        raise TypeError(message)
    payload: CreateTransaction = {
        "v": 1,
        "epoch": push.epoch,
        "seq": push.seq,
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
