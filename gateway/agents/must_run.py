"""The load nobody tenders for: served at any price."""

from dataclasses import dataclass

from gateway.agents.steps import Step, as_tenders
from gateway.model.tender import Party, Side, Tender
from gateway.ports.agent import Gate

MUST_RUN = "must-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class MustRun:
    """Buys the residual of the site: all that no other agent of the house answers for."""

    @property
    def party(self) -> Party:
        """The party of the residual."""
        return Party(id=MUST_RUN)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """BUY the expected residual at the cap; SELL at the floor when it is generation.

        Parties without a meter here already tender for their part of the residual, so their
        positions are taken off.  Without a fresh grid meter nothing is known and nothing is
        tendered.
        """
        product, residual_w = gate.product, gate.snapshot.residual_w
        if residual_w is None:
            return ()
        draws, gives = product.quantity_up(residual_w), product.quantity_down(-residual_w)
        flow = draws - gives - gate.unmetered
        buys = Step(Side.BUY, product.price_cap, max(0, flow))
        sells = Step(Side.SELL, product.price_floor, max(0, -flow))
        return as_tenders(gate, [buys, sells])
