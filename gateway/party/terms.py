"""The terms of a product as its reference data tells them: the one place where numbers are scaled.

Real numbers outside, integers on the wire: real = integer x 10^scale.  What cannot be written
exactly is rounded to the safe side of the party: it never pays more, never gets less per unit,
never trades more than it said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from gateway.model.tender import Side
from gateway.model.time import Duration, parse_iso_duration

Real = Decimal | float | int
"""A number of an app; a float means what it prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one product trades, and how finely.

    Attributes:
        product: its id, also the CTS segmentId.
        unit: of quantities, e.g. ``W``; ``price_unit``: what a price is per, e.g. ``kWh``.
        interval: length of delivery.
        floor, cap: the lowest and highest price taken.
        document: the reference data as it was published.
    """

    product: str
    resource: str
    unit: str
    price_unit: str
    currency: str
    interval: Duration
    price_scale: int
    quantity_scale: int
    tick: int
    lot: int
    floor: Decimal
    cap: Decimal
    document: Mapping[str, Any]

    def price(self, real: Real, side: Side) -> int:
        """Whole ticks: down for BUY, up for SELL, and no further than the market's bounds.

        Raises:
            ValueError: it is not a finite number.
        """
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        ticks = (_finite(real).scaleb(-self.price_scale) / self.tick).to_integral_value(rounding)
        price = int(ticks) * self.tick
        if side is Side.BUY:
            return min(price, int(self.cap.scaleb(-self.price_scale)))
        return max(price, int(self.floor.scaleb(-self.price_scale)))

    def quantity(self, real: Real) -> int:
        """Whole lots, rounded down.

        Raises:
            ValueError: it is negative or not a finite number.
        """
        amount = _finite(real)
        if amount < 0:
            message = f"{real} {self.unit}: a quantity is not negative; the verb says the side"
            raise ValueError(message)
        return int(amount.scaleb(-self.quantity_scale) // self.lot) * self.lot


def read_terms(document: Mapping[str, Any]) -> Terms:
    """The terms in ``p/P/ref``.

    Raises:
        KeyError, TypeError, ValueError: it is not reference data.
    """
    product, scale = document["product"], int(document["priceScale"])
    return Terms(
        product=document["segmentId"],
        resource=product["resourceDesignator"],
        unit=product["resourceUnit"],
        price_unit=document["priceUnit"],
        currency=document["currency"],
        interval=parse_iso_duration(product["duration"]),
        price_scale=scale,
        quantity_scale=int(product["quantityScale"]),
        tick=int(document["tickSize"]),
        lot=int(document["roundLot"]),
        floor=real(document["priceFloor"], scale),
        cap=real(document["priceCap"], scale),
        document=document,
    )


def real(number: int, scale: int) -> Decimal:
    """The exact real value of an integer of the wire."""
    return Decimal(number).scaleb(scale)


def _finite(number: Real) -> Decimal:
    amount = number if isinstance(number, Decimal) else Decimal(str(number))
    if not amount.is_finite():
        message = f"{number} is not a finite number"
        raise ValueError(message)
    return amount
