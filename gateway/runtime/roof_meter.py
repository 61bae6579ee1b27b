"""One roof's readings, added up to quarter hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from gateway.metering.expectation import QUARTER, Quarter, Sky, held_back
from gateway.metering.harvest import after
from gateway.model.reading import Quality, Reading
from gateway.model.roof import Harvest, Source
from gateway.model.time import HOUR, SECOND, Duration, Instant

_LONGEST_GAP: Final = Duration(30 * SECOND)
_READ_THROUGHOUT: Final = 0.95
_OF_BATTERY: Final = ("StCha", "StDisCha")


@dataclass(slots=True)
class RoofMeter:
    """Counts what a roof gives; ``harvest`` is how its day stands.

    Attributes:
        poll: of the device; over longer gaps than three of them nothing is counted.
        limit_w: the most it was told to give, None where nothing stands.
        price: of the market now, currency per kWh.
        covered: how much of the quarter hour was read; ``free``: nothing held it back.
    """

    harvest: Harvest
    poll: Duration
    sky: Sky | None
    limit_w: float | None = None
    price: float = 0.0
    last: Reading | None = None
    quarter: Instant = Instant(0)
    wh: float = 0.0
    strings: dict[str, float] = field(default_factory=dict)
    covered: int = 0
    free: bool = True

    def read(self, reading: Reading, counted_wh: float | None) -> None:
        """One more; ``counted_wh``: the device's counted total, None where there is none."""
        start = Instant(reading.at - reading.at % QUARTER)
        if start != self.quarter:
            self.close_quarter(start)
        before, good = self.last, reading.quality is Quality.GOOD and reading.power_w is not None
        self.last = reading if good else None
        if before is not None and good:
            elapsed = reading.at - before.at
            if 0 < elapsed <= max(_LONGEST_GAP, 3 * self.poll):
                self._add(before, reading, elapsed)
        self._follow_counter(counted_wh)

    def close_quarter(self, start: Instant) -> None:
        """Compare and learn the quarter hour that is over, where it was read and free."""
        if self.free and self.covered >= _READ_THROUGHOUT * QUARTER:
            whole = Quarter(start=self.quarter, wh=self.wh)
            strings = {**self.harvest.strings}
            for name, wh in self.strings.items():
                one = strings.get(name, Source())
                strings[name] = after(one, Quarter(start=self.quarter, wh=wh), self.sky)
            seen = after(self.harvest.whole, whole, self.sky)
            self.harvest = replace(self.harvest, whole=seen, strings=strings)
        self.quarter, self.wh, self.strings = start, 0.0, {}
        self.covered, self.free = 0, True

    def _add(self, before: Reading, reading: Reading, elapsed: int) -> None:
        given_w, half_hours = _given_w(reading), elapsed / (2 * HOUR)
        wh = (_given_w(before) + given_w) * half_hours
        self.wh, self.covered = self.wh + wh, self.covered + elapsed
        self.free = self.free and not held_back(given_w, reading.available_w, self.limit_w)
        harvest = self.harvest
        self.harvest = replace(
            harvest,
            whole=_with(harvest.whole, wh),
            earned=harvest.earned + wh / 1000 * self.price,
            strings=self._add_strings(before, reading, half_hours),
        )

    def _add_strings(
        self, before: Reading, reading: Reading, half_hours: float
    ) -> Mapping[str, Source]:
        now, then = _strings_w(reading), _strings_w(before)
        if not now:
            return self.harvest.strings
        strings = {**self.harvest.strings}
        for name, power_w in now.items():
            wh = (power_w + then.get(name, power_w)) * half_hours
            self.strings[name] = self.strings.get(name, 0.0) + wh
            strings[name] = _with(strings.get(name, Source()), wh)
        return strings

    def _follow_counter(self, counted_wh: float | None) -> None:
        """The day's energy is what the counter says; by power where there is none."""
        harvest = self.harvest
        actual = harvest.whole.given_wh
        began = harvest.began_wh
        if counted_wh is not None:
            began = counted_wh - actual if began is None else began
            actual = max(counted_wh - began, 0.0)
        self.harvest = replace(harvest, began_wh=began, actual_wh=actual)


def _with(source: Source, wh: float) -> Source:
    return replace(source, given_wh=source.given_wh + wh)


def _given_w(reading: Reading) -> float:
    return max(0.0, -(reading.power_w or 0.0))


def _strings_w(reading: Reading) -> dict[str, float]:
    """W by the number of the module; a hybrid's battery and what tells nothing are left out."""
    found: dict[str, float] = {}
    points = reading.points
    for number in count(1):
        if (point := f"160.{number}.DCW") not in points:
            return found
        value, named = points[point], str(points.get(f"160.{number}.IDStr"))
        if isinstance(value, int | float) and not named.startswith(_OF_BATTERY):
            found[str(number)] = max(0.0, float(value))
    return found
