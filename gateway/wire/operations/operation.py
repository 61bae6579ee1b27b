"""What an operation of the exchange is, and the checks that they share."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from gateway.model.event import Detail, ResponseCode
from gateway.model.product import Product
from gateway.model.request import Reply, Request
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.tenders import Refusal, invalid, unknown
from gateway.wire.topics import RequestTopic

_MAX_NAMED_FAULTS: Final = 5
_MAX_QUOTED: Final = 80
_Shape = TypeVar("_Shape")


def between(party: str, area: str) -> dict[str, object]:
    """The two sides as most answers name them."""
    return {"partyId": party, "counterPartyId": area}


def _nothing(_request: object) -> dict[str, object]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a party can ask for.

    Attributes:
        name: the last level of ``u/U/req/P/OP``; ``answer``: that of ``u/U/in/OP``.
        request: the type of what ``parse`` returns.
        parse: the well-formed request; raises Refusal.
        reply: the answer to a request that was not refused.
        sides: how its answers name (party, area).
        about: what a refusal repeats of the request.
    """

    name: str
    answer: str
    request: type[Any]
    parse: Callable[[RequestTopic, Mapping[str, object], Border], Request]
    reply: Callable[[Border, Any, Reply], Message]
    sides: Callable[[str, str], dict[str, object]] = between
    about: Callable[[Any], dict[str, object]] = _nothing


def shaped(shape: type[_Shape], document: Mapping[str, object]) -> _Shape:
    """The document as a payload of that shape.

    Raises:
        Refusal: 400, naming up to five faults.
    """
    try:
        # mypy does not see that a type is hashable.
        adapter: TypeAdapter[_Shape] = _adapter(cast("Any", shape))
        return adapter.validate_python(document, strict=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        text = "; ".join(_fault(fault) for fault in faults[:_MAX_NAMED_FAULTS])
        raise invalid(text) from error


def agreed(topic: RequestTopic, message: Mapping[str, Any], border: Border) -> Product:
    """The product, where the topic and the payload say the same of both sides and of it.

    Args:
        topic: of the request.
        message: with partyId, counterPartyId, marketId and segmentId.
        border: of the area.

    Raises:
        Refusal: 403 where they disagree, 404 where there is no such market or product.
    """
    if message["partyId"] != topic.party:
        text = f"partyId {quoted(message['partyId'])} is not the topic's {topic.party}"
        raise forbidden(text)
    product = known(topic, message["marketId"], border)
    if message["counterPartyId"] != border.area:
        found = quoted(message["counterPartyId"])
        text = f"counterPartyId {found}: the market's party is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    if message["segmentId"] not in border.products:
        raise _no_segment(message["segmentId"], border)
    if message["segmentId"] != product.id:
        text = f"segmentId {quoted(message['segmentId'])} is not the topic's {product.id}"
        raise forbidden(text)
    return product


def addressed(
    topic: RequestTopic, message: Mapping[str, Any], border: Border
) -> tuple[Product, str]:
    """The product, and the party that is named instead of the market's, if one is.

    Raises:
        Refusal: as ``agreed``.
    """
    named = message["counterPartyId"]
    product = agreed(topic, {**message, "counterPartyId": border.area}, border)
    return product, "" if named == border.area else named


def known(topic: RequestTopic, market: str, border: Border) -> Product:
    """The topic's product in the named market.

    Raises:
        Refusal: 404.
    """
    if market != border.area:
        text = f"marketId {quoted(market)}: this market is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    product = border.products.get(topic.product)
    if product is None:
        raise _no_segment(topic.product, border)
    return product


def forbidden(description: str) -> Refusal:
    """403: it speaks for somebody else."""
    return Refusal(ResponseCode.NOT_AUTHORIZED, Detail.NOT_AUTHORIZED, description)


def quoted(value: object) -> str:
    """What was found, as JSON, cut to a line."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "…"


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - a type is hashable
    return TypeAdapter(shape)


def _no_segment(found: str, border: Border) -> Refusal:
    there = ", ".join(border.products)
    return unknown(
        Detail.INVALID_SEGMENT, f"{quoted(found)} is not a product here; there are {there}"
    )


def _fault(fault: Mapping[str, Any]) -> str:
    path = ".".join(str(key) for key in fault["loc"])
    if fault["type"] == "missing":
        return f"{path} is missing"
    first, rest = fault["msg"][:1].lower(), fault["msg"][1:]  # what is allowed has its own case
    return f"{path}: found {quoted(fault['input'])}, {first}{rest}"
