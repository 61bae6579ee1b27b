"""Forecasts of load and sun, as payloads."""

from collections.abc import Sequence
from functools import cache
from typing import Final, NotRequired

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from gateway.model.forecast import Forecast, Foreseen, LeadError, OutsideForecast, TakenBack
from gateway.model.time import (
    HOUR,
    MINUTE,
    Duration,
    Instant,
    iso_duration,
    parse_iso_duration,
    parse_rfc3339,
    rfc3339,
)
from gateway.wire.payloads import InstantText, Version
from gateway.wire.text import Unreadable, read

_VALID: Final = 24 * HOUR
_SHORTEST, _LONGEST = Duration(MINUTE), Duration(24 * HOUR)
_MOST: Final = 1000
_FAR: Final = 60 * 24 * HOUR
_LARGEST: Final = 1e8


class LeadErrorPayload(TypedDict):
    """How far off ``p50_w`` was, told ``lead`` before, beside "as at this hour yesterday", W."""

    lead: str
    mae_w: int
    naive_mae_w: int
    count: int
    outside_mae_w: NotRequired[int]
    outside_count: NotRequired[int]


class ForecastPayload(TypedDict):
    """``f/WHAT``: what a site draws (``load``) or its roofs give (``sun``), both from 0 up, W.

    One number per step from ``start``.  ``p10_w``, ``p50_w``, ``p90_w``: what is not exceeded with
    10, 50 and 90 %.  ``errors``: of the last fortnight; empty until there is a day to compare.
    ``outside_until``: as far as it reaches a forecast from outside stands in it, valid so long.
    """

    v: Version
    at: InstantText
    start: InstantText
    step: str
    mean_w: list[int]
    p10_w: list[int]
    p50_w: list[int]
    p90_w: list[int]
    errors: list[LeadErrorPayload]
    outside_until: NotRequired[InstantText]


class OutsideForecastPayload(TypedDict):
    """``owner/forecast/WHAT``: what somebody foresees of ``load`` or ``sun``, W, from 0 up.

    One number per step from ``start``.  ``valid_until``: from then on it is stale; else 24 h after
    ``start``.
    """

    v: Version
    start: InstantText
    step: str
    mean_w: list[float]
    p10_w: NotRequired[list[float]]
    p90_w: NotRequired[list[float]]
    valid_until: NotRequired[InstantText]


def forecast_payload(told: Forecast) -> ForecastPayload:
    """``f/load`` and ``f/sun``."""
    payload: ForecastPayload = {
        "v": 1,
        "at": rfc3339(told.made),
        "start": rfc3339(told.start),
        "step": iso_duration(told.step),
        "mean_w": _whole(told.mean_w),
        "p10_w": _whole(told.p10_w),
        "p50_w": _whole(told.p50_w),
        "p90_w": _whole(told.p90_w),
        "errors": [_error(one) for one in told.errors],
    }
    if told.outside_until is not None:
        payload["outside_until"] = rfc3339(told.outside_until)
    return payload


def _error(one: LeadError) -> LeadErrorPayload:
    payload: LeadErrorPayload = {
        "lead": iso_duration(one.lead),
        "mae_w": round(one.mae_w),
        "naive_mae_w": round(one.naive_w),
        "count": one.count,
    }
    if one.outside_w is not None:
        payload["outside_mae_w"] = round(one.outside_w)
        payload["outside_count"] = one.outside_count
    return payload


def parse_forecast(what: str, payload: bytes, now: Instant) -> OutsideForecast | TakenBack | str:
    """What somebody foresees; what is taken back by nothing at all; else why it is no forecast."""
    if what not in set(Foreseen):
        return "what can be foreseen is load or sun"
    if not payload.strip():
        return TakenBack(Foreseen(what))
    try:
        document = _adapter().validate_python(read(payload), strict=True)
        return _outside(Foreseen(what), document, now)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the payload"
        return f"{place}: {first['msg']}"
    except (Unreadable, ValueError) as error:
        return str(error)


@cache
def _adapter() -> TypeAdapter[OutsideForecastPayload]:
    return TypeAdapter(OutsideForecastPayload)


def _outside(what: Foreseen, told: OutsideForecastPayload, now: Instant) -> OutsideForecast:
    """Raises ValueError with the reason."""
    start, step = parse_rfc3339(told["start"]), parse_iso_duration(told["step"])
    if abs(start - now) > _FAR:
        message = "start is more than 60 days away"
        raise ValueError(message)
    until_text = told.get("valid_until")
    until = Instant(start + _VALID) if until_text is None else parse_rfc3339(until_text)
    means, lows, highs = told["mean_w"], told.get("p10_w", []), told.get("p90_w", [])
    why = (
        _step_fault(step)
        or _values_fault(means, lows, highs)
        or (f"it was valid until {rfc3339(until)}, which is past" if until <= now else "")
        or ("its last step is over" if start + len(means) * step <= now else "")
    )
    if why:
        raise ValueError(why)
    return OutsideForecast(
        what=what,
        start=start,
        step=step,
        mean_w=tuple(means),
        p10_w=tuple(lows),
        p90_w=tuple(highs),
        until=until,
    )


def _step_fault(step: Duration) -> str:
    fits = _SHORTEST <= step <= _LONGEST
    return "" if fits else f"step is {iso_duration(step)}; it is PT1M to P1D"


def _values_fault(means: list[float], lows: list[float], highs: list[float]) -> str:
    if not 1 <= len(means) <= _MOST:
        return f"mean_w has {len(means)} values; 1 to {_MOST} are taken"
    for name, values in (("p10_w", lows), ("p90_w", highs)):
        if values and len(values) != len(means):
            return f"{name} has {len(values)} values and mean_w {len(means)}: one per step each"
    if any(not 0 <= value <= _LARGEST for value in (*means, *lows, *highs)):
        return f"power is given in W from 0 to {_LARGEST:.0f}"
    if any(low > high for low, high in zip(lows, highs, strict=False)):
        return "p10_w is above p90_w"
    return ""


def _whole(watts: Sequence[float]) -> list[int]:
    return [round(value) for value in watts]
