"""The connection port: who trades for the wire to the market above."""

from typing import Protocol

from gateway.model.clearing import Clearing
from gateway.ports.agent import Agent


class Connection(Agent, Protocol):
    """An agent whose requirement rests on what others said; it is no function of the gate."""

    def cleared(self, clearing: Clearing, position: int) -> Clearing:
        """The clearing as it is published, with the shadow price of the wire.

        ``position``: the connection's own, BUY +.
        """
        ...
