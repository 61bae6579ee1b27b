"""What a party may hold of one product only as far as it holds another."""

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
