"""The power fails: what was synced is on the disk, what was not may be there in part or not at all.

Every change to the state folder is recorded with its bytes (disk.c).  At a seeded moment the disk
is rebuilt as it was at the last sync of each file; of what came later nothing, all, or any sectors
in any order got through, and names not synced with their folder may be the old ones.
"""

import asyncio
import json
import random

import pytest

from gateway.adapters.armory import FileArmory
from gateway.adapters.journal import open_journal, read_journal
from gateway.adapters.state import StateDir
from gateway.model.canonical import to_json
from gateway.model.event import Accepted
from gateway.model.site import JournalSettings
from gateway.model.time import HOUR, Instant, parse_rfc3339
from tests.chaos.disks import Platter, pick, read_log

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

LATER = Instant(parse_rfc3339("2026-06-21T12:00:00Z") + 9 * HOUR)


class _At:
    synchronised = True

    def now(self):
        return LATER


def reopened(path):
    """Rows and epoch after a start on what the cut left."""

    async def main():
        async with open_journal(
            path, clock=_At(), settings=JournalSettings(), products=("power",), threaded=False
        ) as journal:
            await journal.durable(journal.append(LATER, "reply", {}))
            return journal.epoch

    epoch = asyncio.run(main())
    return [*read_journal(path)], epoch


def cuts(lives, kind, kills, *, seed, rounds):
    """(folder after a cut, what was said before it): some moments of life after life."""
    chance = random.Random(seed)
    folder, log = lives.folder.with_name("cut"), lives.folder.with_name("log")
    platter = Platter.of(lives.folder)
    said_before = []
    for life in range(4):
        dead, _, _ = lives.live(kind, seed=seed + life, rounds=rounds, log=log)
        assert not dead
        changes = read_log(log)
        assert any(change.kind == "s" for change in changes)
        moments = {*pick(len(changes), max(5, kills // 4), seed + life)}
        for moment, change in enumerate(changes):
            if moment in moments:
                platter.after_a_cut(folder, chance)
                yield folder, said_before + [json.loads(line) for line in platter.said]
            platter.apply(change)
        said_before += [json.loads(line) for line in platter.said]
        platter.said.clear()


def test_rows_acknowledged_before_a_power_cut_are_in_the_journal_and_the_chain_holds(lives, kills):
    for folder, said in cuts(lives, "rows", kills, seed=5, rounds=8):
        if not (folder / "journal.sqlite").exists():
            assert not said
            continue
        rows, epoch = reopened(folder / "journal.sqlite")
        acknowledged = {one["seq"]: one["hash"] for one in said if one["what"] == "durable"}
        found = {row.seq: row.hash for row in rows}
        newest = max(acknowledged, default=0)
        assert max(found, default=0) > newest
        kept = {seq: hashed for seq, hashed in acknowledged.items() if seq >= min(found)}
        assert kept.items() <= found.items()
        assert newest == 0 or newest in kept
        assert epoch > max((one["epoch"] for one in said if one["what"] == "epoch"), default=0)


def test_what_a_house_told_before_a_power_cut_is_on_the_disk(lives, kills):
    for folder, said in cuts(lives, "trade", kills // 2, seed=6, rounds=4):
        state = folder / "state"
        if not (state / "journal.sqlite").exists():
            assert not said
            continue
        rows, _ = reopened(state / "journal.sqlite")
        text = "\n".join(row.body for row in rows)
        told = [one for one in said if one["what"] == "reply" and _of_the_market(one)]
        assert all(json.dumps(one["wish"]["id"]) in text for one in told[-20:])
        names = [one["id"] for one in said if one["what"] == "transaction"]
        assert all(f'"id":"{name}"' in text for name in names[-20:])
        armory = FileArmory(state / "arming", threaded=False)
        assert armory.broken == ()
        asked = [number for number, one in enumerate(said) if one["what"] == "letting go"]
        for one in said[asked[-1] :] if asked else said:
            if one["what"] == "armed":
                assert to_json(armory.get(one["device"])) == one["body"]
        StateDir(state).load_control()  # whole, or not there


def _of_the_market(one):
    """Whether the market was asked, so that a row had to be there before the answer left."""
    return any(outcome["_"] == Accepted.__name__ for outcome in one["body"]["outcomes"])
