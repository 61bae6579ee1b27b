"""Quotes and requests for quotes as payloads: what stands, and what is pushed to a party."""

from gateway.model.product import Product
from gateway.model.quote import Ending, Quote, QuoteChanged, QuoteRejected, Rfq, RfqChanged
from gateway.model.time import Instant, iso_duration, rfc3339
from gateway.wire.message import Message
from gateway.wire.payloads_quotes import (
    CanceledQuote,
    CanceledQuoteResponse,
    PushedQuote,
    PushedRfq,
    QuotePayload,
    RejectedQuote,
    RfqPayload,
    StandingQuote,
    StandingRfq,
)
from gateway.wire.response import response
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write
from gateway.wire.topics import Topics


def quote_messages(
    fact: QuoteChanged | RfqChanged | QuoteRejected, area: str, product: Product, at: Instant
) -> tuple[Message, ...]:
    """What the world, and the parties that it is for, are told."""
    match fact:
        case QuoteChanged():
            return _quote(fact, area, product, at)
        case RfqChanged():
            return _rfq(fact, area, product, at)
        case QuoteRejected():
            return (_rejected(fact, area, at),)


def canceled(one: QuoteChanged | RfqChanged) -> CanceledQuoteResponse:
    """EiCanceledResponseType of one that ended."""
    reason = "SUPERVISORY" if one.ending is Ending.SUPERVISORY else "REQUESTED"
    if isinstance(one, RfqChanged):
        return {
            "rfqId": one.rfq.id,
            "marketOrderId": one.id,
            "cancelReason": reason,
            "remainingQuantity": one.rfq.quantity,
            "success": True,
        }
    return {
        "quoteId": one.quote.tender.id,
        "marketOrderId": one.id,
        "cancelReason": reason,
        "remainingQuantity": one.remaining,
        "success": True,
    }


def encode_quote(quote: Quote, market_id: str, product: Product) -> QuotePayload:
    """EiQuoteType."""
    tender = quote.tender
    payload: QuotePayload = {
        "quoteId": tender.id,
        "side": tender.side.value,
        "resourceDesignator": product.resource,
        "priceScale": product.price_scale,
        "quantityScale": product.quantity_scale,
        "allOrNone": tender.all_or_none,
        "privateQuote": quote.private,
        "tradeable": quote.tradeable,
        "tenderDetail": {
            "interval": encode_interval(quote.interval),
            "price": tender.price,
            "quantity": tender.quantity,
        },
    }
    if market_id:
        payload["marketQuoteId"] = market_id
    if quote.rfq:
        payload["rfqId"] = quote.rfq
    if tender.warrants:
        payload["warrants"] = list(tender.warrants)
    if tender.expiration is not None:
        payload["expirationTime"] = rfc3339(tender.expiration)
    return payload


def encode_rfq(rfq: Rfq, market_id: str, product: Product) -> RfqPayload:
    """EiRfqType."""
    payload: RfqPayload = {
        "rfqId": rfq.id,
        "side": rfq.side.value,
        "resourceDesignator": product.resource,
        "priceScale": product.price_scale,
        "quantityScale": product.quantity_scale,
        "boundingInterval": encode_interval(rfq.within),
        "duration": iso_duration(product.interval),
        "privateRfq": bool(rfq.to),
        "tradeableOnlyResponse": rfq.tradeable_only,
        "tenderDetail": {"quantity": rfq.quantity},
    }
    if rfq.price is not None:
        payload["tenderDetail"]["price"] = rfq.price
    if market_id:
        payload["marketRfqId"] = market_id
    if rfq.expiration is not None:
        payload["expirationTime"] = rfc3339(rfq.expiration)
    return payload


def _quote(changed: QuoteChanged, area: str, product: Product, at: Instant) -> tuple[Message, ...]:
    quote, told = changed.quote, []
    if not quote.private:
        topic = Topics(area).quote(quote.product, changed.id)
        stands = changed.ending is None
        payload = write(_standing_quote(changed, area, product)) if stands else b""
        told.append(Message(topic, payload, retain=True))
    if changed.ending is None:
        return (*told, *([_pushed_quote(changed, area, product)] if quote.to else []))
    return (*told, *_withdrawn(changed, quote.to, area, at))


def _rfq(changed: RfqChanged, area: str, product: Product, at: Instant) -> tuple[Message, ...]:
    rfq = changed.rfq
    if not rfq.to:
        topic, stands = Topics(area).rfq(rfq.product, changed.id), changed.ending is None
        payload = write(_standing_rfq(changed, area, product)) if stands else b""
        return (
            Message(topic, payload, retain=True),
            *(() if stands else _withdrawn(changed, "", area, at)),
        )
    if changed.ending is None:
        return (_pushed_rfq(changed, area, product),)
    return _withdrawn(changed, rfq.to, area, at)


def _standing_quote(changed: QuoteChanged, area: str, product: Product) -> StandingQuote:
    payload: StandingQuote = {
        "v": 1,
        "partyId": changed.party,
        "marketId": area,
        "segmentId": changed.product,
        "quote": encode_quote(changed.quote, changed.id, product),
        "remainingQuantity": changed.remaining,
    }
    if changed.quote.to:
        payload["acceptableBy"] = changed.quote.to
    return payload


def _standing_rfq(changed: RfqChanged, area: str, product: Product) -> StandingRfq:
    return {
        "v": 1,
        "partyId": changed.party,
        "marketId": area,
        "segmentId": changed.product,
        "rfq": encode_rfq(changed.rfq, changed.id, product),
    }


def _pushed_quote(changed: QuoteChanged, area: str, product: Product) -> Message:
    payload: PushedQuote = {
        "v": 1,
        "requestId": changed.id,
        "partyId": changed.quote.to,
        "counterPartyId": changed.party,
        "marketId": area,
        "segmentId": changed.product,
        "quote": encode_quote(changed.quote, changed.id, product),
        "remainingQuantity": changed.remaining,
    }
    return Message(Topics(area).inbox(changed.quote.to, "create-quote"), write(payload))


def _pushed_rfq(changed: RfqChanged, area: str, product: Product) -> Message:
    payload: PushedRfq = {
        "v": 1,
        "requestId": changed.id,
        "partyId": changed.rfq.to,
        "counterPartyId": changed.party,
        "marketId": area,
        "segmentId": changed.product,
        "rfq": encode_rfq(changed.rfq, changed.id, product),
    }
    return Message(Topics(area).inbox(changed.rfq.to, "create-rfq"), write(payload))


def _withdrawn(
    changed: QuoteChanged | RfqChanged, addressee: str, area: str, at: Instant
) -> tuple[Message, ...]:
    """To its party where the market did it, and to the party it was for."""
    told = [changed.party] if changed.ending is Ending.SUPERVISORY else []
    if addressee and changed.ending in {Ending.SUPERVISORY, Ending.REQUESTED}:
        told.append(addressee)
    return tuple(_canceled(changed, party, area, at) for party in told)


def _canceled(changed: QuoteChanged | RfqChanged, party: str, area: str, at: Instant) -> Message:
    one = canceled(changed)
    payload: CanceledQuote = {
        "v": 1,
        "inResponseTo": None,
        "partyId": party,
        "counterPartyId": area if party == changed.party else changed.party,
        "segmentId": changed.product,
        "eiCanceledResponse": one,
        "canceledQuotes": [one],
        "response": response(None, at, description="withdrawn"),
    }
    return Message(Topics(area).inbox(party, "canceled-quote"), write(payload))


def _rejected(fact: QuoteRejected, area: str, at: Instant) -> Message:
    party = fact.quote.party
    payload: RejectedQuote = {
        "v": 1,
        "inResponseTo": None,
        "partyId": party,
        "counterPartyId": fact.party,
        "segmentId": fact.product,
        "referencedQuoteId": fact.quote.id,
        "quoteId": fact.quote.quote.tender.id,
        "response": response(None, at, description=f"rejected by {fact.party}"),
    }
    return Message(Topics(area).inbox(party, "rejected-quote"), write(payload))
