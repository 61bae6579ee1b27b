"""``kill -9`` just before, or in the middle of, any single change the gateway makes to its disk.

Boundaries are counted, not guessed: every write, sync, truncation, creation, rename and removal
below the state folder is one (disk.c).  Rows handed over, written, synced, acknowledged, arming,
owner's word, checkpoint, pruning, migration, copy and setting aside all lie between two of them.
"""

import contextlib
import json
import random
import shutil
import sqlite3

import pytest

from gateway.adapters.armory import FileArmory
from gateway.adapters.journal import read_journal
from gateway.adapters.journal_schema import MIGRATIONS, PAGE
from gateway.app import load_market
from gateway.model.canonical import to_json
from gateway.model.chain import GENESIS, digest
from gateway.model.clearing import Clearing
from gateway.model.time import Instant
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.runtime.rows import Happened, read_body
from tests.chaos.disks import pick

pytestmark = [pytest.mark.chaos, pytest.mark.slow]

SEED = 20260621
AGAIN = 6
CLOSED = 423


def told(said, what):
    return [one for one in said if one["what"] == what]


def test_nothing_told_is_lost_or_doubled_by_a_kill_at_any_change(lives, kills):
    """Life after life of one house in one folder, each killed at a seeded change."""
    chance = random.Random(SEED)
    replies, transactions, clearings, epochs = {}, {}, {}, []
    died = 0
    while died < kills:
        recent = _recent(replies, lives)
        names = chance.sample(recent, min(AGAIN, len(recent)))
        again = [replies[name]["wish"] for name in names]
        die_at, half = chance.randrange(0, 170), chance.random() < 0.3
        dead, _, said = lives.live(
            "trade", die_at=die_at, half=half, seed=chance.random(), rounds=4, again=again
        )
        died += dead
        _take(said, replies, transactions, clearings, epochs)
        armory = FileArmory(lives.folder / "state" / "arming")
        assert armory.broken == ()
        for device, body in _armed(said).items():
            assert to_json(armory.get(device)) == body
    dead, _, said = lives.live(
        "trade", seed=1, again=[replies[name]["wish"] for name in _recent(replies, lives)]
    )
    assert not dead
    _take(said, replies, transactions, clearings, epochs)

    assert not [*(lives.folder / "state").glob("*.corrupt-*")]
    assert epochs == sorted(set(epochs))
    assert len(transactions) > kills // 4
    rows = [*read_journal(lives.folder / "state" / "journal.sqlite")]
    kept_t, kept_c = _of_the_journal(rows)
    first = min(kept_c)
    for sequence, body in clearings.items():
        assert sequence < first or kept_c[sequence] == body
    for name, body in transactions.items():
        assert body["clearing"] < first or kept_t[name] == body
    assert sorted(kept_c) == [*range(first, first + len(kept_c))]
    replay = Replay(load_market)
    assert [*replay.run(rows)] == rows
    assert replay.difference is None


def _recent(replies, lives):
    """Names of the requests of the last day; lives are an hour apart."""
    return sorted(name for name in replies if int(name.split("-")[0]) > lives.number - 22)


def _take(said, replies, transactions, clearings, epochs):
    """Note what was told; what was told before must be the same."""
    assert not any(one["damage"] for one in told(said, "epoch"))
    epochs += [one["epoch"] for one in told(said, "epoch")]
    for one in told(said, "reply"):
        if any(outcome.get("code") == CLOSED for outcome in one["body"]["outcomes"]):
            continue  # nothing was traded then: such a wish is judged anew
        before = replies.setdefault(one["wish"]["id"], one)
        assert before["body"] == one["body"]
    for one in told(said, "transaction"):
        assert transactions.setdefault(one["id"], one["body"]) == one["body"]
    for one in told(said, "clearing"):
        assert clearings.setdefault(one["sequence"], one["body"]) == one["body"]


def _armed(said):
    """What was told to be armed since a device was let go of last."""
    asked = [number for number, one in enumerate(said) if one["what"] == "letting go"]
    since = said[asked[-1] :] if asked else said
    return {one["device"]: one["body"] for one in told(since, "armed")}


def _of_the_journal(rows):
    events = [e for row in rows if row.kind == "event" for e in read_body(Happened, row).events]
    found = [event for event in events if isinstance(event, Transaction)]
    transactions = {event.id: json.loads(json.dumps(to_json(event))) for event in found}
    assert len(found) == len(transactions)
    clearings = [event for event in events if isinstance(event, Clearing)]
    by_sequence = {event.sequence: to_json(event) for event in clearings}
    assert len(by_sequence) == len(clearings)
    return transactions, by_sequence


def die_everywhere(lives, prepare, kills, seed):
    """A life from the prepared folder, killed at each change in turn; yields (change, said)."""
    prepare()
    dead, changes, _ = lives.live("rows", seed=seed, rounds=3)
    assert not dead
    for change in pick(changes, kills, seed):
        prepare()
        dead, _, said = lives.live("rows", seed=seed, rounds=3, die_at=change, half=change % 3 == 0)
        assert dead
        acknowledged = max((one["seq"] for one in told(said, "durable")), default=0)
        started = max((one["epoch"] for one in told(said, "epoch")), default=0)
        dead, _, after = lives.live("rows", seed=seed, rounds=1)
        assert not dead
        (start,) = told(after, "epoch")
        assert start["newest"] >= acknowledged
        assert start["epoch"] > started
        yield change, start, acknowledged


def emptied(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()


def test_journal_killed_at_every_change_of_its_first_life_keeps_what_it_acknowledged(lives, kills):
    for _ in die_everywhere(lives, lambda: emptied(lives.folder), kills, 1):
        assert [*read_journal(lives.folder / "journal.sqlite")]


def test_migration_killed_at_every_change_loses_no_row(lives, kills):
    def first_version():
        emptied(lives.folder)
        with contextlib.closing(sqlite3.connect(lives.folder / "journal.sqlite")) as db:
            MIGRATIONS[0](db)
            hashed = GENESIS
            for seq in range(1, 401):
                body = '{"product":"power"}'
                hashed = digest(hashed, seq=seq, now=Instant(seq), kind="checkpoint", body=body)
                row = (seq, seq, "checkpoint", body, hashed)
                db.execute("INSERT INTO row VALUES (?, ?, ?, ?, ?)", row)
            db.execute("UPDATE head SET epoch = 6")
            db.execute("PRAGMA user_version = 1")
            db.commit()

    for _, start, acknowledged in die_everywhere(lives, first_version, kills // 2, 2):
        assert start["newest"] >= max(400, acknowledged)
        assert start["epoch"] > 6


def test_setting_aside_killed_at_every_change_keeps_every_row_that_was_whole(
    lives, kills, tmp_path
):
    emptied(lives.folder)
    _, _, said = lives.live("rows", seed=3, rounds=20)
    written = max(one["seq"] for one in told(said, "durable"))
    good = tmp_path / "good"
    shutil.copytree(lives.folder, good)

    def damaged():
        emptied(lives.folder)
        shutil.copytree(good, lives.folder, dirs_exist_ok=True)
        path = lives.folder / "journal.sqlite"
        data = bytearray(path.read_bytes())
        data[:PAGE] = bytes(PAGE)
        path.write_bytes(data)

    for _, start, _ in die_everywhere(lives, damaged, kills // 2, 4):
        assert start["newest"] >= written
        assert len([*lives.folder.glob("journal.sqlite.corrupt-*")]) >= 1
