"""What ties a party in one product to what it holds of another."""

from dataclasses import dataclass

from gateway.model.tender import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Its position on one side of ``product`` is at most ``factor`` times what it bought of ``by``.

    A right to draw covers what is drawn (BUY power by capacity); what a converter takes in
    covers what it gives out (SELL heat by power, times its coefficient of performance).

    Attributes:
        factor: units of ``product`` for each unit of ``by``, > 0.
    """

    side: Side
    product: str
    by: str
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """It keeps as much SELL of ``product`` on offer as it has sold of ``sold``.

    Who has written an option (sold a reserve) can be called until the gate of each interval.
    """

    product: str
    sold: str
