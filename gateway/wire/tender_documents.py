"""Tenders and streams of tenders between the model and their payloads."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gateway.model.event import Detail
from gateway.model.product import Product
from gateway.model.request import SubmitTenders
from gateway.model.tender import Side, Tender
from gateway.model.terms import PriceBase, PriceKind
from gateway.model.time import Duration, Instant, Interval, rfc3339
from gateway.model.transaction import Transaction
from gateway.wire.payloads import (
    CreateTender,
    ExecutedTender,
    StreamDetail,
    TenderDetail,
    TenderPayload,
)
from gateway.wire.tenders import (
    decode_duration,
    decode_end,
    decode_instant,
    decode_interval,
    encode_interval,
    invalid,
    rescale,
    unknown,
    violates,
)
from gateway.wire.terms import notice, price_base

_ALL_OR_NONE = "G"  # FIX ExecInst
_LONGEST_ID = 64
_MILLIONTHS = 6


@dataclass(frozen=True, slots=True)
class _Common:
    """What all intervals of one payload share."""

    payload: TenderPayload
    product: Product
    path: str
    instructions: str

    @property
    def price_scale(self) -> int:
        return self.payload.get("priceScale", self.product.price_scale)

    def price(self, value: int) -> int:
        return rescale(value, self.price_scale, self.product.price_scale, "priceScale")

    def quantity(self, value: int) -> int:
        own = self.product.quantity_scale
        found = rescale(value, self.payload.get("quantityScale", own), own, "quantityScale")
        if found <= 0:
            message = f"quantity {found} is not positive; the side says buy or sell"
            raise violates(message, "quantity")
        return found

    def tender(
        self, interval: Interval, quantity: int, price: int | None, base: PriceBase | None
    ) -> Tender:
        payload = self.payload
        if price is None and base is None:
            message = f"{self.path}.tenderDetail.price is missing"
            raise invalid(message)
        return Tender(
            id=payload["tenderId"],
            side=Side(payload["side"]),
            price=0 if price is None else self.price(price),
            quantity=self.quantity(quantity),
            all_or_none=payload.get("allOrNone", False) or _ALL_OR_NONE in self.instructions,
            expiration=self._expiration(interval),
            warrants=tuple(dict.fromkeys(payload.get("warrants", ()))),
            instructions=self.instructions,
            base=base,
        )

    def _expiration(self, interval: Interval) -> Instant | None:
        stated = self.payload.get("expirationTime")
        ends = [notice(self.payload.get("terms", ()), self.product, interval)]
        if stated is not None:
            ends.append(decode_instant(stated, f"{self.path}.expirationTime"))
        return min((end for end in ends if end is not None), default=None)


def decode_tender(
    payload: TenderPayload, product: Product, path: str, instructions: str = ""
) -> tuple[Interval, Tender]:
    """One tender in the product's own scales, and the interval it is for.

    Args:
        payload: of the tender; ``path``: where it stands.
        product: whose terms hold.
        path: for messages.
        instructions: executionInstructions of the whole request.

    Raises:
        Refusal: 400, 404 or 422.
    """
    common = _common(payload, product, path, instructions)
    detail = payload["tenderDetail"]
    if "stream" in detail:
        message = f"{path}.tenderDetail.stream: streams are sent by create-stream-tender"
        raise invalid(message)
    missing = [key for key in ("interval", "quantity") if key not in detail]
    if missing:
        message = ", ".join(f"{path}.tenderDetail.{key} is missing" for key in missing)
        raise invalid(message)
    interval = decode_interval(detail["interval"], f"{path}.tenderDetail.interval")
    base = price_base(detail, product, common.price_scale)
    return interval, common.tender(interval, detail["quantity"], detail.get("price"), base)


def decode_stream(
    payload: TenderPayload, product: Product, instructions: str = ""
) -> Iterator[tuple[Interval, Tender]]:
    """One tender per interval of a stream, ids ``<tenderId>.<streamUid>``.

    Raises:
        Refusal: 400, 404 or 422.
    """
    common = _common(payload, product, "tender", instructions)
    detail, path = payload["tenderDetail"], "tender.tenderDetail.stream"
    if "stream" not in detail:
        message = f"{path} is missing; single intervals are sent by create-tender"
        raise invalid(message)
    stream, base = detail["stream"], price_base(detail, product, common.price_scale)
    start = decode_instant(stream["streamStart"], f"{path}.streamStart")
    length = _length(stream, product, path)
    _check_order(stream, path)
    for step in stream["streamIntervals"]:
        if not step["streamIntervalQuantity"]:
            continue
        begin = decode_end(start, Duration(step["streamUid"] * length + 1), path) - 1
        interval = Interval(Instant(begin), Instant(begin + length))
        price = step.get("streamIntervalPrice")
        if price is not None and base is not None:
            message = f"{path}: streamIntervalPrice and {base.kind} are both given"
            raise invalid(message)
        tender = common.tender(interval, step["streamIntervalQuantity"], price, base)
        yield interval, _of_stream(tender, step["streamUid"])


def encode_tender(tender: Tender, interval: Interval, product: Product) -> TenderPayload:
    """The inverse of ``decode_tender``."""
    detail: TenderDetail = {"interval": encode_interval(interval)}
    if tender.base is None:
        detail["price"] = tender.price
    else:
        _encode_base(detail, tender.base)
    detail["quantity"] = tender.quantity
    payload: TenderPayload = {
        "tenderId": tender.id,
        "side": tender.side.value,
        "resourceDesignator": product.resource,
        "priceScale": product.price_scale,
        "quantityScale": product.quantity_scale,
        "allOrNone": tender.all_or_none,
        "tenderDetail": detail,
    }
    if tender.expiration is not None:
        payload["expirationTime"] = rfc3339(tender.expiration)
    if tender.instructions:
        payload["executionInstructions"] = tender.instructions
    if tender.warrants:
        payload["warrants"] = list(tender.warrants)
    return payload


def executed(transaction: Transaction, product: Product) -> ExecutedTender:
    """EiTenderType as executed."""
    return {
        "tenderId": transaction.tender,
        "side": transaction.side.value,
        "resourceDesignator": product.resource,
        "priceScale": product.price_scale,
        "quantityScale": product.quantity_scale,
        "tenderDetail": {
            "interval": encode_interval(transaction.interval),
            "price": transaction.price,
            "quantity": transaction.quantity,
        },
    }


def encode_submission(request: SubmitTenders, area: str, product: Product) -> CreateTender:
    """The payload a party publishes to make this request."""
    alternatives = any(tender.exclusive for one in request.sets for tender in one.tenders)
    payload: CreateTender = {
        "v": 1,
        "requestId": request.request_id,
        "partyId": request.party,
        "counterPartyId": area,
        "marketId": area,
        "segmentId": product.id,
        "netting": request.tenders.netting,
        "revision": request.tenders.revision,
        "tenders": [
            encode_tender(tender, one.interval, product)
            for one in request.sets
            for tender in one.tenders
        ],
    }
    if alternatives:
        payload["atMostOne"] = True
    return payload


def _common(payload: TenderPayload, product: Product, path: str, instructions: str) -> _Common:
    resource = payload.get("resourceDesignator", product.resource)
    if resource != product.resource:
        message = f"{product.id} trades {product.resource}, not {resource!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, message)
    codes = payload.get("executionInstructions", "") + instructions
    if odd := [code for code in codes if code not in product.execution_instructions]:
        taken = " ".join(product.execution_instructions) or "none"
        message = f"executionInstructions {odd[0]!r} is not taken by {product.id}; taken: {taken}"
        raise violates(message, "executionInstructions")
    return _Common(payload, product, path, "".join(dict.fromkeys(codes)))


def _length(stream: StreamDetail, product: Product, path: str) -> Duration:
    length = decode_duration(stream["streamIntervalDuration"], f"{path}.streamIntervalDuration")
    if length != product.interval:
        text = f"no instrument of {product.id} has this duration"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    return length


def _check_order(stream: StreamDetail, path: str) -> None:
    uids = [step["streamUid"] for step in stream["streamIntervals"]]
    if uids != list(range(len(uids))):
        message = f"{path}: streamUid counts the intervals 0, 1, 2, ... without gaps"
        raise invalid(message)
    if not any(step["streamIntervalQuantity"] for step in stream["streamIntervals"]):
        message = "no interval of the stream has a quantity"
        raise violates(message, "quantity")


def _of_stream(tender: Tender, uid: int) -> Tender:
    id_ = f"{tender.id}.{uid}"
    if len(id_) > _LONGEST_ID:
        message = f"tenderId {tender.id}: with .{uid} it is longer than {_LONGEST_ID} characters"
        raise invalid(message)
    return replace(tender, id=id_, stream=tender.id)


def _encode_base(detail: TenderDetail, base: PriceBase) -> None:
    if base.kind is PriceKind.RELATIVE:
        detail["priceRelative"] = {"value": base.value, "marketContext": base.product}
        return
    whole, part = divmod(base.value, 10**_MILLIONTHS)
    factor = float(f"{whole}.{part:0{_MILLIONTHS}d}") if part else whole
    detail["priceMultiplier"] = {"multiplier": factor, "marketContext": base.product}
