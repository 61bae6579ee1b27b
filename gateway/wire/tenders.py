"""Tenders, intervals and instants between the model and their payloads."""

from gateway.model.event import Detail, ResponseCode
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import (
    Duration,
    Instant,
    Interval,
    iso_duration,
    parse_iso_duration,
    parse_rfc3339,
    rfc3339,
)
from gateway.wire.payloads import (
    CreateTender,
    IntervalPayload,
    TenderDetail,
    TenderPayload,
)

_LAST = 2**63  # nanoseconds; the year 2262


class Refusal(Exception):
    """A request that is answered at the border.

    Attributes:
        term: the rule it broke, empty where the code says all.
    """

    def __init__(
        self, code: ResponseCode, detail: Detail, description: str, *, term: str = ""
    ) -> None:
        super().__init__(description)
        self.code = code
        self.detail = detail
        self.description = description
        self.term = term


def invalid(description: str) -> Refusal:
    """400: the artifact cannot be understood."""
    return Refusal(ResponseCode.INVALID_ARTIFACT, Detail.INVALID_ARTIFACT, description)


def violates(description: str, term: str) -> Refusal:
    """422: understood, and against a rule."""
    return Refusal(ResponseCode.RULES_VIOLATION, Detail.RULES_VIOLATION, description, term=term)


def unknown(detail: Detail, description: str) -> Refusal:
    """404: what it speaks of does not exist here."""
    return Refusal(ResponseCode.NOT_FOUND, detail, description)


def decode_instant(text: str, path: str) -> Instant:
    """An RFC 3339 instant with an offset, between 1970 and 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    try:
        instant = parse_rfc3339(text)
    except (ValueError, OverflowError) as error:
        message = f"{path}: {text!r} is not an RFC 3339 instant with an offset"
        raise invalid(message) from error
    if not 0 <= instant < _LAST:
        message = f"{path}: {text!r} lies outside 1970 to 2262"
        raise invalid(message)
    return instant


def decode_duration(text: str, path: str) -> Duration:
    """An ISO 8601 duration.

    Raises:
        Refusal: 400, naming the field.
    """
    try:
        return parse_iso_duration(text)
    except ValueError as error:
        message = f"{path}: {text!r} is not an ISO 8601 duration such as PT10S"
        raise invalid(message) from error


def decode_interval(payload: IntervalPayload, path: str) -> Interval:
    """A half-open interval that ends before 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    start = decode_instant(payload["dtStart"], f"{path}.dtStart")
    duration = decode_duration(payload["duration"], f"{path}.duration")
    return Interval(start, decode_end(start, duration, f"{path}.duration"))


def decode_end(start: Instant, duration: Duration, path: str) -> Instant:
    """``start + duration`` if that is later and before 2262.

    Raises:
        Refusal: 400, naming the field.
    """
    if not 0 < duration < _LAST - start:
        message = f"{path}: a duration longer than 0 that ends before 2262 is taken"
        raise invalid(message)
    return Instant(start + duration)


def encode_interval(interval: Interval) -> IntervalPayload:
    """Start and duration; both exact to the millisecond."""
    return {"dtStart": rfc3339(interval.start), "duration": iso_duration(interval.duration)}


def rescale(value: int, scale: int, target: int, term: str) -> int:
    """The integer that means the same at another scale.

    Raises:
        Refusal: 422 when it cannot be written exactly.
    """
    if scale >= target:
        return int(value * 10 ** (scale - target))
    quotient, rest = divmod(value, 10 ** (target - scale))
    if rest:
        message = f"{value} at {term} {scale} cannot be written exactly at this product's {target}"
        raise violates(message, term)
    return int(quotient)


def decode_tender(payload: TenderPayload, product: Product, path: str) -> tuple[Interval, Tender]:
    """One tender in the product's own scales, and the interval it is for.

    Raises:
        Refusal: 400, 404 or 422.
    """
    _refuse_what_is_not_taken(payload, product)
    detail = payload["tenderDetail"]
    interval, price, quantity = _step(detail, f"{path}.tenderDetail")
    expiration = payload.get("expirationTime")
    return interval, Tender(
        id=payload["tenderId"],
        side=Side(payload["side"]),
        price=rescale(
            price, payload.get("priceScale", product.price_scale), product.price_scale, "priceScale"
        ),
        quantity=_positive(
            rescale(
                quantity,
                payload.get("quantityScale", product.quantity_scale),
                product.quantity_scale,
                "quantityScale",
            )
        ),
        all_or_none=payload.get("allOrNone", False),
        expiration=None
        if expiration is None
        else decode_instant(expiration, f"{path}.expirationTime"),
    )


def encode_tender(tender: Tender, interval: Interval, product: Product) -> TenderPayload:
    """The inverse of ``decode_tender``."""
    payload: TenderPayload = {
        "tenderId": tender.id,
        "side": tender.side.value,
        "resourceDesignator": product.resource,
        "priceScale": product.price_scale,
        "quantityScale": product.quantity_scale,
        "allOrNone": tender.all_or_none,
        "tenderDetail": {
            "interval": encode_interval(interval),
            "price": tender.price,
            "quantity": tender.quantity,
        },
    }
    if tender.expiration is not None:
        payload["expirationTime"] = rfc3339(tender.expiration)
    return payload


def encode_submission(request: SubmitTenders, area: str, product: Product) -> CreateTender:
    """The payload a party publishes to make this request."""
    tenders: TenderSet = request.tenders
    return {
        "v": 1,
        "requestId": request.request_id,
        "partyId": request.party,
        "counterPartyId": area,
        "marketId": area,
        "segmentId": product.id,
        "netting": tenders.netting,
        "revision": tenders.revision,
        "tenders": [encode_tender(tender, tenders.interval, product) for tender in tenders.tenders],
    }


def _refuse_what_is_not_taken(payload: TenderPayload, product: Product) -> None:
    resource = payload.get("resourceDesignator", product.resource)
    if resource != product.resource:
        message = f"{product.id} trades {product.resource}, not {resource!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, message)
    if "stream" in payload["tenderDetail"]:
        message = f"streams are not taken by {product.id}; send one tender per interval"
        raise violates(message, "streamTradingOk")
    if payload.get("executionInstructions", "") != "":
        message = f"{product.id} takes no execution instructions; leave them empty"
        raise violates(message, "executionInstructions")
    # A seller's warrants may be ignored; a buyer's would be a condition left unmet.
    if payload["side"] == "BUY" and payload.get("warrants"):
        message = f"{product.id} knows no warrants; a buyer cannot ask for them"
        raise violates(message, "warrants")


def _step(detail: TenderDetail, path: str) -> tuple[Interval, int, int]:
    missing = [key for key in ("interval", "price", "quantity") if key not in detail]
    if missing:
        message = ", ".join(f"{path}.{key} is missing" for key in missing)
        raise invalid(message)
    interval = decode_interval(detail["interval"], f"{path}.interval")
    return interval, detail["price"], detail["quantity"]


def _positive(quantity: int) -> int:
    if quantity <= 0:
        message = f"quantity {quantity} is not positive; the side says buy or sell"
        raise violates(message, "quantity")
    return quantity
