"""How far off the house's own forecasts are, beside "as at this hour yesterday".

    .venv/bin/python benchmarks/forecast.py SERIES.csv...

Method: a home's year (``time,load_w,solar_w``, one row an hour); every 7 hours from the second day
on its median forecast for 1, 6 and 24 h later is held against what came.  No place is known, so the
sun is foreseen without the sky.  The cost is CPU time of one forecast over 36 h.
"""

import csv
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.forecast.scenarios import scenarios
from gateway.forecast.spread import spread
from gateway.forecast.sunshine import sunshine
from gateway.forecast.track import STEP, Follow, Track, no_offset
from gateway.model.time import HOUR, Instant, parse_rfc3339

LEADS_H = (1, 6, 24)
EVERY_H, HORIZON = 7, 144
QUARTERS = HOUR // STEP


def measure(hours: list[float], start: Instant, follow: Follow) -> tuple[list[list[float]], float]:
    """Absolute errors (ours, naive) per lead, summed, with their count; and mean ms."""
    track, sums = Track(), [[0.0, 0.0, 0.0] for _ in LEADS_H]
    spent, made = 0.0, 0
    for hour, value in enumerate(hours):
        now = Instant(start + hour * HOUR)
        if hour >= 48 and hour % EVERY_H == 0 and hour + 24 < len(hours):
            began = time.process_time()
            p50_w = spread(track.ahead(now, HORIZON, no_offset, follow)).p50_w
            spent, made = spent + time.process_time() - began, made + 1
            for one, lead in zip(sums, LEADS_H, strict=True):
                came = hours[hour + lead]
                one[0] += abs(sum(p50_w[lead * QUARTERS :][:QUARTERS]) / QUARTERS - came)
                one[1] += abs(hours[hour + lead - 24] - came)
                one[2] += 1
        for quarter in range(QUARTERS):
            track.put(Instant(now + quarter * STEP), value)
    return sums, 1000 * spent / max(made, 1)


def main() -> None:
    """One line per home, what is foreseen and lead."""
    for path in map(Path, sys.argv[1:]):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        start = parse_rfc3339(rows[0]["time"])
        for key, follow in (("load_w", scenarios), ("solar_w", sunshine)):
            sums, ms = measure([float(row[key]) for row in rows], start, follow)
            for lead, (ours, naive, count) in zip(LEADS_H, sums, strict=True):
                told = f"{ours / count:6.0f} W, naive {naive / count:6.0f} W"
                print(f"{path.stem:8} {key:8} {lead:3} h: {told}, {ms:.0f} ms a forecast")


if __name__ == "__main__":
    main()
