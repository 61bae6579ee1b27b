"""What the daemon costs as the days go by: memory, files, and bytes handed to the disk.

    .venv/bin/python benchmarks/many_days.py [--days 30] [--poll 10s] [--interval 1min] [--json]

Method: the whole daemon lives DAYS virtual days from midsummer on a simulated house with clouds and
cooking; a party tenders, acknowledges and asks every ten minutes; every message of the mirror is
made and the retained ones are kept as a broker would; every second day one device falls silent
for an hour; the house is followed in steps of a second.  At each midnight: resident memory of the
process after a collection, objects alive, tasks, bytes of the files below the state folder, and
the bytes the process has handed to write calls since the last midnight (``wchar`` of
/proc/self/io).
"""

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.model.event import Accepted, Fact
from gateway.model.request import AskPosition, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import HOUR, Duration, Instant, Interval, parse_rfc3339
from gateway.testing import VirtualLoop
from gateway.wire.mirror import Mirror
from tests.simulation.harness import Home, open_home

START = parse_rfc3339("2026-06-21T00:00:00Z")
DEVICES = ("roof", "battery", "grid", "heatpump", "house")
VISITS = 144  # a day
FAULT_AT, FAULT_LASTS = 72, 6  # visits
PAGE = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Midnight:
    """How things stand after ``day`` days.

    Attributes:
        rss: bytes resident; objects: alive, as the collector counts them.
        tasks: of the event loop.
        retained: topics a broker would hold.
        files: bytes by file below the state folder.
        written: bytes handed to write calls during the day.
        refused: tenders of the party that were not accepted, since the start.
    """

    day: int
    rss: int
    objects: int
    tasks: int
    retained: int
    files: Mapping[str, int]
    written: int
    refused: int


class Broker:
    """What a broker would keep: the last payload of each retained topic."""

    def __init__(self, home: Home) -> None:
        self._mirror = Mirror(home.gateway.settings)
        self._clock = home.clock
        self.retained: dict[str, bytes] = {}
        home.gateway.bus.listen(self.hear)

    def hear(self, fact: Fact) -> None:
        """Take the fact's messages."""
        for message in self._mirror.messages(fact, self._clock.now()):
            if message.retain and message.payload:
                self.retained[message.topic] = message.payload
            elif message.retain:
                self.retained.pop(message.topic, None)


class Party:
    """Tenders for the interval after next, and asks for its position."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._asked = 0
        self.refused = 0

    async def visit(self) -> None:
        """One round."""
        self._asked += 1
        gateway, name = self._home.gateway, f"visit-{self._asked}"
        product = gateway.marketplace.market("power").product
        now = self._home.clock.now()
        ahead = product.interval_at(Instant(now + 2 * product.interval))
        tender = Tender(id=name, side=Side.BUY, price=product.price_cap, quantity=100)
        given = TenderSet(party="anna", product="power", interval=ahead, tenders=(tender,))
        reply = await gateway.handle(SubmitTenders(party="anna", request_id=name, tenders=given))
        self.refused += sum(not isinstance(one, Accepted) for one in reply.outcomes)
        around = Interval(start=Instant(now - HOUR), end=Instant(now + HOUR))
        question = f"{name}-position"
        await gateway.handle(
            AskPosition(party="anna", request_id=question, product="power", interval=around)
        )


class Meter:
    """Looks at the process from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written = _written()

    def look(self, day: int, broker: Broker, party: Party) -> Midnight:
        """How things stand now."""
        gc.collect()
        before, self._written = self._written, _written()
        return Midnight(
            day=day,
            rss=int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            objects=len(gc.get_objects()),
            tasks=len(asyncio.all_tasks()),
            retained=len(broker.retained),
            files=_files(self._folder),
            written=self._written - before,
            refused=party.refused,
        )


def _written() -> int:
    counters = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counters["wchar"])


def _files(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def live(folder: Path, options: argparse.Namespace, say: Callable[[Midnight], None]) -> None:
    """Live the days; what is said is not counted as written."""
    async with open_home(
        folder,
        START,
        {"seed": 1, "step_ms": 1000},
        remember=False,
        products={"power": {"resource": "POWER", "unit": "W", "interval": options.interval}},
        grid={"export_limit_w": 3000},
        parties={"anna": {}},
        journal={"keep": options.keep},
        devices={name: {"poll": options.poll} for name in DEVICES},
    ) as home:
        broker, party, meter = Broker(home), Party(home), Meter(folder / "state")
        seen = []
        for day in range(1, options.days + 1):
            await _day(home, party, faulty=DEVICES[day % len(DEVICES)] if day % 2 else None)
            seen.append(meter.look(day, broker, party))
    for midnight in seen:
        say(midnight)


async def _day(home: Home, party: Party, *, faulty: str | None) -> None:
    for visit in range(VISITS):
        if faulty and visit == FAULT_AT:
            home.house.hang(faulty)
        if faulty and visit == FAULT_AT + FAULT_LASTS:
            await home.house.plug(faulty)
        await home.clock.sleep(Duration(24 * HOUR // VISITS))
        await party.visit()


def main() -> None:
    """Print a line per day."""
    parser = argparse.ArgumentParser(description="The daemon over many virtual days.")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--poll", default="10s")
    parser.add_argument("--interval", default="1min")
    parser.add_argument("--keep", default="5d")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if not options.json:
        print(f"{'day':>4} {'RSS MB':>8} {'objects':>9} {'tasks':>8} {'retained':>9}"
              f" {'files MB':>9} {'written MB':>11} {'refused':>8}")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=VirtualLoop) as loop:
        loop.run(live(Path(folder), options, _as_json if options.json else _as_line))


def _as_json(midnight: Midnight) -> None:
    print(json.dumps(asdict(midnight)))


def _as_line(midnight: Midnight) -> None:
    files = sum(midnight.files.values())
    print(
        f"{midnight.day:>4} {midnight.rss / MEGABYTE:>8.2f} {midnight.objects:>9}"
        f" {midnight.tasks:>8} {midnight.retained:>9} {files / MEGABYTE:>9.2f}"
        f" {midnight.written / MEGABYTE:>11.2f} {midnight.refused:>8}"
    )


if __name__ == "__main__":
    main()
