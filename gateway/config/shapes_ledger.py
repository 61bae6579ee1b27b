"""The keys of ``ledger`` and of ``products.NAME.settlement``."""

from typing import Annotated

from gateway.config.scalars import Choice, Real, Span
from gateway.config.shape import Shape, key
from gateway.model.settlement import CounterParty, DeviationRule
from gateway.model.time import MINUTE, Duration


class SettlementShape(Shape):
    """How a product is settled."""

    counterparty: Annotated[str, Choice(words=tuple(CounterParty))] = key(
        "market", "who stands opposite in a transaction: the market, or the party it was matched to"
    )
    deviation: Annotated[str, Choice(words=tuple(DeviationRule))] = key(
        "clearing-price", "what delivered minus traded energy costs"
    )
    surcharge: Annotated[float, Real(minimum=0)] = key(
        0.0, "with two-price: how much a deviation costs its party beside the clearing price"
    )


class LedgerShape(Shape):
    """What is kept for parties who want to check."""

    keep: Annotated[str, Choice(words=("auto", "always", "never"))] = key(
        "auto",
        "seals, deliveries and statements; auto: as soon as there are parties from outside",
    )
    seal: Annotated[Duration, Span(minimum=MINUTE)] = key(
        "1h", "between two signatures under the journal"
    )
