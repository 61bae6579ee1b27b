"""EiCreateTender: one tender, a set for one interval, or alternatives."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gateway.model.event import Accepted, Detail, ResponseCode
from gateway.model.product import Product
from gateway.model.request import Reply, SubmitTenders
from gateway.model.tender import Tender, TenderSet
from gateway.model.time import Interval
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, agreed, shaped
from gateway.wire.payloads import CreatedTender, CreatedTenderId, CreateTender, TenderPayload
from gateway.wire.response import response
from gateway.wire.rules import check_hash
from gateway.wire.tender_documents import decode_tender
from gateway.wire.tenders import Refusal, invalid, unknown, violates
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics


def _parse(topic: RequestTopic, document: Mapping[str, object], border: Border) -> SubmitTenders:
    message = shaped(CreateTender, document)
    product = agreed(topic, message, border)
    check_hash(message.get("acceptsRulesHash"), product, border.products.values())
    payloads, instructions = _tenders(message), message.get("executionInstructions", "")
    alternatives = message.get("atMostOne", False) and len(payloads) > 1
    if alternatives and message.get("netting", False):
        text = "alternatives are increments; a netting set states the whole requirement"
        raise violates(text, "atMostOne")
    decoded = []
    for index, payload in enumerate(payloads):
        path = f"tenders[{index}]" if "tenders" in message else "tender"
        interval, tender = decode_tender(payload, product, path, instructions)
        word = message["requestId"] if alternatives else ""
        decoded.append((interval, replace(tender, exclusive=word) if word else tender))
    refuse_twins([tender for _, tender in decoded])
    if not alternatives and any(interval != decoded[0][0] for interval, _ in decoded):
        text = "all tenders of one request are for the same interval, unless atMostOne is true"
        raise violates(text, "interval")
    first, *more = sets_of(topic.party, product, decoded)
    netting, revision = message.get("netting", False), message.get("revision", 0)
    first = replace(first, netting=netting, revision=revision)
    return SubmitTenders(
        party=topic.party, request_id=message["requestId"], tenders=first, more=tuple(more)
    )


def _reply(border: Border, _request: SubmitTenders, reply: Reply) -> Message:
    accepted = [one for one in reply.outcomes if isinstance(one, Accepted)]
    orders = orders_of(accepted)
    payload: CreatedTender = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "segmentId": accepted[0].product,
        "createdTenders": orders,
        "replacedTenders": [tender for one in accepted for tender in one.replaced],
        "response": response(reply.request_id, reply.at),
    }
    if len(orders) == 1:
        payload["tenderId"] = orders[0]["tenderId"]
        payload["marketOrderId"] = orders[0]["marketOrderId"]
    return Message(Topics(border.area).inbox(reply.party, CREATE_TENDER.answer), write(payload))


def _about(request: SubmitTenders) -> dict[str, object]:
    ids = [tender.id for one in request.sets for tender in one.tenders]
    return {"tenderId": ids[0]} if len(ids) == 1 else {}


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


def orders_of(accepted: Iterable[Accepted]) -> list[CreatedTenderId]:
    """The ids that the market gave."""
    pairs = (pair for one in accepted for pair in one.orders)
    return [{"tenderId": tender, "marketOrderId": order} for tender, order in pairs]


def sets_of(
    party: str, product: Product, decoded: Iterable[tuple[Interval, Tender]]
) -> list[TenderSet]:
    """One set per interval, in order of their first tenders.

    Raises:
        Refusal: 404 for an interval that is no instrument of the product.
    """
    by_interval: dict[Interval, list[Tender]] = {}
    for interval, tender in decoded:
        by_interval.setdefault(interval, []).append(tender)
    if not all(product.is_on_grid(interval) for interval in by_interval):
        text = f"no instrument of {product.id} has this start and duration"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return [
        TenderSet(party=party, product=product.id, interval=interval, tenders=tuple(tenders))
        for interval, tenders in by_interval.items()
    ]


def refuse_twins(tenders: Iterable[Tender]) -> None:
    """Nothing, where every tender has an id of its own.

    Raises:
        Refusal: 409.
    """
    ids = [tender.id for tender in tenders]
    twins = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twins:
        text = f"tenderId {twins[0]!r} is given twice in one request"
        raise Refusal(ResponseCode.DUPLICATE, Detail.DUPLICATE, text)
