"""EiCreateTender: one tender or a set, for one interval."""

from collections.abc import Mapping
from typing import Final

from gateway.model.event import Accepted, Detail, ResponseCode
from gateway.model.product import Product
from gateway.model.request import Reply, SubmitTenders
from gateway.model.tender import Tender, TenderSet
from gateway.model.time import Interval
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.payloads import CreatedTender, CreateTender, TenderPayload
from gateway.wire.response import response
from gateway.wire.tenders import Refusal, decode_tender, invalid, unknown, violates
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> SubmitTenders:
    message = shaped(CreateTender, document)
    product = agreed(topic, message, border)
    payloads = _tenders(message)
    if message.get("atMostOne", False) and len(payloads) > 1:
        text = f"{product.id} does not take alternatives; send atMostOne false or one tender"
        raise violates(text, "atMostOne")
    if message.get("executionInstructions", "") != "":
        text = f"{product.id} takes no execution instructions; leave them empty"
        raise violates(text, "executionInstructions")
    decoded = [
        decode_tender(payload, product, f"tenders[{index}]" if "tenders" in message else "tender")
        for index, payload in enumerate(payloads)
    ]
    interval = _one_interval([interval for interval, _ in decoded], product)
    tenders = tuple(tender for _, tender in decoded)
    _refuse_twins(tenders)
    return SubmitTenders(
        party=topic.party,
        request_id=message["requestId"],
        tenders=TenderSet(
            party=topic.party,
            product=product.id,
            interval=interval,
            tenders=tenders,
            netting=message.get("netting", False),
            revision=message.get("revision", 0),
        ),
    )


def _reply(border: Border, _request: SubmitTenders, reply: Reply) -> Message:
    accepted = next(one for one in reply.outcomes if isinstance(one, Accepted))
    payload: CreatedTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": accepted.product,
        "createdTenders": [
            {"tenderId": tender, "marketOrderId": order} for tender, order in accepted.orders
        ],
        "replacedTenders": list(accepted.replaced),
        "response": response(reply.request_id, reply.at),
    }
    if len(accepted.orders) == 1:
        payload["tenderId"], payload["marketOrderId"] = accepted.orders[0]
    return Message(Topics(border.area).inbox(reply.party, CREATE_TENDER.answer), write(payload))


def _about(request: SubmitTenders) -> dict[str, object]:
    tenders = request.tenders.tenders
    return {"tenderId": tenders[0].id} if len(tenders) == 1 else {}


CREATE_TENDER: Final = Operation(
    name="create-tender",
    answer="created-tender",
    request=SubmitTenders,
    parse=_parse,
    reply=_reply,
    about=_about,
)


def _tenders(message: CreateTender) -> list[TenderPayload]:
    match message:
        case {"tender": _, "tenders": _}:
            text = "tender and tenders are both given; one of them is taken"
            raise invalid(text)
        case {"tender": one}:
            return [one]
        case {"tenders": several}:
            return several
        case _:
            text = "tender is missing; give one tender or a list of tenders"
            raise invalid(text)


def _one_interval(intervals: list[Interval], product: Product) -> Interval:
    first = intervals[0]
    if any(interval != first for interval in intervals):
        text = "all tenders of one request are for the same interval"
        raise violates(text, "interval")
    if not product.is_on_grid(first):
        text = f"no instrument of {product.id} has this start and duration"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return first


def _refuse_twins(tenders: tuple[Tender, ...]) -> None:
    ids = [tender.id for tender in tenders]
    twins = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twins:
        text = f"tenderId {twins[0]!r} is given twice in one request"
        raise Refusal(ResponseCode.DUPLICATE, Detail.DUPLICATE, text)
