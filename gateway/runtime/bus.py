"""The in-process bus: facts go to every listener at once, in order."""

from gateway.model.event import Fact
from gateway.ports.bus import Listener


class LocalBus:
    """Implements ports.bus; listeners are called in the order they were added."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, fact: Fact) -> None:
        """Hand the fact on."""
        for listener in self._listeners:
            listener(fact)

    def listen(self, listener: Listener) -> None:
        """Add a listener."""
        self._listeners.append(listener)
