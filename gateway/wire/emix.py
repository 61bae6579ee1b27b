"""Tenders and products in the words of Energy Interoperation and EMIX, as JSON.

Simple values stand as ``{"$": value}``: only so are enumerations and ranges checked by the JSON
Schemas of these standards.  In them an EI tender carries no more than its stretch of time, so
side and price stand in ``emix:product`` and ``power:temixPower`` beside it.

Source: OASIS Energy Interoperation 1.0, EiCreateTenderPayload; EMIX 1.0, ProductType,
PowerProductDescriptionType, TeMIX power.
"""

from collections.abc import Iterator

from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.resource import POWER
from gateway.model.tender import Side, Tender
from gateway.model.time import Interval, iso_duration, rfc3339

Document = dict[str, object]


def create_tender(request: SubmitTenders, area: str) -> Document:
    """``pyld:eiCreateTender``: who tenders to whom, and when each tender delivers."""
    interval = request.tenders.interval
    return {
        "pyld:eiCreateTender": {
            "pyld:requestID": _value(request.request_id),
            "ei:partyID": _value(request.party),
            "ei:counterPartyID": _value(area),
            "ei:eiTender": [
                {
                    "ei:tenderID": _value(tender.id),
                    "emix:emixBase": {
                        "emix:uid": _value(tender.id),
                        **_stretch(interval),
                        "strm:streamPayloadBase": {},
                    },
                }
                for tender in request.tenders.tenders
            ],
        }
    }


def tenders(request: SubmitTenders, product: Product, area: str) -> Iterator[Document]:
    """Per tender ``emix:product``, and of power its price and quantity as well."""
    for tender in request.tenders.tenders:
        yield _product(tender, request.tenders.interval, product, area)
        if product.resource == POWER:
            yield _power(tender, product)


def description(product: Product) -> Document | None:
    """``power:powerProductDescription``; None: EMIX power has no words for the resource."""
    if product.resource != POWER:
        return None
    return {
        "power:powerProductDescription": {
            "emix:emixInterface": {},
            "power:productType": _value("energy"),
        }
    }


def market_context(product: Product, area: str) -> str:
    """The URI of one product of one area."""
    return f"urn:rmf:{area}:{product.id}"


def _product(tender: Tender, interval: Interval, product: Product, area: str) -> Document:
    found: Document = {
        "emix:uid": _value(tender.id),
        **_stretch(interval),
        "emix:transactiveState": _value("tender"),
        "emix:integralOnly": _value(tender.all_or_none),
        "emix:currency": _value(product.currency),
        "emix:marketContext": _value(market_context(product, area)),
        "emix:side": _value("buy" if tender.side is Side.BUY else "sell"),
        "strm:streamPayloadBase": {},
    }
    if tender.expiration is not None:
        found["emix:expirationDate"] = _value(rfc3339(tender.expiration))
    return {"emix:product": found}


def _power(tender: Tender, product: Product) -> Document:
    return {
        "power:temixPower": {
            "emix:price": {"emix:value": _value(float(product.real_price(tender.price)))},
            "emix:quantity": _value(product.real_quantity(tender.quantity)),
        }
    }


def _stretch(interval: Interval) -> Document:
    return {
        "xcal:dtStart": {"xcal:dateTime": _value(rfc3339(interval.start))},
        "xcal:duration": _value(iso_duration(interval.duration)),
    }


def _value(found: object) -> Document:
    return {"$": found}
