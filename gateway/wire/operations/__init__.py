"""The operations of the exchange, one module each, by the name in ``u/U/req/P/OP``."""

from collections.abc import Mapping
from typing import Final

from gateway.model.request import Request
from gateway.wire.operations.cancel_tender import CANCEL_TENDER
from gateway.wire.operations.create_stream_tender import CREATE_STREAM_TENDER
from gateway.wire.operations.create_tender import CREATE_TENDER
from gateway.wire.operations.operation import Operation
from gateway.wire.operations.request_delivery import REQUEST_DELIVERY
from gateway.wire.operations.request_position import REQUEST_POSITION

_EVERY: Final = (
    CREATE_TENDER,
    CREATE_STREAM_TENDER,
    CANCEL_TENDER,
    REQUEST_POSITION,
    REQUEST_DELIVERY,
)

OPERATIONS: Final[Mapping[str, Operation]] = {one.name: one for one in _EVERY}


def operation_of(request: Request) -> Operation:
    """The operation that a request was made by."""
    return next(one for one in _EVERY if one.request is type(request))
