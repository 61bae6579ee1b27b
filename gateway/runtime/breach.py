"""Whether more flows over an intertie than was agreed, for longer than the contract's notice."""

from dataclasses import dataclass

from gateway.model.intertie import Bounds
from gateway.model.reading import Reading
from gateway.model.time import Duration

# Below this a phase has no voltage: less than a tenth of the lowest mains there is.
_DEAD_V = 10.0
_DEAD_HZ = 1.0
_VOLTS = ("PhV", "PhVphA", "LNV", "PPV", "LLV")


def has_no_voltage(reading: Reading) -> bool | None:
    """Whether the meter measures a dead connection; None where it tells neither V nor Hz."""
    told = {name.rpartition(".")[2]: value for name, value in reading.points.items()}
    volts = [v for name in _VOLTS if isinstance(v := told.get(name), int | float)]
    if volts:
        return max(abs(volt) for volt in volts) < _DEAD_V
    hertz = told.get("Hz")
    return hertz < _DEAD_HZ if isinstance(hertz, int | float) else None


@dataclass(slots=True)
class BreachWatch:
    """Compares the measured flow with what may flow.

    Attributes:
        notice: how long it may last, and how long it takes to be trusted again.
        tolerance_w: a flow so much beyond is noise.
        text: the breach as a sentence; empty: there is none.
    """

    notice: Duration
    tolerance_w: float
    text: str = ""
    _since: Duration | None = None

    def look(self, flow_w: float, award: Bounds, contract: Bounds, now: Duration) -> bool:
        """Judge a reading at monotonic ``now``; whether that changed anything.

        ``award`` is what may flow by it, in W; ``contract`` what may flow at most: a breach
        ends when that is kept again.
        """
        most = contract if self.text else award
        beyond = self._beyond(flow_w, most)
        if bool(beyond) is bool(self.text):
            self._since = None
            return False
        if self._since is None:
            self._since = now
        if now - self._since < self.notice:
            return False
        self.text, self._since = beyond, None
        return True

    def _beyond(self, flow_w: float, most: Bounds) -> str:
        if flow_w > most.imports + self.tolerance_w:
            return f"import {flow_w:.0f} W where {most.imports:.0f} W were agreed"
        if -flow_w > most.exports + self.tolerance_w:
            return f"export {-flow_w:.0f} W where {most.exports:.0f} W were agreed"
        return ""
