"""Faults in the log: whatever station publishes one, it is said when it comes and when it goes."""

import structlog

from gateway.model.event import Fact, FaultChanged


class FaultTeller:
    """A bus listener; a fault that only changes its words is no news."""

    def __init__(self) -> None:
        self._raised: set[tuple[str, str]] = set()
        self._log = structlog.get_logger()

    def listen(self, fact: Fact) -> None:
        """Take a fact."""
        if not isinstance(fact, FaultChanged):
            return
        device, code = fault = fact.device, fact.code
        if fact.active and fault not in self._raised:
            self._raised.add(fault)
            self._log.warning("fault.raised", device=device, code=code, reason=fact.text)
        elif not fact.active and fault in self._raised:
            self._raised.remove(fault)
            self._log.info("fault.cleared", device=device, code=code)
