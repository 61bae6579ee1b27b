"""EiRequestDelivery: what a party's meter measured; nobody sees another's."""

from collections.abc import Mapping
from typing import Final

from gateway.model.delivered import AskDelivery, Delivered
from gateway.model.event import Detail
from gateway.model.request import Reply
from gateway.model.time import iso_duration, rfc3339
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, forbidden, known, quoted, shaped
from gateway.wire.payloads_ledger import ReplyDelivery, RequestDelivery
from gateway.wire.positions import MAX_STREAM
from gateway.wire.response import response
from gateway.wire.tenders import decode_interval, encode_interval, unknown, violates
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> AskDelivery:
    message = shaped(RequestDelivery, document)
    if message["requestor"] != topic.party:
        found = quoted(message["requestor"])
        text = f"requestor {found}: {topic.party} sees only its own deliveries"
        raise forbidden(text)
    product = known(topic, message["marketId"], border)
    if message["resourceDesignator"] != product.resource:
        text = f"{product.id} trades {product.resource}, not {message['resourceDesignator']!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    interval = decode_interval(message["boundingInterval"], "boundingInterval")
    if (interval.start - product.offset) % product.interval or interval.duration % product.interval:
        text = f"boundingInterval is not whole intervals of {product.id}"
        raise violates(text, "boundingInterval")
    if interval.duration // product.interval > MAX_STREAM:
        text = f"boundingInterval has more than {MAX_STREAM} intervals of {product.id}"
        raise violates(text, "boundingInterval")
    return AskDelivery(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        interval=interval,
        meter=message.get("measurementPointId"),
        injection=message.get("injection"),
    )


def _reply(border: Border, request: AskDelivery, reply: Reply) -> Message:
    told = next(one for one in reply.outcomes if isinstance(one, Delivered))
    product = border.products[told.product]
    injection = request.injection
    if injection is None:
        injection = any(told.quantities) and max(told.quantities) <= 0
    sign = -1 if injection else 1
    payload: ReplyDelivery = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "requestor": reply.party,
        "marketId": border.area,
        "measurementPointId": told.meter,
        "segmentId": product.id,
        "resourceDesignator": product.resource,
        "quantityScale": product.quantity_scale,
        "injection": injection,
        "readingType": "Mean",
        "quality": told.quality.value,
        "boundingInterval": encode_interval(told.interval),
        "delivery": {
            "streamStart": rfc3339(told.interval.start),
            "streamIntervalDuration": iso_duration(product.interval),
            "streamIntervals": [
                {
                    "streamUid": uid,
                    "streamIntervalQuantity": sign * quantity,
                    "streamIntervalPrice": 0,
                }
                for uid, quantity in enumerate(told.quantities)
            ],
        },
        "response": response(reply.request_id, reply.at),
    }
    return Message(border.topics.inbox(reply.party, REQUEST_DELIVERY.answer), write(payload))


def _sides(party: str, area: str) -> dict[str, object]:
    return {"requestor": party, "marketId": area}


REQUEST_DELIVERY: Final = Operation(
    name="request-delivery",
    answer="reply-delivery",
    request=AskDelivery,
    parse=_parse,
    reply=_reply,
    sides=_sides,
)
