"""What the gateway publishes once: directory, reference data and rules."""

from typing import Final

from gateway.model.product import Product
from gateway.model.site import Site
from gateway.model.time import HOUR, Duration, iso_duration
from gateway.wire.operations import OPERATIONS
from gateway.wire.payloads_state import (
    DirectoryPayload,
    MarketRefPayload,
    RulesPayload,
    SegmentRefPayload,
)
from gateway.wire.rules import market_hash, segment_rules
from gateway.wire.schemas import SCHEMA_BASE
from gateway.wire.segments import facts
from gateway.wire.text import MAX_BYTES, number
from gateway.wire.topics import Topics

_IDEMPOTENT: Final = Duration(24 * HOUR)


def directory(site: Site) -> DirectoryPayload:
    """``dir``."""
    shape = Topics(site.area)
    return {
        "v": 1,
        "marketId": site.area,
        "products": [product.id for product in site.products],
        "devices": [configured.device.id for configured in site.devices],
        "operations": list(OPERATIONS),
        "schemaBase": SCHEMA_BASE,
        "topics": {
            "request": shape.request("{U}", "{P}", "{OP}"),
            "inbox": shape.inbox("{U}", "{OP}"),
            "acknowledgement": shape.acknowledgement("{U}", "{OP}"),
            "position": shape.position("{U}", "{P}"),
            "statement": shape.statement("{U}", "{YYYYMMDD}"),
            "key": shape.key,
            "clearing": shape.clearing("{P}"),
            "session": shape.session("{P}"),
            "tender": shape.tenders("{P}", "{U}"),
            "tick": shape.tick("{P}", "transaction"),
            "quote": shape.quote("{P}", "{QID}"),
            "rfq": shape.rfq("{P}", "{RID}"),
            "reading": shape.reading("{D}"),
            "setpoint": shape.setpoint("{D}"),
            "state": shape.state("{D}"),
            "fault": shape.fault("{D}", "{CODE}"),
            "control": shape.control,
        },
    }


def market_ref(site: Site) -> MarketRefPayload:
    """``m/ref``."""
    payload: MarketRefPayload = {
        "v": 1,
        "marketId": site.area,
        "marketName": site.area,
        "marketPartyId": site.area,
        "currency": site.currency,
        "currencyCodeSource": "ISO3AlphaCurrencyCode",
        "timezone": site.timezone,
        "segments": [product.id for product in site.products],
        "import_limit_w": number(site.limits.import_w),
        "export_limit_w": number(site.limits.export_w),
    }
    first, *others = site.products
    if all(one.price_scale == first.price_scale for one in others):
        payload["priceScale"] = first.price_scale
    if all(one.tick == first.tick for one in others):
        payload["tickSize"] = first.tick
    if all(one.offset == first.offset for one in others):
        payload["timeOffset"] = iso_duration(first.offset)
    if all(one.resource == first.resource for one in others):
        payload["resourceDesignator"] = first.resource
    return payload


def rules(site: Site) -> RulesPayload:
    """``m/rules``."""
    return {
        "v": 1,
        "marketId": site.area,
        "segments": [segment_rules(product) for product in site.products],
        "rulesHash": market_hash(site.products),
        "operations": list(OPERATIONS),
        "maxPayloadBytes": MAX_BYTES,
        "idempotentFor": iso_duration(_IDEMPOTENT),
        "syncWindow": iso_duration(site.journal.window_in_force),
    }


def segment_ref(site: Site, product: Product) -> SegmentRefPayload:
    """``p/P/ref``."""
    return {
        "v": 1,
        "marketId": site.area,
        "segmentId": product.id,
        "segmentStatus": "ACTIVE",
        **facts(site.area, product),
        "product": {
            "resourceDesignator": product.resource,
            "resourceUnit": product.unit,
            "quantityScale": product.quantity_scale,
            "duration": iso_duration(product.interval),
        },
        "currency": product.currency,
        "priceScale": product.price_scale,
        "priceUnit": product.price_unit,
        "tickSize": product.tick,
        "roundLot": product.lot,
        "priceFloor": product.price_floor,
        "priceCap": product.price_cap,
        "minTenderQuantity": product.min_quantity,
        "maxTenderQuantity": product.max_quantity,
        "warrants": list(product.warrants),
        "streamTradingOk": product.streams.value,
        "executionInstructionsAccepted": product.execution_instructions,
        "timeOffset": iso_duration(product.offset),
        "gateClosure": iso_duration(product.gate_lead),
        "revision": product.revision,
        "rulesHash": segment_rules(product)["rulesHash"],
    }
