"""A short day of the whole daemon on virtual time, as a program: prints its journal.

Run in other processes with another hash seed, time zone and working directory.
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

import structlog

from gateway.adapters.journal import read_journal
from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualLoop
from tests.simulation.harness import open_home


def journal_of_a_day(hours: float, house: dict, start: str = "2026-06-21T11:30:00Z") -> list[str]:
    """The rows of the journal, one line each: seq, now, kind, body, hash."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    async def day(folder: Path) -> None:
        products = {"power": {"resource": "POWER", "unit": "W", "interval": "1min"}}
        async with open_home(
            folder,
            parse_rfc3339(start),
            house,
            products=products,
            grid={"export_limit_w": 2000},
        ) as home:
            await home.clock.sleep(seconds(hours * 3600))

    with tempfile.TemporaryDirectory() as folder:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(day(Path(folder)))
        rows = read_journal(Path(folder) / "state" / "journal.sqlite")
        return [f"{r.seq} {r.now} {r.kind} {r.body} {r.hash}" for r in rows]


if __name__ == "__main__":
    for line in journal_of_a_day(float(sys.argv[1]), json.loads(sys.argv[2])):
        print(line)
