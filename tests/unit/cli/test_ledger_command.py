"""``gridtender ledger``: what it prints, and its exit codes."""

import asyncio
import json

import pytest

from gateway.adapters.journal import open_journal
from gateway.adapters.seal_file import SealFile
from gateway.adapters.signing import open_signer
from gateway.adapters.statements import StatementFiles
from gateway.cli import main
from gateway.market import Market
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.seal import Sealed
from gateway.model.settlement import CounterParty, Settlement
from gateway.model.site import JournalSettings
from gateway.model.statement import Account, Statement
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, SECOND, Duration, Instant
from gateway.runtime.recorder import Recorder
from gateway.runtime.rows import Start
from gateway.runtime.sealing import Sealing

NOON = Instant(1_782_043_200 * SECOND)
PRODUCT = Product(
    id="power",
    resource=POWER,
    unit="W",
    interval=Duration(10 * SECOND),
    settlement=Settlement(counter_party=CounterParty.PEER),
)
PARTIES = tuple(Party(id=name, outside=True) for name in ("anna", "ben", "eva"))


class Still:
    """A clock that stands where it is put."""

    synchronised = True
    at = NOON

    def now(self):
        return self.at


def tender(party, side, price, quantity):
    one = Tender(id=f"{party}-1", side=side, price=price, quantity=quantity)
    interval = PRODUCT.next_interval(Instant(NOON + SECOND))
    return TenderSet(party=party, product="power", interval=interval, tenders=(one,))


@pytest.fixture
def state(tmp_path):
    """Anna buys of Ben, Eva's tender is too dear and expires; sealed."""
    clock = Still()
    journal = open_journal(
        tmp_path / "journal.sqlite", clock=clock, settings=JournalSettings(), threaded=False
    )
    market = Market(PRODUCT, area="home", epoch=1, parties=PARTIES)
    recorder, sealed = Recorder(journal), []
    start = Start(epoch=1, area="home", products=(PRODUCT,), parties=PARTIES, rules={"power": "x"})
    recorder.start(NOON, start, {"power": market.dump()})
    sets = (
        tender("anna", Side.BUY, 2000, 500),
        tender("ben", Side.SELL, 1000, 500),
        tender("eva", Side.SELL, 9000, 100),
    )
    for one in sets:
        recorder.submit(clock.now(), one, f"r-{one.party}")
        recorder.events(clock.now(), "power", market.submit(one, clock.now()))
    for at in (NOON + 10 * SECOND, NOON + 40 * SECOND):
        clock.at = Instant(at)
        recorder.advance(clock.now(), "power", unscheduled=False)
        recorder.events(clock.now(), "power", market.advance(clock.now()))
    sealing = Sealing(
        area="home",
        zone="UTC",
        every=Duration(HOUR),
        journal=journal,
        signer=open_signer(tmp_path),
        clock=clock,
        tell=lambda _seq, facts: sealed.extend(facts),
    )
    sealing.seal("stop")
    asyncio.run(journal.close())
    (newest,) = sealed
    assert isinstance(newest, Sealed)
    SealFile(tmp_path).store(newest)
    return tmp_path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["ledger", *arguments])
    return ended.value.code, capsys.readouterr().out


def test_a_ledger_that_holds_is_said_and_exits_0(state, capsys):
    code, out = run(capsys, "verify", "--state-dir", str(state), "--json")
    found = json.loads(out)
    assert (code, found["holds"], found["transactions"]) == (0, True, 2)
    assert found["trusted"] == found["ends"]


def test_a_copy_is_verified_by_the_key_that_is_named_and_fails_by_another(
    state, tmp_path_factory, capsys
):
    journal = str(state / "journal.sqlite")
    _, key = run(capsys, "key", "--state-dir", str(state))
    assert run(capsys, "verify", "--journal", journal, "--key", key.strip())[0] == 0
    foreign = open_signer(tmp_path_factory.mktemp("other")).public
    code, out = run(capsys, "verify", "--journal", journal, "--key", foreign)
    assert code == 1
    assert "sealed by another key" in out
    assert "the ledger does not hold" in out


def test_a_key_that_is_none_is_wrong_input(state, capsys):
    code, _ = run(capsys, "verify", "--state-dir", str(state), "--key", "ed25519:x")
    assert code == 2


def test_peers_are_named_in_what_was_traded(state, capsys):
    _, out = run(capsys, "export", "--state-dir", str(state), "--format", "json")
    lines = [json.loads(line) for line in out.splitlines()]
    traded = [one for one in lines if one["kind"] == "transaction"]
    assert {(one["party"], one["counter_party"]) for one in traded} == {
        ("anna", "ben"),
        ("ben", "anna"),
    }
    assert sum(one["money"] for one in traded) == 0
    assert {one["amount"] for one in traded} == {"0.000208", "-0.000208"}


def test_a_tender_that_never_traded_is_traced_to_its_end(state, capsys):
    arguments = ("--party", "eva", "--format", "csv", "--state-dir", str(state))
    _, out = run(capsys, "export", *arguments)
    head, line = out.splitlines()
    found = dict(zip(head.split(","), line.split(","), strict=False))
    assert (found["id"], found["outcome"], found["filled"]) == ("eva-1", "expired", "0")
    assert int(found["submitted"]) < int(found["seq"])


def test_what_delivers_at_another_time_is_left_out(state, capsys):
    arguments = ("--state-dir", str(state), "--from", "2026-06-21T13:00:00Z")
    assert run(capsys, "show", *arguments) == (0, "")


def test_a_partys_day_is_told_in_energy_and_money(state, capsys):
    account = Account(bought=5_000_000, bought_money=7_500_000_000, transactions=1)
    day = Statement(
        party="anna", day="20260621", accounts=(("power", account),), closed=True, at=NOON
    )
    asyncio.run(StatementFiles(state, threaded=False).close([day]))
    code, out = run(capsys, "statement", "anna", "--state-dir", str(state))
    assert code == 0
    assert "1.389 Wh" in out
    assert "0.000208 EUR" in out
    assert run(capsys, "statement", "ben", "--state-dir", str(state))[0] == 1
