"""One device's energy, both ways, from its readings."""

from dataclasses import dataclass, replace
from typing import Final

from gateway.metering.counter import Sample, count, forget_base
from gateway.model.energy import Metered
from gateway.model.reading import Quality, Reading

UNKNOWN_W: Final = 100_000.0
"""The most that flows where nobody knows a rating: more than a house connection carries."""

_HEADROOM = 1.5  # times the rating: gusts, cold modules, overload
_S_PER_H = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """The time that passed since the reading before, seconds.

    Attributes:
        elapsed_s: all of it, also while the device or the gateway was away.
        measured_s: of it, what the two readings stand for: none over a long gap.
    """

    elapsed_s: float
    measured_s: float


def observe(
    metered: Metered, reading: Reading, passed: Passed, rating_w: float | None, *, unsure: bool
) -> Metered:
    """Count one more reading.

    ``unsure``: nobody knows how long the gateway was away, so its counters are not looked at.
    """
    trusted = reading.quality is not Quality.SUSPECT
    power_w = reading.power_w if reading.quality is Quality.GOOD else None
    most_wh = _most_w(rating_w) * passed.elapsed_s / _S_PER_H
    flowed = _flowed_wh(metered.power_w, power_w, passed.measured_s)
    looked = trusted and not unsure
    return replace(
        metered,
        into=count(
            metered.into,
            Sample(
                raw_wh=reading.counted_in_wh if looked else None,
                power_wh=flowed[0],
                most_wh=most_wh,
            ),
        ),
        out=count(
            metered.out,
            Sample(
                raw_wh=reading.counted_out_wh if looked else None,
                power_wh=flowed[1],
                most_wh=most_wh,
            ),
        ),
        power_w=power_w,
        at=reading.at,
    )


def identify(metered: Metered, serial: str) -> Metered:
    """Note which device answers; another one than before begins its counters anew."""
    if not serial or serial == metered.serial:
        return metered
    if not metered.serial:
        return replace(metered, serial=serial)
    return replace(
        metered,
        into=forget_base(metered.into),
        out=forget_base(metered.out),
        power_w=None,
        serial=serial,
    )


def _most_w(rating_w: float | None) -> float:
    return UNKNOWN_W if rating_w is None else _HEADROOM * rating_w


def _flowed_wh(before_w: float | None, now_w: float | None, seconds: float) -> tuple[float, float]:
    """Energy in and out by the mean of two measured powers; nothing where one is missing."""
    if before_w is None or now_w is None:
        return 0.0, 0.0
    hours = seconds / _S_PER_H
    into = (max(before_w, 0.0) + max(now_w, 0.0)) / 2 * hours
    out = (max(-before_w, 0.0) + max(-now_w, 0.0)) / 2 * hours
    return into, out
