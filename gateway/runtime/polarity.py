"""Looks at the whole house twice a minute and says what is wired or signed the wrong way round."""

from collections.abc import Mapping
from typing import Final

from gateway.metering.polarity import Evidence, Kind, Look, Phase, Verdict, observe, verdict
from gateway.model.device import Role
from gateway.model.event import Fact, FaultChanged
from gateway.model.reading import PointValue, Quality, Reading
from gateway.model.site import DeviceSettings
from gateway.model.time import SECOND, Duration, in_seconds
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.driver import Signed

CODE: Final = "WIRING_SUSPECT"
EVERY: Final = Duration(30 * SECOND)

_SOURCES: Final = frozenset({Role.SOLAR, Role.GENERATOR})
_STORES: Final = frozenset({Role.STORAGE, Role.EV})
_TURN: Final = "turn the sign of its power where its driver is told it (of a map: its scale)"
_TOGETHER: Final = Duration(5 * SECOND)
"""Flows read further apart than this are not of one moment."""


class PolarityWatch:
    """Keeps the newest reading of each device; judges only in ``look``."""

    def __init__(self, items: tuple[DeviceSettings, ...], clock: Clock, bus: Bus) -> None:
        self._items = {item.device.id: item for item in items}
        self._grid = next((i for i, one in self._items.items() if _is_grid(one)), None)
        self._latest: dict[str, Reading] = {}
        self._clock = clock
        self._bus = bus
        self._evidence = Evidence()
        self._found: Verdict | None = None
        self._next = Duration(0)
        bus.listen(self._hear)

    def look(self) -> None:
        """Take the flows of this moment, where all are known, and tell a verdict that changed.

        Asked more often than twice a minute it does nothing.
        """
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = Duration(now + EVERY)
        seen = self._seen()
        if seen is None:
            return
        self._evidence = observe(self._evidence, seen)
        found = verdict(self._evidence)
        known = self._found
        if _same(known, found):
            return
        self._found = found
        if known is not None and (found is None or self._of(found) != self._of(known)):
            self._tell(self._of(known), None)
        if found is not None:
            self._tell(self._of(found), found)

    def _of(self, found: Verdict) -> str:
        """The device to blame."""
        return found.suspect.device or str(self._grid)

    def _hear(self, fact: Fact) -> None:
        if isinstance(fact, Reading):
            self._latest[fact.device] = fact

    def _tell(self, device: str, found: Verdict | None) -> None:
        text = "" if found is None else self._sentence(device, found)
        active, now = found is not None, self._clock.now()
        self._bus.publish(FaultChanged(device=device, code=CODE, active=active, at=now, text=text))

    def _sentence(self, device: str, found: Verdict) -> str:
        settings, role = self._items[device].settings, self._items[device].device.role
        keys = settings.turned(role) if isinstance(settings, Signed) else {}
        return f"{_what(found)} ({found.votes} of {found.of} looks); {_fix(device, found, keys)}"

    def _seen(self) -> Look | None:
        """The house at this moment; None where a flow is missing, old or doubted."""
        meter = None if self._grid is None else self._latest.get(self._grid)
        if meter is None or meter.power_w is None or meter.quality is not Quality.GOOD:
            return None
        sources, stores = self._flows(meter, _SOURCES), self._flows(meter, _STORES)
        if sources is None or stores is None:
            return None
        return Look(
            at_s=in_seconds(self._clock.monotonic()),
            meter_w=meter.power_w,
            sources=sources,
            stores=stores,
            phases=_phases(meter),
            in_wh=meter.counted_in_wh,
            out_wh=meter.counted_out_wh,
        )

    def _flows(self, meter: Reading, roles: frozenset[Role]) -> dict[str, float] | None:
        flows: dict[str, float] = {}
        for name, item in self._items.items():
            if item.device.role not in roles:
                continue
            reading = self._latest.get(name)
            if reading is None:
                return None
            if reading.asleep and item.device.role in _SOURCES:
                flows[name] = 0.0
                continue
            apart = abs(reading.at - meter.at) > max(_TOGETHER, 2 * item.device.poll)
            if reading.power_w is None or apart or reading.quality is not Quality.GOOD:
                return None
            flows[name] = reading.power_w
        return flows


def _same(known: Verdict | None, found: Verdict | None) -> bool:
    """Whether a person would do the same, however many looks say so by now."""
    if known is None or found is None:
        return known is found
    return (known.suspect, known.swapped, known.counters) == (
        found.suspect,
        found.swapped,
        found.counters,
    )


def _is_grid(item: DeviceSettings) -> bool:
    return item.device.role is Role.GRID


def _phases(meter: Reading) -> dict[str, Phase]:
    """W of each phase in the project's sign, and VA where the meter tells it."""
    total = next((name for name in meter.points if name.endswith(".W")), "")
    model = total.partition(".")[0]
    found: dict[str, Phase] = {}
    for letter in "ABC":
        w = _number(meter.points, f"{model}.Wph{letter}")
        if w is not None:
            sign = _sign(meter, total)
            va = _number(meter.points, f"{model}.VAph{letter}")
            found[letter] = Phase(w=sign * w, va=None if va is None else abs(va))
    return found


def _sign(meter: Reading, total: str) -> float:
    """-1 where the driver turns the sign of the meter's W."""
    raw = _number(meter.points, total) or 0.0
    return -1.0 if raw * (meter.power_w or 0.0) < 0 else 1.0


def _number(points: Mapping[str, PointValue], name: str) -> float | None:
    value = points.get(name)
    return float(value) if isinstance(value, int | float) else None


def _what(found: Verdict) -> str:
    suspect = found.suspect
    match suspect.kind:
        case Kind.METER:
            return (
                "it is read the wrong way round: it shows power fed in while nothing in the house "
                "gives any, or rises when the sun does"
            )
        case Kind.STORE:
            return "its power has the wrong sign: with it the loads of the house would give power"
        case Kind.COUNTERS:
            return "its counters of energy taken and fed in move against its power"
        case Kind.PHASES:
            return (
                f"phase {' and '.join(suspect.phases)} gives power while nothing in the house does"
            )


def _fix(device: str, found: Verdict, keys: Mapping[str, str]) -> str:
    """What to write into the configuration, or what to do with the wires."""
    turned = ", ".join(f"{key}: {value}" for key, value in keys.items())
    propose = f"write devices: {{{device}: {{{turned}}}}} into the configuration" if turned else ""
    match found.suspect.kind:
        case Kind.PHASES if found.swapped:
            return (
                "their current transformers sit on each other's phase: have an electrician swap "
                "them, or the voltage wires"
            )
        case Kind.PHASES:
            return (
                "either a source that is not in the configuration feeds in there (a plug-in "
                "battery), or its current transformer is to be turned by an electrician"
            )
        case Kind.METER if not found.counters and propose:
            return f"{propose}, or have its current transformers turned, which mends its counters"
        case Kind.COUNTERS:
            return propose or "see which way its maker counts"
        case _:
            return propose or f"{_TURN}, or in its own menu"
