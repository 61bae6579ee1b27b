"""Why a device may not follow a setpoint that stands in its registers.

Only what its readings show is offered as a reason; where they show nothing the usual ones are
asked as a question.  Points are named as SunSpec names them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.model.device import Control, Device, Role
from gateway.model.reading import PointValue, Reading

# Flows this near are the same: the meter's noise and the device's own regulation.
NEAR_W: Final = 60.0
_MOVED_SHARE: Final = 0.2
_FULL_PCT: Final = 99.0
_EMPTY_PCT: Final = 1.0
_EMPTY, _FULL = 2, 5  # 124 and 802 ChaSt
_LOCAL = 1  # 715 and 802 LocRemCtl
_BY_STAGES = frozenset({Role.HEAT, Role.EV, Role.LOAD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfollowed:
    """A setpoint and what is measured instead.

    Attributes:
        wanted, measured: flow or bound, W, passive.
        before: the flow when it was commanded, None where that is not known.
    """

    device: Device
    control: Control
    wanted: float
    measured: float
    before: float | None
    reading: Reading


def likely_reason(case: Unfollowed) -> str:
    """One sentence: what was asked, what is measured, and what the readings say to that."""
    why = next(filter(None, (reason(case) for reason in _REASONS)))
    return f"asked for {case.wanted:.0f} W, measured {case.measured:.0f} W: {why}"


def _asleep(case: Unfollowed) -> str:
    return "the device says it sleeps" if case.reading.asleep else ""


def _faulty(case: Unfollowed) -> str:
    return f"the device reports a fault ({case.reading.fault})" if case.reading.fault else ""


def _local(case: Unfollowed) -> str:
    for model in ("715", "802"):
        if _point(case, f"{model}.LocRemCtl") == _LOCAL:
            return f"it is switched to local control ({model} LocRemCtl): switch it to remote"
    return ""


def _disconnected(case: Unfollowed) -> str:
    return (
        "it is told to stay off the grid (123 Conn is 0)" if _point(case, "123.Conn") == 0 else ""
    )


def _full(case: Unfollowed) -> str:
    if case.device.role is not Role.STORAGE or case.wanted <= 0:
        return ""
    most = min(_FULL_PCT, case.device.limits.max_soc_pct)
    soc = case.reading.soc_pct
    if _status(case) == _FULL or (soc is not None and soc >= most):
        return f"the battery is full{_at(soc)}"
    return ""


def _empty(case: Unfollowed) -> str:
    if case.device.role is not Role.STORAGE or case.wanted >= 0:
        return ""
    reserve = _point(case, "124.MinRsvPct")
    least = max(_EMPTY_PCT, float(reserve) if isinstance(reserve, int | float) else 0.0)
    soc = case.reading.soc_pct
    if _status(case) == _EMPTY or (soc is not None and soc <= least):
        return f"the battery is empty, or at its own reserve{_at(soc)}"
    return ""


def _only_from_the_sun(case: Unfollowed) -> str:
    if case.wanted > 0 and _point(case, "124.ChaGriSet") == 0:
        return "it may not charge from the grid (124 ChaGriSet is 0): allow it in the device's menu"
    return ""


def _reversed(case: Unfollowed) -> str:
    if case.wanted * case.measured < 0 and abs(case.measured) > NEAR_W:
        return "the sign of its power may be reversed (key sign:)"
    return ""


def _slow(case: Unfollowed) -> str:
    if case.before is None:
        return ""
    way, gone = case.wanted - case.before, case.measured - case.before
    if way * gone > 0 and abs(gone) > max(NEAR_W, _MOVED_SHARE * abs(way)):
        return (
            f"it moves, from {case.before:.0f} W, but slower than dispatch.settle says, or it "
            "stops at a limit of its own (temperature, cells, phase)"
        )
    return ""


def _its_own_mind(case: Unfollowed) -> str:
    if case.device.role in _BY_STAGES and case.wanted > 0 and abs(case.measured) < NEAR_W:
        return "it does not start: its own thermostat, rest time or plug may keep it off"
    return ""


def _ignored(case: Unfollowed) -> str:
    steady = case.before is not None and abs(case.measured - case.before) <= NEAR_W
    shown = "its flow did not change" if steady else "its flow does not answer to it"
    if case.device.role is Role.STORAGE and _point(case, "124.StorCtl_Mod"):
        what = "124 StorCtl_Mod is set and ignored"
    else:
        what = "the registers hold it and are ignored"
    menu = "is external control enabled in the device's menu, and no other mode in force?"
    return f"{shown}, {what}: {menu}"


_REASONS: Final[tuple[Callable[[Unfollowed], str], ...]] = (
    _asleep,
    _faulty,
    _local,
    _disconnected,
    _full,
    _empty,
    _only_from_the_sun,
    _reversed,
    _slow,
    _its_own_mind,
    _ignored,
)


def _point(case: Unfollowed, name: str) -> PointValue:
    return case.reading.points.get(name)


def _status(case: Unfollowed) -> PointValue:
    """Charge status of whichever battery model is there."""
    found = _point(case, "124.ChaSt")
    return _point(case, "802.ChaSt") if found is None else found


def _at(soc: float | None) -> str:
    return "" if soc is None else f" ({soc:.1f} %)"
