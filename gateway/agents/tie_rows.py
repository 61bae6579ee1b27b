"""What passed over an intertie, as lines that sum to zero in energy and in money."""

from collections.abc import Iterator

from gateway.agents.intertie import delivered
from gateway.model.intertie import Contract, TieRow
from gateway.model.time import MILLISECOND, Duration


def passed(  # noqa: PLR0917 - the two sides, in the order of the wire
    contract: Contract,
    award: int,
    position: int,
    parent_price: int,
    price: int,
    duration: Duration,
    lot: int = 1,
) -> tuple[TieRow, ...]:
    """The lines of one interval.

    Args:
        contract: with fee and loss.
        award: traded at the parent, its side, BUY +.
        position: traded here, import +.
        parent_price: what was paid there; ``price``: what was paid here.
        price: of this market.
        duration: of the delivery.
        lot: of this market.
    """
    return tuple(_rows(contract, award, position, parent_price, price, duration, lot))


def _rows(  # noqa: PLR0917
    contract: Contract,
    award: int,
    position: int,
    parent_price: int,
    price: int,
    duration: Duration,
    lot: int,
) -> Iterator[TieRow]:
    here, time = delivered(contract, award, lot), duration // MILLISECOND
    paid, fee = -parent_price * award * time, -contract.fee * abs(award) * time
    earned = price * position * time
    yield TieRow(what="PARENT", quantity=award, money=paid)
    yield TieRow(what="LOSS", quantity=here - award, money=0)
    yield TieRow(what="FEE", quantity=0, money=fee)
    yield TieRow(what="DEVIATION", quantity=position - here, money=0)
    yield TieRow(what="CHILD", quantity=-position, money=earned)
    yield TieRow(what="CONGESTION", quantity=0, money=-(paid + fee + earned))
