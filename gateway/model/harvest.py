"""What a source gave in a day, beside what it should have given, and what it earned."""

from dataclasses import dataclass

from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StringYield:
    """One string of modules; Wh, ``expected_wh`` and ``ratio`` as of ``DayYield``."""

    name: str
    actual_wh: int
    expected_wh: int | None
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayYield:
    """One day of a solar device, so far or closed.

    Attributes:
        day: ``YYYYMMDD`` in the area's zone.
        actual_wh: all that was counted of it.
        expected_wh, ratio: of the quarter hours that can be compared; None while ``quality`` is
            ``none``.
        earned: in ``currency``: what it gave at the prices of the market; negative where it gave
            at negative prices.
        closed: whether the day is over.
        strings: where the device tells them (model 160).
    """

    device: str
    at: Instant
    day: str
    actual_wh: int
    expected_wh: int | None
    ratio: float | None
    quality: str
    earned: float
    currency: str
    closed: bool
    strings: tuple[StringYield, ...] = ()
