"""The trace: every step of every home as a line, so that anyone can check it.

grid_w = load_w - solar_w + battery_w; the cost of a step is grid_w x hours / 1000 x price.
"""

import csv
from typing import Final, TextIO

from gateway.model.time import rfc3339
from gateway.simulation.year import Rows

COLUMNS: Final = (
    "time", "home", "load_w", "solar_w", "battery_w", "soc_wh", "grid_w", "price",
)  # fmt: skip


class Trace:
    """Writes rows to a file that is open."""

    def __init__(self, file: TextIO) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(COLUMNS)

    def add(self, rows: Rows) -> None:
        """The rows of one step."""
        for row in rows:
            powers = (row.load_w, row.solar_w, row.battery_w, row.soc_wh, row.grid_w)
            self._writer.writerow(
                (rfc3339(row.at), row.home, *(f"{power:.6f}" for power in powers), row.price)
            )
