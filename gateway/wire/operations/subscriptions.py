"""EiManage…: where public data are told.  The broker keeps the subscriptions, not the gateway.

Source: CTS 1.0, EiSubscriptionRequestType; multicastListenReference is a topic filter here.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from gateway.model.event import Detail
from gateway.model.product import Product
from gateway.model.request import Reply
from gateway.model.subscription import Follow
from gateway.wire import payloads_instruments as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, forbidden, known, quoted, shaped
from gateway.wire.operations.standings import MARKET
from gateway.wire.response import response
from gateway.wire.tenders import unknown, violates
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics

Where = Callable[[Topics, Product, Mapping[str, Any]], str]


def _market(topic: RequestTopic, document: Mapping[str, object], border: Border) -> Follow:
    message = shaped(payloads.Manage, document)
    _check(topic, message)
    if topic.product != MARKET:
        text = f"it is about no product: the topic is u/U/req/{MARKET}/{topic.operation}"
        raise unknown(Detail.INVALID_SEGMENT, text)
    if message["marketId"] != border.area:
        text = f"marketId {quoted(message['marketId'])}: this market is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    return _follow(topic, message, border.topics.market_ref)


def _product(
    shape: type[Any], where: Where, topic: RequestTopic, document: Mapping[str, object], b: Border
) -> Follow:
    message: Mapping[str, Any] = shaped(shape, document)
    _check(topic, message)
    product = known(topic, message["marketId"], b)
    if message.get("segmentId", product.id) != product.id:
        text = f"segmentId {quoted(message['segmentId'])} is not the topic's {product.id}"
        raise forbidden(text)
    return _follow(topic, message, where(b.topics, product, message))


def _check(topic: RequestTopic, message: Mapping[str, Any]) -> None:
    if message["partyId"] != topic.party:
        text = f"partyId {quoted(message['partyId'])} is not the topic's {topic.party}"
        raise forbidden(text)


def _follow(topic: RequestTopic, message: Mapping[str, Any], listen: str) -> Follow:
    return Follow(
        party=topic.party,
        request_id=message["requestId"],
        product=topic.product,
        operation=topic.operation,
        action=message["subscriptionActionRequested"],
        listen=listen,
        ticker=message.get("tickerType", ""),
    )


def _reference(topics: Topics, product: Product, _message: Mapping[str, Any]) -> str:
    return topics.product_ref(product.id)


def _session(topics: Topics, product: Product, _message: Mapping[str, Any]) -> str:
    return topics.session(product.id)


def _instruments(topics: Topics, product: Product, message: Mapping[str, Any]) -> str:
    if message["instrumentSummaryType"] == "BOOK":
        _require(product, "book", "marketInstrumentSummaryAvailable")
        return topics.book(product.id, "+")
    _require(product, "session", "marketInstrumentSummaryAvailable")
    return topics.price(product.id, "+")


def _ticker(topics: Topics, product: Product, message: Mapping[str, Any]) -> str:
    kind = message["tickerType"].removesuffix("S").lower()
    if kind != "transaction":
        _require(product, "ticks", f"ticker{kind.capitalize()}s")
    return topics.tick(product.id, kind)


def _require(product: Product, what: str, term: str) -> None:
    if what not in product.publish:
        told = ", ".join(product.publish) or "neither"
        text = f"{product.id} does not publish its {what} (it publishes {told}); ask the owner"
        raise violates(text, term)


def _reply(answer: str, border: Border, request: Follow, reply: Reply) -> Message:
    payload: payloads.Managed = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "marketId": border.area,
        "subscriptionActionTaken": request.action,
        "multicastListenReference": request.listen,
        "response": response(reply.request_id, reply.at),
    }
    if request.product != MARKET:
        payload["segmentId"] = request.product
    if request.ticker:
        payload["tickerType"] = cast("payloads.TickerText", request.ticker)
    return Message(border.topics.inbox(reply.party, answer), write(payload))


def _operation(what: str, parse: Callable[..., Follow]) -> Operation:
    answer = f"managed-{what}"
    return Operation(
        name=f"manage-{what}",
        answer=answer,
        request=Follow,
        parse=parse,
        reply=partial(_reply, answer),
    )


SUBSCRIPTIONS: Final = (
    _operation("market-reference-data", _market),
    _operation("segment-reference-data", partial(_product, payloads.Manage, _reference)),
    _operation("session-data", partial(_product, payloads.Manage, _session)),
    _operation("instrument-data", partial(_product, payloads.ManageInstrumentData, _instruments)),
    _operation(
        "ticker-subscription", partial(_product, payloads.ManageTickerSubscription, _ticker)
    ),
)
