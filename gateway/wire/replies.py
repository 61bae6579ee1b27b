"""Answers and pushes to a party's inbox ``u/U/in/OP``."""

from collections.abc import Mapping
from typing import Final, TypeVar, assert_never

from gateway.model.event import Accepted, Cancelled, Detail, Refused, ResponseCode
from gateway.model.position import Position
from gateway.model.product import Product
from gateway.model.request import AskPosition, CancelTenders, Reply, Request, SubmitTenders
from gateway.model.time import Instant, rfc3339
from gateway.model.transaction import Transaction
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.payloads import (
    CanceledResponse,
    CanceledTender,
    CreatedTender,
    CreateTransaction,
    ReplyPosition,
    ResponsePayload,
)
from gateway.wire.positions import position_fields
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write
from gateway.wire.topics import Topics

ANSWERS: Final[Mapping[str, str]] = {
    "create-tender": "created-tender",
    "cancel-tender": "canceled-tender",
    "request-position": "reply-position",
}
"""Operations this market has, and the operation of their answers."""

UNKNOWN_ANSWER: Final = "response"

Outcome = Accepted | Refused | Cancelled | Position
_Kind = TypeVar("_Kind", bound=Outcome)


def operation_of(request: Request) -> str:
    """The operation a request was made by."""
    match request:
        case SubmitTenders():
            return "create-tender"
        case CancelTenders():
            return "cancel-tender"
        case AskPosition():
            return "request-position"
        case _:
            assert_never(request)


def reply_message(border: Border, request: Request, reply: Reply) -> Message:
    """The answer to a request, for the inbox of the party that made it."""
    refused = _all(reply.outcomes, Refused)
    if refused:
        operation = ANSWERS[operation_of(request)]
        return refusal_message(
            border.area,
            operation,
            refused[0],
            request_id=reply.request_id,
            at=reply.at,
            tender=_only_tender(request),
        )
    if cancelled := _all(reply.outcomes, Cancelled):
        return _canceled(border.area, reply, cancelled)
    if positions := _all(reply.outcomes, Position):
        return _position(border, request, reply, positions[0])
    if accepted := _all(reply.outcomes, Accepted):
        return _created(border.area, reply, accepted[0])
    return _canceled(border.area, reply, ())


def refusal_message(
    area: str,
    operation: str,
    refused: Refused,
    *,
    request_id: str | None,
    at: Instant,
    tender: str | None = None,
) -> Message:
    """A refusal on ``u/U/in/<operation>``; ``request_id`` None if it could not be read."""
    payload: dict[str, object] = {"v": 1, "inResponseTo": request_id}
    if operation == ANSWERS["request-position"]:
        payload |= {
            "requestor": refused.party,
            "positionParty": refused.party,
            "marketId": area,
        }
    else:
        payload |= {"partyId": refused.party, "counterPartyId": area}
    if tender is not None and operation == ANSWERS["create-tender"]:
        payload["tenderId"] = tender
    payload["response"] = response(
        request_id,
        at,
        code=refused.code,
        detail=refused.detail,
        description=refused.description,
        term=refused.term,
    )
    return Message(Topics(area).inbox(refused.party, operation), write(payload))


def response(
    request_id: str | None,
    at: Instant,
    *,
    code: ResponseCode = ResponseCode.OK,
    detail: Detail = Detail.SUCCESS,
    description: str = "OK",
    term: str = "",
) -> ResponsePayload:
    """CTS EiResponse."""
    payload: ResponsePayload = {
        "responseCode": int(code),
        "responseDetail": detail.value,
        "responseDescription": description,
        "createdDateTime": rfc3339(at),
        "inResponseTo": request_id,
    }
    if term:
        payload["termsViolated"] = [{"term": term, "description": description}]
    return payload


def withdrawn_message(area: str, cancelled: Cancelled, at: Instant) -> Message:
    """The push that tells a party the market withdrew its tender (SUPERVISORY)."""
    payload: CanceledTender = {
        "v": 1,
        "inResponseTo": None,
        "partyId": cancelled.party,
        "counterPartyId": area,
        "segmentId": cancelled.product,
        "eiCanceledResponse": _canceled_response(cancelled),
        "canceledTenders": [_canceled_response(cancelled)],
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
            "tender": {
                "tenderId": transaction.tender,
                "side": transaction.side.value,
                "resourceDesignator": product.resource,
                "priceScale": product.price_scale,
                "quantityScale": product.quantity_scale,
                "tenderDetail": {
                    "interval": encode_interval(transaction.interval),
                    "price": transaction.price,
                    "quantity": transaction.quantity,
                },
            },
        },
    }
    return Message(Topics(area).inbox(transaction.party, "create-transaction"), write(payload))


def _created(area: str, reply: Reply, accepted: Accepted) -> Message:
    payload: CreatedTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": area,
        "segmentId": accepted.product,
        "createdTenders": [
            {"tenderId": tender, "marketOrderId": order} for tender, order in accepted.orders
        ],
        "replacedTenders": list(accepted.replaced),
        "response": response(reply.request_id, reply.at),
    }
    if len(accepted.orders) == 1:
        payload["tenderId"], payload["marketOrderId"] = accepted.orders[0]
    return Message(Topics(area).inbox(reply.party, "created-tender"), write(payload))


def _canceled(area: str, reply: Reply, cancelled: tuple[Cancelled, ...]) -> Message:
    payload: CanceledTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": area,
        "canceledTenders": [_canceled_response(one) for one in cancelled],
        "response": response(reply.request_id, reply.at),
    }
    if len(cancelled) == 1:
        payload["eiCanceledResponse"] = _canceled_response(cancelled[0])
    return Message(Topics(area).inbox(reply.party, "canceled-tender"), write(payload))


def _position(border: Border, request: Request, reply: Reply, position: Position) -> Message:
    asked = request.interval if isinstance(request, AskPosition) else None
    payload: ReplyPosition = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "requestor": reply.party,
        "positionParty": position.party,
        "marketId": border.area,
        **position_fields(position, border.products[position.product], asked),
        "response": response(reply.request_id, reply.at),
    }
    return Message(border.topics.inbox(reply.party, "reply-position"), write(payload))


def _canceled_response(cancelled: Cancelled) -> CanceledResponse:
    return {
        "tenderId": cancelled.tender,
        "marketOrderId": cancelled.order,
        "cancelReason": "SUPERVISORY" if cancelled.reason == "SUPERVISORY" else "REQUESTED",
        "remainingQuantity": cancelled.remaining,
        "success": cancelled.remaining > 0,
    }


def _only_tender(request: Request) -> str | None:
    match request:
        case SubmitTenders(tenders=tenders) if len(tenders.tenders) == 1:
            return tenders.tenders[0].id
        case _:
            return None


def _all(outcomes: tuple[Outcome, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(outcome for outcome in outcomes if isinstance(outcome, kind))
