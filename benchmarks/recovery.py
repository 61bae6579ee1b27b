"""How long a start needs for 10 000 open tenders after kill -9; process start not counted.

A journal is written as the gateway writes it (SQLite WAL, group commit), a checkpoint at the first
gate after every 250 requests, and left without closing just before the next one.  Measured is what
stands between the process and its markets: the journal opened and checked, rows unpacked, markets
run again, the new start recorded.

``python benchmarks/recovery.py [TENDERS]``
"""

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from gateway.adapters.clock import WallClock
from gateway.adapters.journal import open_journal
from gateway.app.wiring import load_market, rules_of
from gateway.market import Market
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import JournalSettings
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import MINUTE, Duration, Instant
from gateway.runtime.recorder import Recorder
from gateway.runtime.recovery import REMEMBER, recover
from gateway.runtime.rows import Start

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(15 * MINUTE))
PARTIES = tuple(Party(id=f"p{n}", outside=True, max_open_tenders=10_000) for n in range(100))
SETTINGS = JournalSettings()
RUNS = 5


def start(epoch: int) -> Start:
    """What every start records."""
    rules = {PRODUCT.id: rules_of(PRODUCT)}
    return Start(epoch=epoch, area="home", products=(PRODUCT,), parties=PARTIES, rules=rules)


def submissions(count: int, now: Instant) -> list[TenderSet]:
    """One tender each, of a hundred parties, over the intervals of a day ahead."""
    first = PRODUCT.next_interval(now)
    found = []
    for number in range(count):
        ahead = 1 + number % 90
        interval = PRODUCT.interval_at(Instant(first.start + ahead * PRODUCT.interval))
        side = Side.BUY if number % 2 else Side.SELL
        price = 500 + number % 400 if side is Side.BUY else 1500 + number % 400
        tender = Tender(id=f"t-{number}", side=side, price=price, quantity=100 + number % 900)
        party = PARTIES[number % len(PARTIES)]
        sets = TenderSet(party=party.id, product=PRODUCT.id, interval=interval, tenders=(tender,))
        found.append(sets)
    return found


async def write(path: Path, count: int) -> None:
    """The journal of a gateway that is about to die; it is killed without closing."""
    clock = WallClock()
    journal = open_journal(path, clock=clock, settings=SETTINGS, products=[PRODUCT.id])
    market = Market(PRODUCT, area="home", epoch=journal.epoch, parties=PARTIES)
    recorder = Recorder(journal)
    recorder.start(clock.now(), start(journal.epoch), {PRODUCT.id: market.dump()})
    for number, tenders in enumerate(submissions(count, clock.now())):
        now = clock.now()
        if number == count - 250:
            recorder.checkpoint(now, PRODUCT.id, market.dump())
        recorder.submit(now, tenders, f"r-{number}")
        recorder.events(now, PRODUCT.id, market.submit(tenders, now))
    await journal.durable(journal.seq)
    os._exit(9)


def read(path: Path) -> tuple[float, float, int]:
    """Milliseconds to the recovered markets, those on a core, and how many tenders stand."""
    clock, began, busy = WallClock(), perf_counter(), process_time()
    journal = open_journal(path, clock=clock, settings=SETTINGS, products=[PRODUCT.id])
    now = clock.now()
    rows = journal.rows_for_recovery([PRODUCT.id], Instant(now - REMEMBER))
    recovered = recover(rows, load_market, now=now)
    market = load_market(PRODUCT, start(journal.epoch), recovered.dumps[PRODUCT.id])
    Recorder(journal).start(now, start(journal.epoch), {PRODUCT.id: market.dump()})
    asyncio.run(journal.durable(journal.seq))
    took, used = perf_counter() - began, process_time() - busy
    assert recovered.difference is None
    standing = sum(len(one.tenders) for p in PARTIES for one in market.live_sets(p.id))
    return 1000 * took, 1000 * used, standing


def main() -> None:
    """Write once, then recover from copies of it in fresh processes."""
    if len(sys.argv) > 2:  # a child of ours
        path = Path(sys.argv[2])
        if sys.argv[1] == "write":
            asyncio.run(write(path, int(sys.argv[3])))
        gc.disable()  # as the daemon does while it starts
        print(*read(path))
        os._exit(0)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        subprocess.run([sys.executable, __file__, "write", str(path), str(count)], check=False)
        found = []
        for _ in range(RUNS):  # each one dies as well, and leaves a start more
            out = subprocess.run(
                [sys.executable, __file__, "read", str(path)], check=True, capture_output=True
            ).stdout.split()
            found.append((float(out[0]), float(out[1])))
            assert int(out[2]) == count, out
    print(f"journal: SQLite WAL, synchronous=FULL, window {SETTINGS.sync_window // 1_000_000} ms")
    first, *again = found
    for what, (took, used) in (
        (f"{count} open tenders after a kill", first),
        ("at once again, from its checkpoint", sorted(again)[len(again) // 2]),
    ):
        print(f"recovery of {what}: {took:.0f} ms, {used:.0f} ms of a core")


if __name__ == "__main__":
    main()
