"""The forward curve, as a payload."""

from typing_extensions import TypedDict

from gateway.model.ahead import CurvePoint, ForwardCurve
from gateway.model.product import Product
from gateway.model.time import iso_duration, rfc3339
from gateway.wire.payloads import InstantText, Version


class ForwardPoint(TypedDict):
    """One interval: the price expected, and what all would give beyond what they draw.

    ``supply``: [price, quantity] by rising price; negative where they would draw.
    """

    start: InstantText
    price: int | None
    supply: list[list[int]]


class ForwardPayload(TypedDict):
    """``p/P/forward``: what a product's coming intervals are expected to cost.

    Prices and quantities are the product's integers.
    """

    v: Version
    segmentId: str
    at: InstantText
    duration: str
    priceScale: int
    priceUnit: str
    currency: str
    quantityScale: int
    resourceUnit: str
    intervals: list[ForwardPoint]


def forward_payload(told: ForwardCurve, product: Product) -> ForwardPayload:
    """``p/P/forward``."""
    return {
        "v": 1,
        "segmentId": product.id,
        "at": rfc3339(told.at),
        "duration": iso_duration(product.interval),
        "priceScale": product.price_scale,
        "priceUnit": product.price_unit,
        "currency": product.currency,
        "quantityScale": product.quantity_scale,
        "resourceUnit": product.unit,
        "intervals": [_point(one) for one in told.points],
    }


def _point(one: CurvePoint) -> ForwardPoint:
    return {
        "start": rfc3339(one.interval.start),
        "price": one.price,
        "supply": [list(step) for step in one.supply],
    }
