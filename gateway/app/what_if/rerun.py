"""A journal run again under another mechanism: what would have been paid and traded.

Everybody tenders as he did; what he would have tendered after other outcomes nobody knows.  The
markets begin at the journal's first checkpoints and from then on go their own way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gateway.app.mechanisms import mechanisms
from gateway.app.wiring import load_market
from gateway.market import Market, checkpoint
from gateway.model.clearing import Clearing
from gateway.model.errors import WrongInput
from gateway.model.event import MarketEvent, Refused
from gateway.model.product import Product
from gateway.model.time import HOUR
from gateway.model.transaction import Transaction
from gateway.ports.journal import Row
from gateway.runtime.replay import INPUTS, put
from gateway.runtime.rows import Checkpoint, Happened, Start, read_body

_DIGITS: Final = 6


@dataclass(slots=True)
class Tally:
    """What came of one product.

    Attributes:
        bought: quantity x hours, the product's integers.
        worth: price x that.
        money: exact cost by party, pays +.
    """

    clearings: int = 0
    bought: float = 0.0
    worth: float = 0.0
    refused: int = 0
    money: dict[str, int] = field(default_factory=dict)

    def take(self, events: Iterable[MarketEvent]) -> None:
        """Count what happened."""
        for event in events:
            if isinstance(event, Clearing):
                self.clearings += 1
            elif isinstance(event, Refused):
                self.refused += 1
            elif isinstance(event, Transaction):
                self.money[event.party] = self.money.get(event.party, 0) + event.money
                if event.signed > 0:
                    amount = event.quantity * event.interval.duration / HOUR
                    self.bought += amount
                    self.worth += amount * event.price

    def told(self, product: Product) -> dict[str, Any]:
        """In real numbers; the price is the mean by volume, None where nothing was traded."""
        mean = self.worth / self.bought if self.bought else None
        scale, unit = 10.0**product.price_scale, 10.0**product.quantity_scale
        return {
            "clearings": self.clearings,
            "price": None if mean is None else round(mean * scale, _DIGITS),
            "quantityHours": round(self.bought * unit, _DIGITS),
            "refused": self.refused,
            "money": {p: float(product.money(m)) for p, m in sorted(self.money.items())},
        }


class Rerun:
    """Two tallies per product: as journalled, and as by another mechanism."""

    def __init__(self, mechanism: str) -> None:
        known = mechanisms()
        if mechanism not in known:
            message = (
                f"--mechanism: found {mechanism!r}, which is not installed; "
                f"allowed: {', '.join(sorted(known))}"
            )
            raise WrongInput(message)
        self._mechanism, self._rules = mechanism, known[mechanism].price_rules
        self._markets: dict[str, Market] = {}
        self._starts: dict[str, Start] = {}
        self.rows = 0
        self.before: dict[str, Tally] = {}
        self.after: dict[str, Tally] = {}

    def run(self, rows: Iterable[Row]) -> dict[str, Any]:
        """What changed, by product.

        Raises:
            JournalFailed: a row cannot be understood.
        """
        for row in rows:
            self.rows += 1
            if row.kind == "checkpoint":
                self._checkpoint(read_body(Checkpoint, row))
            elif row.kind == "event":
                happened = read_body(Happened, row)
                if happened.product in self._markets:
                    self.before[happened.product].take(happened.events)
            elif row.kind in INPUTS:
                given = read_body(INPUTS[row.kind], row)
                market = self._markets.get(given.product)
                if market is not None:
                    self.after[given.product].take(put(market, given, row.now))
        return {
            id_: {
                "before": self.before[id_].told(market.product),
                "after": self.after[id_].told(market.product),
            }
            for id_, market in self._markets.items()
        }

    def _checkpoint(self, state: Checkpoint) -> None:
        market = self._markets.get(state.product)
        if market is not None and self._starts[state.product] == state.start:
            return
        (terms,) = state.start.products
        product = replace(terms, mechanism=self._mechanism, price_rule=self._rule(terms))
        dump: Any = state.dump if market is None else market.dump()
        if isinstance(dump, Mapping):
            # The same tenders under other rules: they stand, where a gateway would end them.
            dump = {**dump, "terms": checkpoint.terms(product)}
        self._markets[state.product] = load_market(product, state.start, dump)
        self._starts[state.product] = state.start
        self.before.setdefault(state.product, Tally())
        self.after.setdefault(state.product, Tally())

    def _rule(self, terms: Product) -> str:
        """The product's own where the mechanism knows it."""
        if not self._rules or terms.price_rule in self._rules:
            return terms.price_rule
        return self._rules[0]


def comparison(changes: Mapping[str, Mapping[str, Any]], rows: int) -> str:
    """The changes as people read them."""
    lines: list[str] = []
    for product, told in changes.items():
        before, after = told["before"], told["after"]
        if before == after:
            continue
        lines.append(f"{product}:")
        lines += [
            f"  {key:<24} {_shown(before[key])} -> {_shown(after[key])}"
            for key in ("clearings", "price", "quantityHours", "refused")
        ]
        for party in sorted({*before["money"], *after["money"]}):
            paid, pays = (side["money"].get(party, 0.0) for side in (before, after))
            lines.append(f"  {party:<24} pays {paid:.6f} -> {pays:.6f}")
    return "\n".join(lines) or f"{rows} rows replayed, every outcome is the same"


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
