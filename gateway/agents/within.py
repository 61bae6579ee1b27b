"""An agent that tenders only while its device may be had.

Source: RFC 7953; EMIX 1.0, availabilitySchedule.
"""

from dataclasses import dataclass

from gateway.model.tender import Party, Tender
from gateway.ports.agent import Agent, Gate
from gateway.ports.calendar import Availability


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Another agent, in the windows of a calendar."""

    agent: Agent
    availability: Availability

    @property
    def party(self) -> Party:
        """The party of the agent."""
        return self.agent.party

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """What the agent tenders; nothing for an interval that is not wholly inside a window."""
        if not self.availability.covers(gate.product.id, gate.interval):
            return ()
        return self.agent.tenders(gate)
