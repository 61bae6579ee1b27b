"""EiCreateOpt, EiCancelOpt and EiCreateAvail: what a party says of its taking part."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Final

from gateway.model.event import Detail
from gateway.model.request import Reply
from gateway.model.standing import (
    CancelOpt,
    CreateOpt,
    Opt,
    OptReason,
    SetAvailability,
    StandingRequest,
    StandingTold,
)
from gateway.wire import payloads_standing as payloads
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import Operation, forbidden, quoted, shaped
from gateway.wire.response import response
from gateway.wire.tenders import decode_instant, invalid, unknown
from gateway.wire.text import write
from gateway.wire.topics import RequestTopic, Topics

MARKET: Final = "market"


def _create(topic: RequestTopic, document: Mapping[str, object], border: Border) -> CreateOpt:
    message = shaped(payloads.CreateOpt, document)
    _check(topic, message["partyId"])
    request_id = message["requestId"]
    if message["optType"] == "optIn":
        return CreateOpt(party=topic.party, request_id=request_id, opt=None)
    if "optReason" not in message:
        text = "optReason is missing; say why, for instance economic or notParticipating"
        raise invalid(text)
    product, until = message.get("marketContext", ""), message.get("until")
    if product and product not in border.products:
        text = f"marketContext {quoted(product)} is not a product here"
        raise unknown(Detail.INVALID_SEGMENT, text)
    opt = Opt(
        id=message.get("optId", request_id),
        reason=OptReason(message["optReason"]),
        product=product,
        until=None if until is None else decode_instant(until, "until"),
    )
    return CreateOpt(party=topic.party, request_id=request_id, opt=opt)


def _cancel(topic: RequestTopic, document: Mapping[str, object], _border: Border) -> CancelOpt:
    message = shaped(payloads.CancelOpt, document)
    _check(topic, message["partyId"])
    return CancelOpt(party=topic.party, request_id=message["requestId"], opt=message["optId"])


def _avail(topic: RequestTopic, document: Mapping[str, object], _border: Border) -> SetAvailability:
    message = shaped(payloads.CreateAvail, document)
    _check(topic, message["partyId"])
    stated = message["availability"]
    calendar = stated if isinstance(stated, str) else json.dumps(stated, separators=(",", ":"))
    return SetAvailability(
        party=topic.party, request_id=message["requestId"], calendar=calendar.strip()
    )


def _check(topic: RequestTopic, party: str) -> None:
    if party != topic.party:
        text = f"partyId {quoted(party)} is not the topic's {topic.party}"
        raise forbidden(text)
    if topic.product != MARKET:
        text = f"it is about no product: the topic is u/U/req/{MARKET}/{topic.operation}"
        raise unknown(Detail.INVALID_SEGMENT, text)


def _reply(answer: str, border: Border, _request: StandingRequest, reply: Reply) -> Message:
    told = next(one for one in reply.outcomes if isinstance(one, StandingTold))
    payload: payloads.StandingAnswer = {
        "v": 1,
        "inResponseTo": reply.request_id,
        "partyId": reply.party,
        "counterPartyId": border.area,
        "optedOut": told.opted_out,
        "hasAvailability": told.available,
        "response": response(reply.request_id, reply.at),
    }
    if told.opt:
        payload["optId"] = told.opt
    return Message(Topics(border.area).inbox(reply.party, answer), write(payload))


CREATE_OPT: Final = Operation(
    name="create-opt",
    answer="created-opt",
    request=CreateOpt,
    parse=_create,
    reply=partial(_reply, "created-opt"),
)
CANCEL_OPT: Final = Operation(
    name="cancel-opt",
    answer="canceled-opt",
    request=CancelOpt,
    parse=_cancel,
    reply=partial(_reply, "canceled-opt"),
)
CREATE_AVAIL: Final = Operation(
    name="create-avail",
    answer="created-avail",
    request=SetAvailability,
    parse=_avail,
    reply=partial(_reply, "created-avail"),
)
