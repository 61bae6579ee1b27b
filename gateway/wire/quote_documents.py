"""Quotes, requests and acceptances of strangers, decoded."""

from collections.abc import Mapping
from typing import Any, cast

from gateway.model.event import Detail
from gateway.model.product import Product
from gateway.model.quote import Quote, Rfq
from gateway.model.tender import Side, Tender
from gateway.model.time import Interval
from gateway.wire.payloads import TenderPayload
from gateway.wire.payloads_quotes import AcceptQuote, CreateQuote, CreateRfq, RfqPayload
from gateway.wire.tender_documents import decode_tender
from gateway.wire.tenders import (
    decode_duration,
    decode_instant,
    decode_interval,
    rescale,
    unknown,
    violates,
)


def decode_quote(message: CreateQuote, party: str, product: Product, to: str) -> Quote:
    """The quote in the product's own scales.

    Raises:
        Refusal: 400, 404 or 422.
    """
    stated = message["quote"]
    interval, tender = _tender(
        {**stated, "tenderId": stated["quoteId"]},
        product,
        "quote",
        message.get("executionInstructions", ""),
    )
    return Quote(
        party=party,
        product=product.id,
        interval=interval,
        tender=tender,
        tradeable=stated.get("tradeable", True),
        private=stated.get("privateQuote", False) or message.get("requestPrivate", False),
        rfq=stated.get("rfqId", ""),
        to=to,
    )


def decode_acceptance(message: AcceptQuote, product: Product) -> tuple[Interval, Tender]:
    """What the party would trade, and for when.

    Raises:
        Refusal: 400, 404 or 422.
    """
    stated = message["transaction"]["tender"]
    named = {**stated, "tenderId": stated.get("tenderId", message["requestId"])}
    return _tender(named, product, "transaction.tender", "")


def decode_rfq(message: CreateRfq, party: str, product: Product, to: str) -> Rfq:
    """The request in the product's own scales.

    Raises:
        Refusal: 400, 404 or 422.
    """
    stated = message["rfq"]
    _check_instrument(stated, product)
    private = stated.get("privateRfq", False)
    if private and not to:
        text = "a private request names the only party that is asked as its counterPartyId"
        raise violates(text, "privateRfq")
    detail, scale = stated["tenderDetail"], stated.get("priceScale", product.price_scale)
    price, expires = detail.get("price"), stated.get("expirationTime")
    own = product.quantity_scale
    quantity_scale = stated.get("quantityScale", own)
    return Rfq(
        id=stated["rfqId"],
        party=party,
        product=product.id,
        side=Side(stated["side"]),
        within=decode_interval(stated["boundingInterval"], "rfq.boundingInterval"),
        quantity=rescale(detail["quantity"], quantity_scale, own, "quantityScale"),
        price=None if price is None else rescale(price, scale, product.price_scale, "priceScale"),
        expiration=None if expires is None else decode_instant(expires, "rfq.expirationTime"),
        to=to,
        tradeable_only=stated.get("tradeableOnlyResponse", False),
        private_answers=private or message.get("requestPrivate", False),
    )


def _check_instrument(stated: RfqPayload, product: Product) -> None:
    resource = stated.get("resourceDesignator", product.resource)
    if resource != product.resource:
        text = f"{product.id} trades {product.resource}, not {resource!r}"
        raise unknown(Detail.INVALID_INSTRUMENT, text)
    length = stated.get("duration")
    if length is not None and decode_duration(length, "rfq.duration") != product.interval:
        text = f"no instrument of {product.id} has this duration"
        raise unknown(Detail.INVALID_INSTRUMENT, text)


def _tender(
    payload: Mapping[str, Any], product: Product, path: str, instructions: str
) -> tuple[Interval, Tender]:
    interval, tender = decode_tender(cast("TenderPayload", payload), product, path, instructions)
    if tender.base is not None:
        text = f"{path}: a quote states its price as a number"
        raise violates(text, tender.base.kind.value)
    return interval, tender
