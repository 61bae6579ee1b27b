"""The in-process bus: facts go to every listener at once, in order."""

import structlog

from gateway.model.event import Fact
from gateway.ports.bus import Listener


class LocalBus:
    """Implements ports.bus; listeners are called in the order they were added."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def publish(self, fact: Fact) -> None:
        """Hand the fact on; a listener that fails costs nobody else the fact."""
        for listener in self._listeners:
            try:
                listener(fact)
            except Exception:  # noqa: BLE001 - control never depends on who listens
                structlog.get_logger().exception("listener.failed", fact=type(fact).__name__)

    def listen(self, listener: Listener) -> None:
        """Add a listener."""
        self._listeners.append(listener)
