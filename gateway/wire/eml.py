"""Client tenders of EML-CTS as our create-tender messages, and back.

There a price is an integer of three implied decimals and an interval is whole minutes.

Source: EnergyMashupLab/eml-cts, the client tender of its REST interface.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from gateway.model.time import MINUTE, Duration, iso_duration, rfc3339
from gateway.wire.operations.operation import quoted, shaped
from gateway.wire.payloads import CreateTender, TenderPayload
from gateway.wire.tenders import decode_instant, decode_interval, invalid, rescale

PRICE_SCALE: Final = -3
QUANTITY_SCALE: Final = 0
_DIGITS: Final = 16
_UNNUMBERED: Final = 0
_Positive = Annotated[int, Field(gt=0, le=2**63 - 1)]


class EmlInstant(TypedDict):
    """RFC 3339 with an offset."""

    instantString: str


class EmlInterval(TypedDict):
    """From ``dtStart`` for so many minutes."""

    durationInMinutes: Annotated[int, Field(gt=0, le=10**6)]
    dtStart: EmlInstant


class EmlTender(TypedDict):
    """A client tender; ``ctsTenderId`` 0: not numbered yet."""

    info: NotRequired[str]
    side: Literal["BUY", "SELL"]
    quantity: _Positive
    price: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
    ctsTenderId: NotRequired[Annotated[int, Field(ge=0)]]
    bridgeInterval: EmlInterval
    bridgeExpireTime: NotRequired[EmlInstant]


def found_in(document: object) -> Iterator[object]:
    """The client tenders in a document: one, a list, or the bodies of a Postman collection."""
    match document:
        case list():
            for one in document:
                yield from found_in(one)
        case {"item": list() as items}:
            yield from found_in(items)
        case {"request": {"body": {"raw": str() as raw}}}:
            yield _parsed(raw)
        case {"request": _}:
            return  # a request without a body tenders nothing
        case _:
            yield document


def to_submission(document: object, *, area: str, product: str, party: str) -> CreateTender:
    """The create-tender message that says the same.

    The request id is made of the content, so that the same import is the same request.

    Raises:
        Refusal: 400, naming what is missing or wrong.
    """
    if not isinstance(document, dict):
        message = f"found {quoted(document)}, a client tender is a JSON object"
        raise invalid(message)
    tender = shaped(EmlTender, document)
    mark = f"eml-{_digest(document)}"
    number = tender.get("ctsTenderId", _UNNUMBERED)
    return {
        "v": 1,
        "requestId": mark,
        "partyId": party,
        "counterPartyId": area,
        "marketId": area,
        "segmentId": product,
        "tender": _payload(tender, mark if number == _UNNUMBERED else f"eml-{number}"),
    }


def from_tender(payload: TenderPayload) -> EmlTender:
    """The client tender that says the same as a tender for one interval.

    Raises:
        Refusal: 400 or 422, where it has no words for it: a stream, a price of more decimals, an
            interval that is not whole minutes, all-or-none.
    """
    detail = payload["tenderDetail"]
    if "interval" not in detail or "price" not in detail or "quantity" not in detail:
        message = "a client tender has one interval, one price and one quantity"
        raise invalid(message)
    interval = decode_interval(detail["interval"], "interval")
    minutes, rest = divmod(interval.duration, MINUTE)
    if rest or payload.get("allOrNone", False):
        message = "a client tender is for whole minutes, and may be filled in part"
        raise invalid(message)
    tender: EmlTender = {
        "side": payload["side"],
        "quantity": rescale(
            detail["quantity"], payload.get("quantityScale", 0), QUANTITY_SCALE, "quantityScale"
        ),
        "price": rescale(
            detail["price"], payload.get("priceScale", PRICE_SCALE), PRICE_SCALE, "priceScale"
        ),
        "ctsTenderId": _number(payload["tenderId"]),
        "bridgeInterval": {
            "durationInMinutes": minutes,
            "dtStart": {"instantString": rfc3339(interval.start)},
        },
    }
    expires = payload.get("expirationTime")
    if expires is not None:
        tender["bridgeExpireTime"] = {"instantString": expires}
    return tender


def _payload(tender: EmlTender, name: str) -> TenderPayload:
    interval = tender["bridgeInterval"]
    start = decode_instant(interval["dtStart"]["instantString"], "bridgeInterval.dtStart")
    payload: TenderPayload = {
        "tenderId": name,
        "side": tender["side"],
        "priceScale": PRICE_SCALE,
        "quantityScale": QUANTITY_SCALE,
        "tenderDetail": {
            "interval": {
                "dtStart": rfc3339(start),
                "duration": iso_duration(Duration(interval["durationInMinutes"] * MINUTE)),
            },
            "price": tender["price"],
            "quantity": tender["quantity"],
        },
    }
    if "bridgeExpireTime" in tender:
        expires = decode_instant(tender["bridgeExpireTime"]["instantString"], "bridgeExpireTime")
        payload["expirationTime"] = rfc3339(expires)
    return payload


def _parsed(raw: str) -> object:
    try:
        found: object = json.loads(raw)
    except ValueError:
        return raw
    return found


def _digest(document: Mapping[str, object]) -> str:
    text = json.dumps(document, sort_keys=True)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:_DIGITS]


def _number(name: str) -> int:
    digits = name.removeprefix("eml-")
    own = name.startswith("eml-") and digits.isascii() and digits.isdecimal()
    return int(digits) if own and len(digits) < _DIGITS else _UNNUMBERED
