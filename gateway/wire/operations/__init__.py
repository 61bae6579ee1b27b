"""The operations of the exchange, one module each, by the name in ``u/U/req/P/OP``."""

from collections.abc import Mapping
from typing import Final

from gateway.model.request import Request
from gateway.model.subscription import Follow
from gateway.wire.operations.accept_quote import ACCEPT_QUOTE
from gateway.wire.operations.cancel_quote import CANCEL_QUOTE
from gateway.wire.operations.cancel_tender import CANCEL_TENDER
from gateway.wire.operations.create_quote import CREATE_QUOTE
from gateway.wire.operations.create_rfq import CREATE_RFQ
from gateway.wire.operations.create_stream_tender import CREATE_STREAM_TENDER
from gateway.wire.operations.create_tender import CREATE_TENDER
from gateway.wire.operations.enrollments import (
    CANCEL_ENROLLMENT,
    CREATE_ENROLLMENT,
    REQUEST_ENROLLMENT,
)
from gateway.wire.operations.operation import Operation
from gateway.wire.operations.registrations import (
    CANCEL_PARTY_REGISTRATION,
    REQUEST_PARTY_REGISTRATION,
)
from gateway.wire.operations.reject_quote import REJECT_QUOTE
from gateway.wire.operations.request_delivery import REQUEST_DELIVERY
from gateway.wire.operations.request_position import REQUEST_POSITION
from gateway.wire.operations.standings import CANCEL_OPT, CREATE_AVAIL, CREATE_OPT
from gateway.wire.operations.subscriptions import SUBSCRIPTIONS

_EVERY: Final = (
    CREATE_TENDER,
    CREATE_STREAM_TENDER,
    CANCEL_TENDER,
    CREATE_QUOTE,
    CANCEL_QUOTE,
    ACCEPT_QUOTE,
    REJECT_QUOTE,
    CREATE_RFQ,
    CREATE_OPT,
    CANCEL_OPT,
    CREATE_AVAIL,
    REQUEST_POSITION,
    REQUEST_DELIVERY,
    CREATE_ENROLLMENT,
    REQUEST_ENROLLMENT,
    CANCEL_ENROLLMENT,
    REQUEST_PARTY_REGISTRATION,
    CANCEL_PARTY_REGISTRATION,
    *SUBSCRIPTIONS,
)

OPERATIONS: Final[Mapping[str, Operation]] = {one.name: one for one in _EVERY}


def operation_of(request: Request) -> Operation:
    """The operation that a request was made by."""
    if isinstance(request, Follow):
        return OPERATIONS[request.operation]
    return next(one for one in _EVERY if one.request is type(request))
