"""What is known of a roof: what it makes of a clear sky, and its day as it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class YieldQuality(StrEnum):
    """What an expectation rests on."""

    NONE = "none"
    OWN_BEST = "own-best"
    CLEAR_SKY = "clear-sky"


@dataclass(frozen=True, slots=True, kw_only=True)
class Roof:
    """What is remembered of one roof, or one string of it; Wh by quarter hour of the UTC day.

    With a sky, Wh there would have been with the sun in the zenith.

    Attributes:
        days: closed days that were learned from.
        best: of them; fades.
        today: of the day going on.
    """

    days: int = 0
    best: Mapping[str, float] = field(default_factory=dict)
    today: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One quarter hour of today beside what it should have given, Wh."""

    expected_wh: float
    given_wh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A day so far, by its quarter hours that can be compared.

    Attributes:
        quarters: by quarter hour of the UTC day; empty while the quality is ``none``.
    """

    quarters: Mapping[str, Compared] = field(default_factory=dict)
    quality: YieldQuality = YieldQuality.NONE

    @property
    def expected_wh(self) -> float | None:
        """None where nothing is expected."""
        return sum(one.expected_wh for one in self.quarters.values()) if self.quarters else None

    @property
    def ratio(self) -> float | None:
        """Given over expected, None where nothing is expected."""
        expected = self.expected_wh
        if not expected:
            return None
        return sum(one.given_wh for one in self.quarters.values()) / expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A roof, or one string of it.

    Attributes:
        given_wh: by measured power, today.
    """

    roof: Roof = field(default_factory=Roof)
    today: Expectation = field(default_factory=Expectation)
    given_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """One solar device.

    Attributes:
        strings: by number of the module (model 160).
        began_wh: its counted total when the day began, None where nothing is counted.
        actual_wh: given today.
        earned: currency: what it gave at the prices of the market, today.
        low_days: in a row; ``why``: of the fault that stands, empty without.
    """

    whole: Source = field(default_factory=Source)
    strings: Mapping[str, Source] = field(default_factory=dict)
    began_wh: float | None = None
    actual_wh: float = 0.0
    earned: float = 0.0
    low_days: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """By device; ``day``: ``YYYYMMDD`` in the area's zone, empty before the first."""

    day: str = ""
    devices: Mapping[str, Harvest] = field(default_factory=dict)
