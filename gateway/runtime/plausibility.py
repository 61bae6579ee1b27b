"""Whether what a device tells is of now, and can be."""

from gateway.model.device import Capabilities
from gateway.model.event import Described, Fact, FaultChanged
from gateway.model.reading import Quality, Reading
from gateway.ports.bus import Bus

STALE = "DATA_STALE"
OUT_OF_RANGE = "VALUE_OUT_OF_RANGE"
# Nameplates are continuous ratings: peaks go beyond them.
_BEYOND = 1.5


class Plausibility:
    """Hears every reading, and tells once when one cannot be believed and when it can again."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._most_w: dict[str, float] = {}
        self._told: set[tuple[str, str]] = set()
        bus.listen(self._hear)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, Reading):
            self._judge(fact)
        elif isinstance(fact, Described):
            self._most_w[fact.device] = _most_w(fact.description.capabilities)

    def _judge(self, reading: Reading) -> None:
        stale = reading.quality is Quality.STALE
        if stale or self._told:
            text = "the device answers with values of before" if stale else ""
            self._note(reading, STALE, active=stale, text=text)
        found = self._beyond(reading)
        if found is not None or self._told:
            text, expected, observed = found or ("", None, None)
            self._note(
                reading,
                OUT_OF_RANGE,
                active=found is not None,
                text=text,
                expected=expected,
                observed=observed,
            )

    def _beyond(self, reading: Reading) -> tuple[str, float, float] | None:
        """(what is wrong, the bound, what was read), or None."""
        soc, power = reading.soc_pct, reading.power_w
        if soc is not None and not 0 <= soc <= 100:  # noqa: PLR2004 - per cent
            return f"a state of charge of {soc:g} %", min(max(soc, 0.0), 100.0), soc
        most = self._most_w.get(reading.device, 0.0)
        if most and power is not None and abs(power) > _BEYOND * most:
            return f"{power:g} W with a nameplate of {most:g} W", most, power
        return None

    def _note(
        self,
        reading: Reading,
        code: str,
        *,
        active: bool,
        text: str,
        expected: float | None = None,
        observed: float | None = None,
    ) -> None:
        key = (reading.device, code)
        if active is (key in self._told):
            return
        self._told ^= {key}
        self._bus.publish(
            FaultChanged(
                device=reading.device,
                code=code,
                active=active,
                at=reading.at,
                text=text,
                expected=expected,
                observed=observed,
            )
        )


def _most_w(told: Capabilities) -> float:
    """The largest power it says it can; 0 = it says nothing."""
    return max(told.rating_w or 0.0, told.charge_w or 0.0, told.discharge_w or 0.0)
