"""A product that is traded ahead: its horizon, and the forward curve that everybody may read."""

from dataclasses import dataclass

from gateway.model.time import Duration, Instant, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """How far ahead of now a product is cleared, and how often again.

    Attributes:
        horizon: from now to the last instrument's start.
        every: so often each instrument is looked at again.
        least: a position that would move by no more is left as it is, integer quantity >= 0.
    """

    horizon: Duration
    every: Duration
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One instrument of the forward curve; the product's integers.

    Attributes:
        price: that brings supply and demand together; None where nothing does.
        supply: (price, quantity) by rising price: what all together would give beyond what they
            draw at that price; negative = they would draw.
    """

    interval: Interval
    price: int | None
    supply: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardCurve:
    """What a product's instruments are expected to cost, as of ``at``, in order of time."""

    product: str
    at: Instant
    points: tuple[CurvePoint, ...]
