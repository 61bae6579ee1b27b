"""What a roof gave in a day, as a payload."""

from typing import Final, Literal, cast

from gateway.model.harvest import DayYield
from gateway.model.time import rfc3339
from gateway.wire.payloads_state import YieldPayload

_AMOUNT_SCALE: Final = -6


def day_yield(told: DayYield) -> YieldPayload:
    """``d/D/yield``; the amount rounded half to even."""
    return {
        "v": 1,
        "deviceId": told.device,
        "at": rfc3339(told.at),
        "day": told.day,
        "closed": told.closed,
        "actual_wh": told.actual_wh,
        "expected_wh": told.expected_wh,
        "ratio": _rounded(told.ratio),
        "quality": cast("Literal['none', 'own-best', 'clear-sky']", told.quality),
        "earnings": {
            "amount": round(told.earned * 10**-_AMOUNT_SCALE),
            "amountScale": _AMOUNT_SCALE,
            "currency": told.currency,
        },
        "strings": {
            one.name: {
                "actual_wh": one.actual_wh,
                "expected_wh": one.expected_wh,
                "ratio": _rounded(one.ratio),
            }
            for one in told.strings
        },
    }


def _rounded(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 3)
