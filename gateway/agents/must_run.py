"""The load nobody tenders for: served at any price."""

from dataclasses import dataclass

from gateway.agents.steps import as_it_flows, must_run
from gateway.model.tender import Party, Tender
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
        residual_w = gate.snapshot.residual_w
        if residual_w is None:
            return ()
        return must_run(gate, as_it_flows(gate, residual_w) - gate.unmetered)
