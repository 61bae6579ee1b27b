"""How far off forecasts were, beside the naive one: as at this hour yesterday.

Source: R. J. Hyndman, G. Athanasopoulos, Forecasting: Principles and Practice, section 5.8, mean
absolute error, and section 5.2, the seasonal naive method.
"""

from collections.abc import Mapping
from typing import Final

from gateway.forecast.track import A_DAY, STEP, Track
from gateway.model.forecast import LeadError
from gateway.model.time import HOUR, Duration, Instant

LEADS: Final = (Duration(HOUR), Duration(6 * HOUR), Duration(24 * HOUR))
_DAYS: Final = 14


def lead_errors(
    came: Track, told: Mapping[Duration, Track], outside: Mapping[Duration, Track], end: Instant
) -> tuple[LeadError, ...]:
    """Of the last fortnight before ``end``; only steps that own and naive can be judged by.

    What others foresaw is judged by those of these steps that they told.
    """
    found = (_error(came, told[lead], outside[lead], lead, end) for lead in LEADS)
    return tuple(one for one in found if one is not None)


def _error(
    came: Track, told: Track, outside: Track, lead: Duration, end: Instant
) -> LeadError | None:
    off = naive = outside_off = 0.0
    count = outside_count = 0
    for back in range(1, _DAYS * A_DAY + 1):
        at = Instant(end - back * STEP)
        foreseen, was = told.at(at), came.at(at)
        yesterday = came.at(Instant(at - A_DAY * STEP))
        if foreseen is None or was is None or yesterday is None:
            continue
        off, naive, count = off + abs(foreseen - was), naive + abs(yesterday - was), count + 1
        if (others := outside.at(at)) is not None:
            outside_off, outside_count = outside_off + abs(others - was), outside_count + 1
    if not count:
        return None
    return LeadError(
        lead=lead,
        mae_w=off / count,
        naive_w=naive / count,
        count=count,
        outside_w=outside_off / outside_count if outside_count else None,
        outside_count=outside_count,
    )
