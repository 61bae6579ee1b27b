"""EiRequestPosition: what a party has traded; nobody sees another's."""

from collections.abc import Mapping
from typing import Final

from gateway.model.event import Detail
from gateway.model.position import Position
from gateway.model.request import AskPosition, Reply
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, forbidden, known, quoted, shaped
from gateway.wire.payloads import ReplyPosition, RequestPosition
from gateway.wire.positions import position_fields
from gateway.wire.response import response
from gateway.wire.tenders import decode_interval, unknown
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> AskPosition:
    message = shaped(RequestPosition, document)
    for field in ("requestor", "positionParty"):
        if message[field] != topic.party:
            text = f"{field} {quoted(message[field])}: {topic.party} sees only its own position"
            raise forbidden(text)
    product = known(topic, message["marketId"], border)
    if message["resourceDesignator"] != product.resource:
        text = f"{product.id} trades {product.resource}, not {message['resourceDesignator']!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return AskPosition(
        party=topic.party,
        request_id=message["requestId"],
        product=product.id,
        interval=decode_interval(message["boundingInterval"], "boundingInterval"),
    )


def _reply(border: Border, request: AskPosition, reply: Reply) -> Message:
    position = next(one for one in reply.outcomes if isinstance(one, Position))
    payload: ReplyPosition = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "requestor": reply.party,
        "positionParty": position.party,
        "marketId": border.area,
        **position_fields(position, border.products[position.product], request.interval),
        "response": response(reply.request_id, reply.at),
    }
    return Message(border.topics.inbox(reply.party, REQUEST_POSITION.answer), write(payload))


def _sides(party: str, area: str) -> dict[str, object]:
    return {"requestor": party, "positionParty": party, "marketId": area}


REQUEST_POSITION: Final = Operation(
    name="request-position",
    answer="reply-position",
    request=AskPosition,
    parse=_parse,
    reply=_reply,
    sides=_sides,
)
