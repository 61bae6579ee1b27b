"""kill -9 while rows are written: what was acknowledged is still there."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.adapters.journal import read_journal

pytestmark = pytest.mark.chaos

WRITER = """
import asyncio, sys
from pathlib import Path
from gateway.adapters.clock import WallClock
from gateway.adapters.journal import open_journal
from gateway.model.site import JournalSettings
from gateway.model.time import Instant

async def main():
    async with open_journal(Path(sys.argv[1]), clock=WallClock(), settings=JournalSettings()) as j:
        print("epoch", j.epoch, flush=True)
        while True:
            for number in range(7):
                seq = j.append(Instant(number), "submit", {"text": "x" * 300})
            await j.durable(seq)
            print("seq", seq, flush=True)

asyncio.run(main())
"""


def _write_until_killed(path, acknowledgements):
    """Let a child write, kill it after so many acknowledgements; epoch and last seq it told."""
    epoch = seq = 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        for line in child.stdout:
            word, number = line.split()
            if word == "epoch":
                epoch = int(number)
            else:
                seq = int(number)
                acknowledgements -= 1
            if acknowledgements <= 0:
                child.send_signal(signal.SIGKILL)
                break
        rest = child.stdout.read().splitlines()
    told = [int(line.split()[1]) for line in rest if line.startswith("seq ")]
    return epoch, max([seq, *told])


def test_acknowledged_rows_survive_kill_and_the_chain_holds(tmp_path, kills):
    """Kills at seeded moments: no acknowledged seq is lost, the epoch always grows."""
    path = tmp_path / "journal.sqlite"
    moments = random.Random(20260621)
    last = 0
    for kill in range(1, kills // 5 + 1):
        epoch, acknowledged = _write_until_killed(path, moments.randrange(0, 120))
        rows = list(read_journal(path))
        assert epoch == kill
        assert len(rows) >= acknowledged >= last or acknowledged == 0
        assert len(rows) >= last
        last = len(rows)
