"""Verifying a ledger: whatever was done to it by somebody without the key is found, and where."""

import asyncio
import contextlib
import json
import sqlite3

import pytest

from gateway.adapters.chain import Head
from gateway.adapters.journal import open_journal
from gateway.adapters.journal_ledger import open_rows
from gateway.adapters.journal_schema import insert, set_head
from gateway.adapters.signing import is_signed, open_signer
from gateway.app.audit import audit
from gateway.model.chain import GENESIS, digest
from gateway.model.seal import Sealed
from gateway.model.site import JournalSettings
from gateway.model.time import HOUR, SECOND, Duration, Instant
from gateway.ports.journal import Row
from gateway.runtime.sealing import Sealing

START = Instant(1_750_000_000 * SECOND)
TRADES = 30


def transaction(party, side, quantity, price=1000):
    return {
        "_": "Transaction",
        "clearing": 1,
        "counter_party": "home",
        "id": f"home-tx-1-{party}",
        "interval": {"end": START + 10 * SECOND, "start": START},
        "party": party,
        "price": price,
        "product": "power",
        "quantity": quantity,
        "side": side,
        "tender": "t",
    }


class Still:
    """A clock that stands."""

    synchronised = True
    at = START

    def now(self):
        return self.at


class House:
    """A journal with trades and a seal after every ten of them."""

    def __init__(self, folder, sold=100):
        self.path = folder / "journal.sqlite"
        self.signer = open_signer(folder)
        self.newest = None
        clock = Still()
        journal = open_journal(self.path, clock=clock, settings=JournalSettings(), threaded=False)
        sealing = Sealing(
            area="home",
            zone="UTC",
            every=Duration(HOUR),
            journal=journal,
            signer=self.signer,
            clock=clock,
            tell=self.keep,
        )
        for number in range(TRADES):
            both = [transaction("anna", "BUY", 100), transaction("roof", "SELL", sold)]
            journal.append(clock.now(), "event", {"events": both, "product": "power"})
            if number % 10 == 9:
                sealing.seal("hour")
        asyncio.run(journal.close())

    def keep(self, _seq, facts):
        (self.newest,) = facts

    def rows(self):
        with open_rows(self.path) as (_, rows):
            return list(rows)

    def rewrite(self, rows, head=None):
        """As somebody would who has the file and knows the format."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.execute("DELETE FROM block")
            db.execute("DELETE FROM checkpoint")
            if head is not None:
                set_head(db, head)
            for row in rows:  # one by one, so that every row keeps the hash it is given
                insert(db, [row])
            db.commit()

    def audit(self, newest=None, keys=None):
        keys = [self.signer.public] if keys is None else keys
        with open_rows(self.path) as (head, rows):
            return audit(head, rows, keys=keys, newest=newest, is_signed=is_signed)


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def chained(rows, seq=0, before=GENESIS):
    """The same bodies in a chain of their own, numbered anew."""
    found = []
    for row in rows:
        seq += 1
        before = digest(before, seq=seq, now=row.now, kind=row.kind, body=row.body)
        found.append(Row(seq=seq, now=row.now, kind=row.kind, body=row.body, hash=before))
    return found


def changed(row, **body):
    return Row(
        seq=row.seq,
        now=row.now,
        kind=row.kind,
        body=json.dumps({**json.loads(row.body), **body}, sort_keys=True, separators=(",", ":")),
        hash=row.hash,
    )


def test_a_ledger_as_it_was_written_holds_up_to_its_last_seal(house):
    found = house.audit(newest=house.newest)
    assert not found.faults
    assert (found.rows, found.seals, found.transactions) == (33, 3, 60)
    assert found.trusted == found.ends == 33


def test_a_changed_row_is_the_first_that_is_not_trusted(house):
    rows = house.rows()
    rows[14] = changed(rows[14], product="heat")
    house.rewrite(rows)
    found = house.audit()
    assert found.faults[0][0] == 15
    assert found.trusted == 11


def test_a_flipped_byte_in_the_file_is_found(house):
    with contextlib.closing(sqlite3.connect(house.path)) as db:
        seq, data = db.execute("SELECT seq, data FROM block ORDER BY seq LIMIT 1").fetchone()
        data = bytearray(data)
        data[len(data) // 2] ^= 0x10
        db.execute("UPDATE block SET data = ? WHERE seq = ?", (bytes(data), seq))
        db.commit()
    assert house.audit().faults


def test_a_removed_row_is_found(house):
    rows = house.rows()
    house.rewrite(rows[:5] + rows[6:])
    assert house.audit().faults[0][0] == 6


def test_a_chain_computed_anew_after_a_change_does_not_fit_its_seals(house):
    rows = house.rows()
    rows[3] = changed(rows[3], product="heat")
    house.rewrite(chained(rows))
    found = house.audit()
    assert found.faults[0] == (11, "is a seal that does not fit the rows before it")
    assert found.trusted == 0


def test_swapped_seals_are_found_even_where_the_chain_was_computed_anew(house):
    rows = house.rows()
    rows[10], rows[21] = rows[21], rows[10]
    house.rewrite(chained(rows))
    assert [seq for seq, _ in house.audit().faults] == [11, 22, 33]


def test_a_ledger_sealed_by_a_foreign_key_is_found(house, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    forged = House(other)
    found = forged.audit(keys=[house.signer.public])
    assert [seq for seq, _ in found.faults] == [11, 22, 33]
    assert all("another key" in text for _, text in found.faults)
    assert found.trusted == 0


def test_rows_cut_off_the_end_are_missed_by_the_newest_seal(house):
    house.rewrite(house.rows()[:22])
    assert not house.audit().faults
    (fault,) = house.audit(newest=house.newest).faults
    assert fault == (23, "the rows up to 33 are missing: the gateway had sealed them")


def test_rows_cut_off_the_beginning_are_found_unless_a_seal_says_they_may_be_gone(house):
    rows = house.rows()
    house.rewrite(rows[6:], Head(epoch=1, seq=6, hash=rows[5].hash))
    (fault,) = house.audit().faults
    assert fault[0] == 7
    assert "no seal says that they may be gone" in fault[1]


def test_a_purchase_that_nobody_sold_is_found(tmp_path):
    found = House(tmp_path, sold=90).audit()
    assert found.faults[0] == (1, "clearing 1 of power: bought and sold differ by 10 quantity")


def test_a_seal_file_of_other_rows_is_found(house):
    newest = house.newest
    other = Sealed(at=newest.at, seq=newest.seq, hash=GENESIS, seal=newest.seal)
    assert house.audit(newest=other).faults == [
        (32, "is not the row that the newest seal was made under")
    ]


def test_rows_forgotten_by_the_gateway_leave_a_ledger_that_holds(tmp_path):
    clock = Still()
    signer, told = open_signer(tmp_path), []
    path = tmp_path / "journal.sqlite"
    journal = open_journal(path, clock=clock, settings=JournalSettings(), threaded=False)
    sealing = Sealing(
        area="home",
        zone="UTC",
        every=Duration(HOUR),
        journal=journal,
        signer=signer,
        clock=clock,
        tell=lambda _seq, facts: told.extend(facts),
    )

    async def live_and_forget():
        for day in range(4):
            clock.at = Instant(START + day * 24 * HOUR)
            journal.append(clock.now(), "checkpoint", {"product": "power"})
            for _ in range(20):
                both = [transaction("anna", "BUY", 100), transaction("roof", "SELL", 100)]
                journal.append(clock.now(), "event", {"events": both, "product": "power"})
            await journal.durable(sealing.seal("day"))
        boundary = journal.prunable(["power"], Duration(25 * HOUR))
        assert boundary > journal.begins + 1
        await journal.durable(sealing.seal("prune", boundary))
        assert await journal.prune(["power"], Duration(25 * HOUR)) > 0
        await journal.close()

    asyncio.run(live_and_forget())
    with open_rows(path) as (head, rows):
        found = audit(head, rows, keys=[signer.public], newest=told[-1], is_signed=is_signed)
    assert found.begins > 1
    assert found.faults == []
    assert found.trusted == found.ends
