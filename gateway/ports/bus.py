"""The bus port: facts travel to whoever listens, in this process."""

from collections.abc import Callable
from typing import Protocol

from gateway.model.event import Fact

Listener = Callable[[Fact], None]


class Bus(Protocol):
    """Facts are handed on at once and in order; a listener never blocks and never raises."""

    def publish(self, fact: Fact) -> None:
        """Hand the fact to every listener."""
        ...

    def listen(self, listener: Listener) -> None:
        """Add a listener; it hears everything published after."""
        ...
