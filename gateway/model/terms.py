"""Terms: what a market asks of a tender beyond price and quantity, and how it asks it.

Source: OASIS Energy Interoperation 1.0, EiMarketRuleSetType; EMIX 1.0, terms.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NUMBERS: Final = ("price", "quantity")
"""Terms that a rule bounds by a number."""

DURATIONS: Final = (
    "expirationTime",
    "minimumNotificationDuration",
    "maximumNotificationDuration",
    "minimumResponseDuration",
    "maximumResponseDuration",
)
"""Terms that a rule bounds by a duration."""

ALL_OR_NONE: Final = "allOrNone"

RENEWABLE: Final = "renewable"
"""The warrant of what the sun gives."""

LOCAL: Final = "local"
"""The warrant of what the house itself gives."""


class Purpose(StrEnum):
    """What a rule does to a tender; tokens of EI ruleSetPurpose."""

    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    FORCE = "force"
    MUST_UNDERSTAND = "mustUnderstand"
    IGNORE = "ignore"


class OtherTerms(StrEnum):
    """What becomes of a term that nobody here knows and no rule names.

    Tokens of EI nonStandardTermsHandling.
    """

    REJECT = "reject"
    IGNORE = "ignore"


class Streams(StrEnum):
    """Whether tenders for several contiguous intervals are taken; tokens of StreamTradingType."""

    PROHIBITED = "ST_PROHIBITED"
    PERMITTED = "ST_PERMITTED"
    REQUIRED = "ST_REQUIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRule:
    """One rule about one term.

    Attributes:
        term: as EMIX and CTS call it: price, quantity, minimumNotificationDuration, ...
        value: in the product's integers, nanoseconds for a duration, 0 or 1 for a truth; None
            where the purpose needs none.
    """

    purpose: Purpose
    term: str
    value: int | None = None


class PriceKind(StrEnum):
    """How a price is stated; tokens of EMIX 1.0 PriceBaseType."""

    RELATIVE = "priceRelative"
    MULTIPLIER = "priceMultiplier"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBase:
    """A price stated against the last clearing price of a product.

    Attributes:
        value: added to that price, in the own product's integers, or the factor in millionths.
        product: whose price is meant.
        found: that price when the tender was taken, in its own product's integers.
    """

    kind: PriceKind
    value: int
    product: str
    found: int = 0
