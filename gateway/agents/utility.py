"""The grid as a party: its tariff, up to the limits of the connection point."""

from dataclasses import dataclass

from gateway.agents.steps import Step, as_tenders
from gateway.model.site import GridLimits
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.ports.agent import Gate

UTILITY = "utility"

# Without a configured limit: more than a house connection carries (3 x 144 A at 230 V).
UNLIMITED_W = 100_000.0


@dataclass(frozen=True, slots=True)
class GridPrices:
    """What the grid asks and pays, the product's integers; ``pays`` < ``asks`` always."""

    asks: int
    pays: int

    @classmethod
    def at(cls, gate: Gate) -> "GridPrices":
        """The tariff as it can be tendered.

        An export price at or above the import price is cut to one tick below it, or the grid
        would trade with itself; the rest is settled outside.  An unknown import price is read
        as the cap, so that must-run load is served and nothing else buys; an unknown export
        price as the floor, because it may be a penalty.
        """
        product, tariff = gate.product, gate.snapshot
        asks, pays = product.price_cap, product.price_floor
        if tariff.import_price is not None:
            asks = product.clamp_price(product.price(tariff.import_price))
        if tariff.export_price is not None:
            pays = product.clamp_price(product.price(tariff.export_price))
        return cls(asks, min(pays, asks - product.tick))


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """Sells at the import price and buys at the export price; last in line at a tie."""

    limits: GridLimits

    @property
    def party(self) -> Party:
        """The tariff party."""
        return Party(id=UTILITY, tie_class=TieClass.GRID)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """SELL up to the import limit, BUY up to the export limit; a limit of 0 is no tender."""
        prices = GridPrices.at(gate)
        sells = Step(Side.SELL, prices.asks, _bound(gate, self.limits.import_w))
        buys = Step(Side.BUY, prices.pays, _bound(gate, self.limits.export_w))
        # At an import price on the floor there is no price left below it to buy at.
        if prices.pays < gate.product.price_floor:
            return as_tenders(gate, [sells])
        return as_tenders(gate, [sells, buys])


def _bound(gate: Gate, limit_w: float | None) -> int:
    return gate.product.quantity_down(UNLIMITED_W if limit_w is None else limit_w)
