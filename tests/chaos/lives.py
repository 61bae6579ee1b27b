"""A process whose disk is watched (disk.c) and that lives short lives, each in a fork of itself.

Started with the library preloaded.  A line of JSON on stdin is a life to live; the answer on
stdout is how it ended and how many changes it made to files.  What the life told the outside
stands in the file ``said``, a line of JSON each, written at once.
"""

import asyncio
import ctypes
import json
import os
import random
import sys
from pathlib import Path

import structlog

from gateway.adapters.journal import open_journal
from gateway.model.canonical import to_json
from gateway.model.clearing import Clearing
from gateway.model.request import CancelTenders, OwnerRequest, SubmitTenders
from gateway.model.site import ControlMode, JournalSettings, OwnerControl
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import HOUR, SECOND, Duration, Instant, parse_rfc3339, seconds
from gateway.model.transaction import Transaction
from gateway.testing import VirtualClock, VirtualLoop
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"load_w": 500, "temperature_c": 21.2, "solar_w": 3000, "meter_noise_w": 0}
GUEST = {"broker": {"guest": True}, "devices": {"heatpump": None}}


def say(what, **more):
    """Tell the outside, which nobody can take back."""
    os.write(1, json.dumps({"what": what, **more}).encode() + b"\n")


class _At:
    synchronised = True

    def __init__(self, now):
        self._now = Instant(now)

    def now(self):
        return self._now


async def write_rows(life):
    """A journal alone: rows acknowledged, old ones forgotten, a copy kept, a clean stop."""
    now = Instant(NOON + life["number"] * HOUR)
    clock = _At(now)
    path = Path(life["folder"]) / "journal.sqlite"
    async with open_journal(
        path, clock=clock, settings=JournalSettings(), products=("power",), threaded=False
    ) as journal:
        say("epoch", epoch=journal.epoch, newest=journal._seq)
        chance = random.Random(life["seed"])
        journal.append(now, "checkpoint", {"product": "power"})
        for number in range(life["rounds"]):
            for _ in range(chance.randrange(1, 4)):
                noise = chance.randbytes(chance.choice((20, 300, 900))).hex()
                seq = journal.append(Instant(now + number), "reply", {"noise": noise})
            await journal.durable(seq)
            say("durable", seq=seq, hash=journal._hash)
        await journal.prune(("power",), Duration(3 * HOUR))
        await journal.keep_copy()
        journal._file._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        seq = journal.append(Instant(now + 99), "reply", {})
        await journal.durable(seq)
        say("durable", seq=seq, hash=journal._hash)


def _tell(fact):
    if isinstance(fact, Transaction):
        say("transaction", id=fact.id, body=to_json(fact))
    elif isinstance(fact, Clearing):
        say("clearing", sequence=fact.sequence, body=to_json(fact))


async def trade(life):
    """A whole house on virtual time with a guest that trades, and an owner."""
    chance = random.Random(life["seed"])
    start = Instant(NOON + life["number"] * HOUR)
    async with open_home(
        Path(life["folder"]), start, HOUSE, clock=VirtualClock(start), **GUEST
    ) as home:
        say("epoch", epoch=home.gateway.journal.epoch, damage=home.gateway.journal.damage)
        home.gateway.bus.listen(_tell)
        for old in life["again"]:
            await _ask(home, old)
        for number in range(life["rounds"]):
            await home.clock.sleep(seconds(chance.uniform(0.5, 6)))
            await _ask(home, _request(home, chance, f"{life['number']}-{number}"))
            if number == 1:
                home.gateway.journal._copied = None
                await home.gateway.journal.prune(("power",), Duration(24 * HOUR))
                await home.gateway.journal.keep_copy()
            if chance.random() < 0.1:
                mode = chance.choice((ControlMode.ACT, ControlMode.HANDS_OFF))
                say("letting go")
                control = OwnerControl(mode=mode, until=Instant(home.clock.now() + 9 * SECOND))
                await home.gateway.owner(OwnerRequest(control=control, by="topic"))
            for arming in home.gateway.armory.all():
                say("armed", device=arming.device, body=to_json(arming))
        say("letting go")


def _request(home, chance, name):
    """A wish as plain JSON, so that a later life can repeat it."""
    product = home.gateway.marketplace.market("power").product
    ahead = chance.randrange(1, 4)
    interval = product.interval_at(home.clock.now() + ahead * product.interval)
    return {
        "id": name,
        "start": interval.start,
        "side": chance.choice(("BUY", "SELL")),
        "price": chance.randrange(500, 4000),
        "quantity": chance.randrange(1, 800),
        "cancel": chance.random() < 0.2,
    }


async def _ask(home, wish):
    product = home.gateway.marketplace.market("power").product
    if wish["cancel"]:
        request = CancelTenders(party="guest", request_id=wish["id"], product="power", tenders=None)
    else:
        tender = Tender(
            id=f"t-{wish['id']}",
            side=Side(wish["side"]),
            price=wish["price"],
            quantity=wish["quantity"],
        )
        request = SubmitTenders(
            party="guest",
            request_id=wish["id"],
            tenders=TenderSet(
                party="guest",
                product="power",
                interval=product.interval_at(Instant(wish["start"])),
                tenders=(tender,),
            ),
        )
    reply = await home.gateway.handle(request)
    say("reply", wish=wish, body=to_json(reply))


LIVES = {"rows": write_rows, "trade": trade}


def live(disk, life):
    """In the fork: one life, then death by exit or by the disk."""
    if life["log"]:
        disk.disk_log(os.open(life["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    os.dup2(os.open(life["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
    disk.disk_die_at(life["die_at"], life["half"])
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(LIVES[life["kind"]](life))


def main():
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    disk = ctypes.CDLL(os.environ["LD_PRELOAD"])
    for line in sys.stdin:
        life = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            code = 1
            try:
                live(disk, life)
                code = 0
            except BaseException as error:  # noqa: BLE001  whatever it is, it goes to the test
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os.write(writing, f"{disk.disk_changes()}".encode())
            os._exit(code)
        os.close(writing)
        _, status = os.waitpid(pid, 0)
        with os.fdopen(reading) as counted:
            changes = int(counted.read() or -1)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status), "changes": changes}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
