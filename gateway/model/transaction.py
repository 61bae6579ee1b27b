"""Transactions: binding matches.  Never changed; undone only by an opposite one."""

from dataclasses import dataclass

from gateway.model.tender import Side
from gateway.model.time import MILLISECOND, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One party's side of a match for its own interval.

    Attributes:
        id: ``<area>-tx-<epoch>-<seq>``; party and counter_party as CTS means them.
        tender: the tender it fills (the party's id for it), empty for a must-trade rest of
            netting.
        price, quantity: the product's integers; quantity positive.
        clearing: sequence of the clearing that made it.
    """

    id: str
    product: str
    party: str
    counter_party: str
    tender: str
    side: Side
    price: int
    quantity: int
    interval: Interval
    clearing: int

    @property
    def signed(self) -> int:
        """Quantity as a change of position: BUY +, SELL -."""
        return self.side.sign * self.quantity

    @property
    def money(self) -> int:
        """Exact cost to the party: price x signed quantity x milliseconds (pays +, earns -)."""
        return self.price * self.signed * (self.interval.duration // MILLISECOND)
