"""What a product's mechanism means in the words of CTS, and what else is true of its segment.

Source: OASIS CTS 1.0, SegmentReferenceDataType, MarketMechanismType, MmtLevelTwoPhase.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.event import SessionStatus
from gateway.model.product import AHEAD, Product
from gateway.model.time import iso_duration
from gateway.wire.payloads_state import SegmentFacts
from gateway.wire.topics import Topics

_AUCTION: Final = "MMT_AUCTION"
_MECHANISMS: Final[Mapping[str, str]] = {
    "order-book": "MMT_ORDERBOOK",
    "quote-driven": "MMT_QUOTE_DRIVEN",
    "negotiated": "MMT_OFF_BOOK",
    "posted-price": "CTS_RTP",
}
"""Those that are not an auction at the gate."""

_PHASES: Final[Mapping[str, str]] = {
    _AUCTION: "ScheduleIntradayAuction",
    "MMT_ORDERBOOK": "Continuous",
    "MMT_QUOTE_DRIVEN": "Continuous",
    "MMT_OFF_BOOK": "Continuous",
    "CTS_RTP": "Continuous",
}


def market_mechanism(product: Product) -> str:
    """MarketMechanismType; a mechanism of another package clears at the gate: an auction."""
    return _MECHANISMS.get(product.mechanism, _AUCTION)


def phase(product: Product, status: SessionStatus) -> str:
    """MmtLevelTwoPhase of the product in a session of that status."""
    if status is not SessionStatus.OPEN:
        return "Quiescent"
    return _PHASES[market_mechanism(product)]


def facts(area: str, product: Product) -> SegmentFacts:
    """What ``p/P/ref`` says beyond scales and limits."""
    topics = Topics(area)
    length = iso_duration(product.interval)
    return {
        "segmentDesc": f"{product.resource} in {product.unit}, intervals of {length}, "
        f"{product.mechanism}",
        "marketMechanism": market_mechanism(product),
        "auctionAtClose": market_mechanism(product) == _AUCTION,
        "tradeableAhead": iso_duration(AHEAD),
        "negotiationsPermitted": product.negotiated,
        "tickerTenders": "ticks" in product.publish,
        "tickerQuotes": "ticks" in product.publish,
        "tickerRfqs": "ticks" in product.publish,
        "tickerTransactions": True,
        "marketInstrumentSummaryAvailable": bool({"book", "session"} & set(product.publish)),
        "tradeEndpoint": topics.request("{U}", product.id, "{OP}"),
        "subscriptionEndpoint": topics.of_product(product.id),
    }
