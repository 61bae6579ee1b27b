"""How much a day's journal takes: the simulated house on virtual time, its file measured.

    .venv/bin/python benchmarks/journal_size.py [HOURS]

Method: the whole daemon lives HOURS (default 1) from 09:00 in midsummer with clouds and cooking;
rows are extrapolated to a day.  The file is what SQLite keeps of it, written is what the kernel
counts for the process once it runs (log, syncs and checkpoints with it; 0 on a tmpfs), the bodies
are the canonical JSON before they are packed, by kind of row.
"""

import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import structlog

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.app import World, open_gateway
from gateway.config import load
from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualClock, VirtualLoop

INTERVALS = ("5s", "10s", "1min")
START = parse_rfc3339("2026-06-21T09:00:00Z")
WARM_UP_S = 120
MEGABYTE = 1_000_000


def written() -> int:
    """Bytes this process made the kernel write to disks."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counts["write_bytes"])


async def live(folder: Path, interval: str, hours: float) -> int:
    """The daemon on a simulated house, its state below ``folder``; bytes written meanwhile."""
    clock = VirtualClock(START)
    house = house_factories()["demo"](clock, {"seed": 1})
    devices = {
        name: {**config, "connection": f"mem://{name}?unit=1"}
        for name, config in house.devices.items()
    }
    path = folder / "site.yaml"
    path.write_text(
        json.dumps(
            {
                "area": "home",
                "timezone": "UTC",
                "currency": "EUR",
                "control": "act",
                "state_dir": str(folder / "state"),
                "devices": devices,
                "products": {"power": {"resource": "POWER", "unit": "W", "interval": interval}},
                "grid": {"import_price": 0.30, "export_price": 0.08, "export_limit_w": 3000},
            }
        )
    )
    packages = driver_packages()
    site = load(path, packages, ("mem",), environ={}).site
    if site is None:
        message = f"{path} is no configuration"
        raise SystemExit(message)
    world = World(clock=clock, packages=packages, lines={"mem": house.line}, threaded=False)
    async with open_gateway(site, world):
        await clock.sleep(seconds(WARM_UP_S))
        before = written()
        await clock.sleep(seconds(hours * 3600))
        return written() - before


def measure(interval: str, hours: float) -> None:
    """Print what a day at this interval takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            bytes_written = runner.run(live(folder, interval, hours))
        journal = folder / "state" / "journal.sqlite"
        rows = list(read_journal(journal))
        file = journal.stat().st_size
    size, count = Counter[str](), Counter[str]()
    for row in rows:
        size[row.kind] += len(row.body)
        count[row.kind] += 1
    days = 24 / (hours + WARM_UP_S / 3600)
    a_day = bytes_written * 24 / hours / MEGABYTE
    print(
        f"interval {interval}: {file * days / MEGABYTE:.1f} MB a day, {len(rows) * days:.0f} rows, "
        f"{a_day:.0f} MB written a day"
    )
    for kind, total in size.most_common():
        share = total * days / MEGABYTE
        print(f"  {kind:<10} {share:6.1f} MB, {count[kind] * days:7.0f} x {total // count[kind]} B")


def main() -> None:
    """Print the table of every interval."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    for interval in INTERVALS:
        measure(interval, hours)


if __name__ == "__main__":
    main()
