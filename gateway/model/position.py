"""Positions: a party's signed flow over time, BUY +, SELL -."""

from dataclasses import dataclass

from gateway.model.time import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionStep:
    """A constant piece of a position: integer quantity over an interval."""

    interval: Interval
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A party's position in one product, as contiguous steps in time order.

    Source: CTS EiReplyPosition.
    """

    party: str
    product: str
    steps: tuple[PositionStep, ...]
