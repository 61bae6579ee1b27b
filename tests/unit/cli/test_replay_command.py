"""``replay``: which journals it takes, and under which rules."""

import asyncio
import contextlib
import sqlite3

import pytest

from gateway.adapters.clock import WallClock
from gateway.adapters.journal import open_journal
from gateway.market import Market
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import JournalSettings
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant, Interval
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Start

TERMS = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
SLOT = Interval(Instant(0), Instant(10 * SECOND))
ANN = Party(id="ann", outside=True)


async def _fill(path, rules):
    journal = open_journal(path, clock=WallClock(), settings=JournalSettings(), threaded=False)
    async with journal:
        market = Market(TERMS, area="home", epoch=1, parties=(ANN,))
        start = Start(
            epoch=1, area="home", products=(TERMS,), parties=(ANN,), rules={"power": rules}
        )
        recorder, now = Recorder(journal), Instant(-SECOND)
        recorder.start(now, start, {"power": market.dump()})
        tender = Tender(id="a", side=Side.BUY, price=1, quantity=1)
        given = TenderSet(party="ann", product="power", interval=SLOT, tenders=(tender,))
        recorder.submit(now, given)
        recorder.events(now, "power", market.submit(given, now))


@pytest.fixture
def journal(tmp_path):
    """Makes a journal that was written under the given rules."""

    def make(rules):
        path = tmp_path / "journal.sqlite"
        asyncio.run(_fill(path, rules))
        return path

    return make


def test_journal_of_these_rules_comes_out_the_same(command, journal):
    code, said = command("replay", journal("uniform-price/1"))
    assert (code, "every outcome is the same" in said) == (0, True)


def test_journal_of_other_rules_is_refused_until_the_mechanism_is_named(command, journal):
    path = journal("uniform-price/0")
    code, said = command("replay", path)
    assert (code, "cleared by uniform-price/0" in said, "--mechanism" in said) == (1, True, True)
    code, said = command("replay", path, "--mechanism", "uniform-price")
    assert (code, "every outcome is the same" in said) == (0, True)


def test_unknown_mechanism_is_wrong_input_and_the_known_ones_are_named(command, journal):
    code, said = command("replay", journal("uniform-price/1"), "--mechanism", "lottery")
    assert code == 2
    assert "found 'lottery'" in said
    assert "allowed: equilibrium, negotiated, order-book, pay-as-bid" in said


def test_journal_of_a_newer_version_is_refused(command, journal):
    path = journal("uniform-price/1")
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE head SET version = 99")
        db.execute("PRAGMA user_version = 99")
        db.commit()
    code, said = command("replay", path)
    assert (code, "version 99 was written by a newer gridtender" in said) == (2, True)


@pytest.mark.parametrize("content", [None, b"no journal, but long enough for a header" * 4])
def test_what_is_no_journal_is_wrong_input(command, tmp_path, content):
    path = tmp_path / "notes.txt"
    if content is not None:
        path.write_bytes(content)
    code, said = command("replay", path)
    assert (code, str(path) in said) == (2, True)


def test_database_of_something_else_is_wrong_input(command, tmp_path):
    path = tmp_path / "photos.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photo (id INTEGER)")
    code, said = command("replay", path)
    assert (code, "no gridtender journal" in said) == (2, True)
