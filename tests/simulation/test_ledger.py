"""Three quarters of an hour of a house whose parties want to check: from meters to statements."""

import asyncio
import json
from dataclasses import dataclass

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.journal_ledger import open_rows
from gateway.adapters.seal_file import SealFile
from gateway.adapters.signing import is_signed, open_signer
from gateway.adapters.statements import StatementFiles
from gateway.app.audit import audit, entries
from gateway.model.canonical import from_json
from gateway.model.delivered import AskDelivery, Delivered
from gateway.model.event import Refused
from gateway.model.seal import Sealed
from gateway.model.settlement import Delivery, DeliveryQuality
from gateway.model.statement import Statement
from gateway.model.time import HOUR, MINUTE, SECOND, Instant, Interval, parse_rfc3339, seconds
from gateway.model.transaction import Transaction
from gateway.testing import VirtualLoop
from tests.simulation.harness import open_home

pytestmark = pytest.mark.slow

BEGIN = parse_rfc3339("2026-06-21T21:42:00Z")
QUARTER = parse_rfc3339("2026-06-21T21:45:00Z")
# Midnight in Amsterdam.
MIDNIGHT = parse_rfc3339("2026-06-21T22:00:00Z")
HOUSE = {"seed": 7, "battery_soc_pct": 60}
SITE = {
    "timezone": "Europe/Amsterdam",
    "parties": {"anna": {"meter": "heatpump"}, "ben": {}},
    "devices": {"heatpump": {"tender": False}},
}


def ask(party, start, length, meter=None):
    interval = Interval(Instant(start), Instant(start + length))
    return AskDelivery(
        party=party, request_id=f"r-{start}", product="power", interval=interval, meter=meter
    )


@dataclass
class Lived:
    """What was left, told and answered."""

    state: object
    facts: list
    answers: dict
    answered_at: int

    def rows(self, kind):
        return [row for row in read_journal(self.state / "journal.sqlite") if row.kind == kind]

    @property
    def deliveries(self):
        return [from_json(Delivery, json.loads(row.body)) for row in self.rows("delivery")]

    def audit(self):
        keys = [open_signer(self.state, make=False).public]
        with open_rows(self.state / "journal.sqlite") as (head, rows):
            newest = SealFile(self.state).load()
            return audit(head, rows, keys=keys, newest=newest, is_signed=is_signed)


async def live(folder):
    answers, facts = {}, []
    async with open_home(folder, BEGIN, HOUSE, **SITE) as home, asyncio.TaskGroup() as tasks:
        clock, gateway = home.clock, home.gateway
        await clock.sleep(seconds(4 * 60))
        waiting = tasks.create_task(gateway.handle(ask("anna", QUARTER, 15 * MINUTE)))
        answers["far"] = await gateway.handle(ask("anna", QUARTER + HOUR, MINUTE))
        answers["ben"] = await gateway.handle(ask("ben", QUARTER, MINUTE))
        answers["other"] = await gateway.handle(ask("anna", QUARTER, MINUTE, meter="roof"))
        assert not waiting.done()
        answers["anna"] = await waiting
        answered_at = clock.now()
        await clock.sleep(seconds(60))
        facts += home.facts
    # A second life: it counts on where the first one stopped.
    async with open_home(folder, clock.now(), HOUSE, house=home.house, clock=clock, **SITE) as home:
        await home.clock.sleep(MIDNIGHT + 16 * MINUTE - home.clock.now())
        facts += home.facts
    return Lived(folder / "state", facts, answers, answered_at)


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(live(tmp_path_factory.mktemp("ledger")))


def test_every_quarter_hour_the_deviations_of_all_parties_are_zero(lived):
    windows = {}
    for one in lived.deliveries:
        windows.setdefault(one.interval, {})[one.party] = one
    assert len(windows) == 3
    for parties in windows.values():
        assert {"battery", "utility", "anna", "must-run"} <= set(parties)
        assert sum(one.deviation for one in parties.values()) == 0
        assert sum(one.money for one in parties.values()) == 0
        assert sum(one.delivered for one in parties.values()) == 0


def test_a_quarter_hour_that_was_measured_throughout_says_so(lived):
    whole = [one for one in lived.deliveries if one.interval.start == QUARTER]
    battery = next(one for one in whole if one.party == "battery")
    assert battery.quality is DeliveryQuality.COUNTED
    assert battery.missing == 0
    assert len(battery.quantities) == 90


def test_a_start_in_the_middle_of_a_quarter_hour_is_estimated_as_traded(lived):
    broken = [one for one in lived.deliveries if one.interval.start == MIDNIGHT]
    battery = next(one for one in broken if one.party == "battery")
    assert battery.quality is DeliveryQuality.ESTIMATED
    assert 0 < battery.missing < 5 * 60_000


def test_the_answer_to_a_delivery_waits_for_the_data(lived):
    (told,) = lived.answers["anna"].outcomes
    assert isinstance(told, Delivered)
    assert len(told.quantities) == 90
    assert MIDNIGHT + 15 * SECOND <= lived.answered_at <= MIDNIGHT + 60 * SECOND
    row = next(o for o in lived.deliveries if (o.party, o.interval.start) == ("anna", QUARTER))
    assert told.quantities == row.quantities


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ("far", "settled up to 2026-06-21T21:45:00.000Z"),
        ("ben", "ben has no meter here"),
        ("other", "anna has no meter roof; it has heatpump"),
    ],
)
def test_what_nobody_measures_or_another_measured_is_refused_at_once(lived, asked, why):
    (refused,) = lived.answers[asked].outcomes
    assert isinstance(refused, Refused)
    assert why in refused.description


def test_the_statements_of_the_day_are_what_the_journal_says(lived):
    matches = [
        entry for entry in traded(lived) if entry.party == "battery" and entry.start < MIDNIGHT
    ]
    day = StatementFiles(lived.state).closed(["20260621"])
    ((_, account),) = next(one for one in day if one.party == "battery").accounts
    assert account.transactions == len(matches)
    assert account.bought_money - account.sold_money == sum(one.money for one in matches)
    settled = [one for one in lived.deliveries if one.interval.start < MIDNIGHT]
    mine = [one for one in settled if one.party == "battery"]
    assert account.delivered == sum(one.delivered for one in mine)
    assert account.deviation_money == sum(one.money for one in mine)


@dataclass
class Match:
    party: str
    start: int
    money: int


def traded(lived):
    with open_rows(lived.state / "journal.sqlite") as (_, rows):
        found = [one for one in entries(rows) if one.kind == "transaction"]
    return [Match(one.party, one.interval.start, one.money) for one in found]


def test_the_day_after_a_restart_counts_every_transaction_once(lived):
    kept = StatementFiles(lived.state).load()
    matches = [one for one in traded(lived) if one.party == "utility" and one.start >= MIDNIGHT]
    account = kept.days["20260622"]["utility"]["power"]
    assert account.transactions == len(matches)
    assert account.bought_money - account.sold_money == sum(one.money for one in matches)


def test_a_party_from_outside_alone_is_told_its_statement(lived):
    told = [fact for fact in lived.facts if isinstance(fact, Statement) and fact.accounts]
    assert {one.party for one in told} == {"anna"}
    assert "20260621" in {one.day for one in told if one.closed}


def test_the_ledger_of_both_lives_holds_to_its_last_row(lived):
    found = lived.audit()
    assert found.faults == []
    assert found.trusted == found.ends
    whys = [json.loads(row.body)["why"] for row in lived.rows("seal")]
    assert whys == ["start", "day", "stop", "start", "stop"]


def test_each_seal_is_told_after_its_row_is_durable(lived):
    told = [fact for fact in lived.facts if isinstance(fact, Sealed)]
    assert [one.seal.why for one in told] == ["start", "day", "start"]
    assert not any(isinstance(fact, Transaction) and not fact.id for fact in lived.facts)
