"""One device's energy, both ways, from its readings."""

from dataclasses import dataclass, replace
from typing import Final

from gateway.metering.counter import Sample, count, forget_base
from gateway.model.energy import Metered
from gateway.model.reading import Quality, Reading

UNKNOWN_W: Final = 100_000.0
"""The most that flows where nobody knows a rating: more than a house connection carries."""

_HEADROOM = 1.5  # times the rating: gusts, cold modules, overload
S_PER_H: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What happened since the counters were looked at before.

    Attributes:
        elapsed_s: seconds, also those that the device or the gateway was away.
        in_wh, out_wh: by measured power, Wh >= 0.
    """

    elapsed_s: float
    in_wh: float = 0.0
    out_wh: float = 0.0


def observe(
    metered: Metered, reading: Reading, passed: Passed, rating_w: float | None, *, unsure: bool
) -> Metered:
    """Look at the counters of one more reading.

    ``unsure``: nobody knows how long the gateway was away, so they are not looked at.
    """
    looked = reading.quality is not Quality.SUSPECT and not unsure
    most_wh = _most_w(rating_w) * passed.elapsed_s / S_PER_H
    into = Sample(
        raw_wh=reading.counted_in_wh if looked else None, power_wh=passed.in_wh, most_wh=most_wh
    )
    out = Sample(
        raw_wh=reading.counted_out_wh if looked else None, power_wh=passed.out_wh, most_wh=most_wh
    )
    return replace(
        metered, at=reading.at, into=count(metered.into, into), out=count(metered.out, out)
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
        serial=serial,
    )


def _most_w(rating_w: float | None) -> float:
    return UNKNOWN_W if rating_w is None else _HEADROOM * rating_w
