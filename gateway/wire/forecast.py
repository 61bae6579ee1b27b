"""Forecasts of load and sun, as payloads."""

from collections.abc import Sequence

from typing_extensions import TypedDict

from gateway.model.forecast import Forecast
from gateway.model.time import iso_duration, rfc3339
from gateway.wire.payloads import InstantText, Version


class LeadErrorPayload(TypedDict):
    """How far off forecasts made ``lead`` before were, beside "as at this hour yesterday", W."""

    lead: str
    mae_w: int
    naive_mae_w: int
    count: int


class ForecastPayload(TypedDict):
    """``f/WHAT``: what a site draws (``load``) or its roofs give (``sun``), both from 0 up, W.

    One number per step from ``start``.  ``p10_w``, ``p50_w``, ``p90_w``: what is not exceeded with
    10, 50 and 90 %.  ``errors``: of the last fortnight; empty until there is a day to compare.
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


def forecast_payload(told: Forecast) -> ForecastPayload:
    """``f/load`` and ``f/sun``."""
    return {
        "v": 1,
        "at": rfc3339(told.made),
        "start": rfc3339(told.start),
        "step": iso_duration(told.step),
        "mean_w": _whole(told.mean_w),
        "p10_w": _whole(told.p10_w),
        "p50_w": _whole(told.p50_w),
        "p90_w": _whole(told.p90_w),
        "errors": [
            {
                "lead": iso_duration(one.lead),
                "mae_w": round(one.mae_w),
                "naive_mae_w": round(one.naive_w),
                "count": one.count,
            }
            for one in told.errors
        ],
    }


def _whole(watts: Sequence[float]) -> list[int]:
    return [round(value) for value in watts]
