"""Forecasts: what a site draws and what its roofs give in the coming steps."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.time import Duration, Instant


class Foreseen(StrEnum):
    """What is foreseen: magnitudes, W."""

    LOAD = "load"
    SUN = "sun"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadError:
    """How far off forecasts were that were made so long before.

    Attributes:
        lead: from when it was made to the step it was about.
        mae_w: mean absolute error of the median, W: no other value has a smaller one.
        naive_w: that of "as at this hour yesterday", over the same steps, W.
        count: of steps.
        outside_w: mean absolute error of what others foresaw, over ``outside_count`` of these
            steps, W; None: nobody did.
    """

    lead: Duration
    mae_w: float
    naive_w: float
    count: int
    outside_w: float | None = None
    outside_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What may come, step by step, W: a load draws, a roof gives, both from 0 up.

    Attributes:
        made: when.
        start: when the first step begins; ``step``: how long each is.
        mean_w: expected; ``p10_w``, ``p50_w``, ``p90_w``: not exceeded with 10, 50, 90 %.
        errors: of earlier forecasts, by lead; of a lead that nothing is known of yet there is none.
        outside_until: the forecast of somebody outside stands in it, as far as that reaches, and
            is valid so long; None: it is the house's own.
    """

    what: Foreseen
    made: Instant
    start: Instant
    step: Duration
    mean_w: tuple[float, ...]
    p10_w: tuple[float, ...]
    p50_w: tuple[float, ...]
    p90_w: tuple[float, ...]
    errors: tuple[LeadError, ...] = ()
    outside_until: Instant | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Somebody outside foresees nothing of it any more."""

    what: Foreseen


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideForecast:
    """What somebody outside foresees, W, from 0 up.

    Attributes:
        start: when the first step begins; ``step``: how long each is.
        mean_w: expected; ``p10_w``, ``p90_w``: not exceeded with 10 and 90 %, may be empty.
        until: from then on it is stale.
    """

    what: Foreseen
    start: Instant
    step: Duration
    mean_w: tuple[float, ...]
    p10_w: tuple[float, ...] = ()
    p90_w: tuple[float, ...] = ()
    until: Instant
