"""The rule sets of a product: what is refused below or above, and what is overwritten.

They hold for parties from outside; the home's own agents keep the product's price grid and lot
alone, for no rule of trade may keep a device from being steered.

Source: OASIS Energy Interoperation 1.0, EiMarketRuleSet; EMIX 1.0, terms.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gateway.model.product import Product
from gateway.model.tender import Tender, TenderSet
from gateway.model.terms import ALL_OR_NONE, DURATIONS, Purpose, TermRule
from gateway.model.time import Duration, Instant, Interval, short_duration


@dataclass(frozen=True, slots=True)
class Asked:
    """A tender as rules look at it.

    Attributes:
        interval: its delivery.
        block: length of the contiguous delivery it is part of: all intervals of its stream.
    """

    tender: Tender
    interval: Interval
    block: Duration
    now: Instant


def _stands(asked: Asked) -> int:
    expires = asked.tender.expiration
    return min(asked.interval.end, expires or asked.interval.end) - asked.now


def _notice(asked: Asked) -> int:
    return asked.interval.start - asked.now


MEASURES: Final[Mapping[str, Callable[[Asked], int]]] = {
    "price": lambda asked: asked.tender.price,
    "quantity": lambda asked: asked.tender.quantity,
    "expirationTime": _stands,
    "minimumNotificationDuration": _notice,
    "maximumNotificationDuration": _notice,
    "minimumResponseDuration": lambda asked: asked.block,
    "maximumResponseDuration": lambda asked: asked.block,
}
"""What is measured under the name of a term; durations in nanoseconds.

``expirationTime`` is how long the tender stands from now; notification how long before delivery
it comes; response how long the contiguous delivery lasts.
"""


def force(product: Product, tenders: TenderSet) -> TenderSet:
    """The set with the forced terms overwritten; itself where none is forced."""
    forced = {rule.term: rule.value for rule in product.rules if rule.purpose is Purpose.FORCE}
    if not forced:
        return tenders
    return replace(tenders, tenders=tuple(_forced(tender, forced) for tender in tenders.tenders))


def _forced(tender: Tender, forced: Mapping[str, int | None]) -> Tender:
    price, quantity = forced.get("price"), forced.get("quantity")
    whole = forced.get(ALL_OR_NONE)
    return replace(
        tender,
        price=tender.price if price is None else price,
        quantity=tender.quantity if quantity is None else quantity,
        all_or_none=tender.all_or_none if whole is None else bool(whole),
    )


def violations(product: Product, asked: Asked) -> Iterator[tuple[str, str]]:
    """(term, sentence) of each rule the tender does not keep."""
    tender = asked.tender
    if tender.quantity < product.min_quantity:
        allowed = f"quantity {tender.quantity} is below the least, {product.min_quantity}"
        yield "minTenderQuantity", allowed
    if tender.quantity > product.max_quantity:
        allowed = f"quantity {tender.quantity} is above the most, {product.max_quantity}"
        yield "maxTenderQuantity", allowed
    for rule in product.rules:
        measure = MEASURES.get(rule.term)
        if measure is None or rule.value is None:
            continue
        found = measure(asked)
        if rule.purpose is Purpose.MINIMUM and found < rule.value:
            yield rule.term, f"{_told(rule, found)} is below the least, {_told(rule, rule.value)}"
        elif rule.purpose is Purpose.MAXIMUM and found > rule.value:
            yield rule.term, f"{_told(rule, found)} is above the most, {_told(rule, rule.value)}"


def _told(rule: TermRule, value: int) -> str:
    if rule.term not in DURATIONS:
        return f"{rule.term} {value}"
    return short_duration(Duration(value)) if value >= 0 else f"-{short_duration(Duration(-value))}"
