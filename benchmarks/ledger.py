"""What a ledger adds to a day's journal, and how fast one is verified.

    .venv/bin/python benchmarks/ledger.py [HOURS]

Method: the whole daemon lives HOURS (default 1) on a simulated house on virtual time, once without
a ledger and once with one; the packed rows of both files are compared and extrapolated to a day.
Then the second file is verified: chain, signatures and balance.  Journal:
SQLite WAL, written in the loop's thread.
"""

import asyncio
import contextlib
import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from time import process_time

import structlog

from gateway.adapters.journal_ledger import open_rows
from gateway.adapters.plugins import driver_packages, house_factories
from gateway.adapters.signing import is_signed
from gateway.app import World, open_gateway
from gateway.app.audit import audit
from gateway.config import load
from gateway.model.time import parse_rfc3339, seconds
from gateway.testing import VirtualClock, VirtualLoop

START = parse_rfc3339("2026-06-21T09:00:00Z")


async def live(folder: Path, hours: float, keep: str) -> None:
    """The daemon on a simulated house, its state below ``folder``."""
    clock = VirtualClock(START)
    house = house_factories()["demo"](clock, {"seed": 1})
    devices = {
        name: {**config, "connection": f"mem://{name}?unit=1"}
        for name, config in house.devices.items()
    }
    site = {
        "control": "act",
        "state_dir": str(folder / "state"),
        "devices": devices,
        "products": {"power": {"resource": "POWER", "interval": "10s"}},
        "ledger": {"keep": keep},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site))
    packages = driver_packages()
    loaded = load(path, packages, ("mem",), environ={}).site
    if loaded is None:
        message = f"{path} is no configuration"
        raise SystemExit(message)
    world = World(clock=clock, packages=packages, lines={"mem": house.line}, threaded=False)
    async with open_gateway(loaded, world):
        await clock.sleep(seconds(3600 * hours))


def packed(journal: Path) -> int:
    """Bytes of all packed rows."""
    with contextlib.closing(sqlite3.connect(journal)) as db:
        return int(db.execute("SELECT sum(length(data) + 60) FROM block").fetchone()[0])


def main() -> None:
    """Both houses, then the verification."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    sizes = {}
    with tempfile.TemporaryDirectory() as place:
        for keep in ("never", "always"):
            folder = Path(place) / keep
            folder.mkdir()
            with asyncio.Runner(loop_factory=VirtualLoop) as runner:
                runner.run(live(folder, hours, keep))
            sizes[keep] = packed(folder / "state" / "journal.sqlite")
        journal = Path(place) / "always" / "state" / "journal.sqlite"
        began = process_time()
        with open_rows(journal) as (head, rows):
            found = audit(head, rows, keys=(), newest=None, is_signed=is_signed)
        used = process_time() - began
    assert not found.faults, found.faults
    plain, more = (sizes["never"], sizes["always"] - sizes["never"])
    print(f"{found.deliveries} deliveries and {found.seals} seals in {hours:g} h of 10 s gates")
    print(f"a day: {24 * plain / hours / 1000:.0f} kB without a ledger, ", end="")
    print(f"{24 * more / hours / 1000:.0f} kB more with one")
    print(f"verified: {found.rows} rows in {used:.2f} s of a core, {found.rows / used:.0f} rows/s")


if __name__ == "__main__":
    main()
