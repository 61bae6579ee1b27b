"""Terms that a tender states, and prices that it states against another.

Source: EMIX 1.0, terms and price types; EI 1.0, ruleSetPurpose and nonStandardTermsHandling.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from gateway.model.product import Product
from gateway.model.terms import OtherTerms, PriceBase, PriceKind, Purpose
from gateway.model.time import Duration, Instant, Interval, iso_duration
from gateway.wire.payloads import PriceMultiplier, PriceRelative, TenderDetail, TermPayload
from gateway.wire.tenders import decode_duration, invalid, rescale, violates

_MILLION: Final = 10**6
_LARGEST: Final = 10**6
UNDERSTOOD: Final = (
    "minimumNotificationDuration",
    "minimumResponseDuration",
    "maximumResponseDuration",
)
"""Terms of a tender that this market acts upon.

The first makes the tender leave the book so long before delivery; the others are kept or not by
the length of the product's interval.
"""


def notice(terms: Sequence[TermPayload], product: Product, interval: Interval) -> Instant | None:
    """Until when the tender's own terms let it be taken; None if they set no such end.

    Raises:
        Refusal: 422 for a term that is not understood or cannot be kept, 400 for no duration.
    """
    until: Instant | None = None
    for index, term in enumerate(terms):
        if _is_ignored(term["term"], product):
            continue
        duration = _duration(term, f"terms[{index}]")
        match term["term"]:
            case "minimumNotificationDuration":
                end = Instant(interval.start - duration)
                until = end if until is None else min(until, end)
            case "minimumResponseDuration" if interval.duration < duration:
                raise _unkept(term, product)
            case "maximumResponseDuration" if interval.duration > duration:
                raise _unkept(term, product)
    return until


def _is_ignored(term: str, product: Product) -> bool:
    named = {rule.purpose for rule in product.rules if rule.term == term}
    if Purpose.IGNORE in named:
        return True
    if term in UNDERSTOOD:
        return False
    if Purpose.MUST_UNDERSTAND in named or product.other_terms is OtherTerms.REJECT:
        message = f"the term {term} is not understood here; understood: {', '.join(UNDERSTOOD)}"
        raise violates(message, term)
    return True


def _duration(term: TermPayload, path: str) -> Duration:
    if "duration" not in term:
        message = f"{path}.duration is missing"
        raise invalid(message)
    return decode_duration(term["duration"], f"{path}.duration")


def _unkept(term: TermPayload, product: Product) -> Exception:
    message = f"intervals of {product.id} last {iso_duration(product.interval)}"
    return violates(message, term["term"])


def price_base(detail: TenderDetail, product: Product, scale: int) -> PriceBase | None:
    """How the price is stated if not as a number.

    Raises:
        Refusal: 400 where two prices are given, 422 where one cannot be written exactly.
    """
    given = [key for key in ("price", "priceRelative", "priceMultiplier") if key in detail]
    if len(given) > 1:
        message = f"tenderDetail has {' and '.join(given)}; one of them is taken"
        raise invalid(message)
    if "priceRelative" in detail:
        relative = detail["priceRelative"]
        value = rescale(relative["value"], scale, product.price_scale, "priceScale")
        return _base(PriceKind.RELATIVE, value, relative, product)
    if "priceMultiplier" in detail:
        multiplier = detail["priceMultiplier"]
        return _base(PriceKind.MULTIPLIER, _millionths(multiplier), multiplier, product)
    return None


def _base(
    kind: PriceKind, value: int, stated: PriceRelative | PriceMultiplier, product: Product
) -> PriceBase:
    return PriceBase(kind=kind, value=value, product=stated.get("marketContext", product.id))


def _millionths(stated: PriceMultiplier) -> int:
    factor = Decimal(str(stated["multiplier"])) * _MILLION
    if factor != factor.to_integral_value() or not 0 <= factor <= _LARGEST * _MILLION:
        message = f"multiplier {stated['multiplier']} is not in 0..{_LARGEST} with 6 decimals"
        raise violates(message, "priceMultiplier")
    return int(factor)
