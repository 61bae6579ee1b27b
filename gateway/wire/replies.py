"""Answers to a party's inbox ``u/U/in/OP``."""

from typing import Final

from gateway.model.event import Refused
from gateway.model.request import Reply, Request
from gateway.model.time import Instant
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations import OPERATIONS, operation_of
from gateway.wire.operations.operation import between
from gateway.wire.response import response
from gateway.wire.text import write
from gateway.wire.topics import Topics

UNKNOWN_ANSWER: Final = "response"


def reply_message(border: Border, request: Request, reply: Reply) -> Message:
    """The answer to a request, for the inbox of the party that made it."""
    operation = operation_of(request)
    refused = next((one for one in reply.outcomes if isinstance(one, Refused)), None)
    if refused is None:
        return operation.reply(border, request, reply)
    return refusal_message(
        border.area,
        operation.name,
        refused,
        request_id=reply.request_id,
        at=reply.at,
        about=operation.about(request),
    )


def refusal_message(
    area: str,
    name: str,
    refused: Refused,
    *,
    request_id: str | None,
    at: Instant,
    about: dict[str, object] | None = None,
) -> Message:
    """A refusal of the operation ``name``; ``request_id`` None if it could not be read."""
    operation = OPERATIONS.get(name)
    answer, sides = (operation.answer, operation.sides) if operation else (UNKNOWN_ANSWER, between)
    payload: dict[str, object] = {
        "v": 1,
        "inResponseTo": request_id,
        **sides(refused.party, area),
        **(about or {}),
        "response": response(
            request_id,
            at,
            code=refused.code,
            detail=refused.detail,
            description=refused.description,
            term=refused.term,
            violated=refused.violated,
        ),
    }
    return Message(Topics(area).inbox(refused.party, answer), write(payload))
