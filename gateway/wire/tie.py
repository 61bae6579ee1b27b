"""The intertie as messages: its contract, how it stands, and what the market above may see."""

from collections.abc import Mapping
from typing import Literal, cast

from gateway.model.intertie import WHOLE, Contract, TiePosition, TieState
from gateway.model.product import Product
from gateway.model.time import Instant, iso_duration, rfc3339
from gateway.wire.message import Message
from gateway.wire.payloads_tie import (
    TieContractPayload,
    TiePositionPayload,
    TieRowPayload,
    TieStatePayload,
)
from gateway.wire.tenders import encode_interval
from gateway.wire.text import write
from gateway.wire.topics import Topics


def contract_message(contract: Contract, product: Product) -> Message:
    """``tie/B/contract``, retained."""
    payload: TieContractPayload = {
        "v": 1,
        "contractId": contract.id,
        "partyId": contract.area,
        "counterPartyId": contract.parent,
        "segmentId": contract.product,
        "counterSegmentId": contract.parent_product,
        "maxImport": contract.bounds.imports,
        "maxExport": contract.bounds.exports,
        "quantityScale": product.quantity_scale,
        "transportAccessFee": {"price": contract.fee, "priceScale": product.price_scale},
        "lossFactor": contract.loss_ppm / WHOLE,
        "priceCollar": {
            "min": contract.collar_min,
            "max": contract.collar_max,
            "priceScale": product.price_scale,
        },
        "noticeDuration": iso_duration(contract.notice),
        "schedule": [
            {
                "start": iso_duration(window.start),
                "end": iso_duration(window.end),
                "maxImport": window.bounds.imports,
                "maxExport": window.bounds.exports,
            }
            for window in contract.schedule
        ],
        "validFrom": _maybe(contract.valid_from),
        "validUntil": _maybe(contract.valid_until),
        "onBreach": cast("Literal['HALT', 'STANDING']", contract.on_breach.value.upper()),
        "standingTerms": {
            "importPrice": contract.standing_import,
            "exportPrice": contract.standing_export,
            "priceScale": product.price_scale,
        },
    }
    return _retained(contract, "contract", payload)


def state_message(state: TieState, product: Product) -> Message:
    """``tie/B/state``, retained."""
    payload: TieStatePayload = {
        "v": 1,
        "contractId": state.contract.id,
        "at": rfc3339(state.at),
        "mode": state.mode.value,
        "award": state.award,
        "parentPrice": state.parent_price,
        "landedPrice": state.landed,
        "netPrice": state.net,
        "price": state.price,
        "priceScale": product.price_scale,
        "congestionPrice": state.congestion,
        "maxImport": state.limit.imports,
        "maxExport": state.limit.exports,
        "quantityScale": product.quantity_scale,
        "refused": state.refused,
        "breach": state.breach,
        "away": state.away,
        "rows": [
            cast(
                "TieRowPayload",
                {
                    "row": row.what,
                    "quantity": row.quantity,
                    "amount": f"{product.money(row.money):f}",
                },
            )
            for row in state.rows
        ],
    }
    if state.interval is not None:
        payload["interval"] = encode_interval(state.interval)
    return _retained(state.contract, "state", payload)


def position_message(position: TiePosition, product: Product) -> Message:
    """``tie/B/pos``, retained: the only one that the market above may read."""
    contract, counted = position.contract, position.delivered_in_wh
    payload: TiePositionPayload = {
        "v": 1,
        "positionParty": contract.area,
        "counterPartyId": contract.parent,
        "segmentId": contract.parent_product,
        "resourceDesignator": product.resource,
        "quantityScale": product.quantity_scale,
        "at": rfc3339(position.at),
        "steps": [
            {**encode_interval(interval), "quantity": quantity}
            for interval, quantity in position.steps
        ],
        "delivered": None
        if counted is None
        else {"importWh": counted, "exportWh": position.delivered_out_wh or 0},
    }
    return _retained(contract, "pos", payload)


def _retained(contract: Contract, leaf: str, payload: Mapping[str, object]) -> Message:
    topic = Topics(contract.area).tie(contract.tie, leaf)
    return Message(topic, write(payload), retain=True)


def _maybe(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339(instant)
