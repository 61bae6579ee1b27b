"""What the recorder writes, replay finds again; recovery goes on from it."""

import json
from dataclasses import replace

import pytest

from gateway.adapters.chain import verify
from gateway.adapters.clock import WallClock
from gateway.adapters.journal import open_journal, read_journal
from gateway.model.canonical import text
from gateway.model.errors import JournalFailed
from gateway.model.event import Accepted, Cancelled, CancelReason
from gateway.model.product import Product
from gateway.model.request import Reply
from gateway.model.resource import POWER
from gateway.model.site import JournalSettings
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.runtime.recorder import Recorder
from gateway.runtime.recovery import recover
from gateway.runtime.replay import Replay, ReplayDiffers, RulesDiffer, replay
from gateway.runtime.rows import Start

TERMS = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
SLOT = Interval(Instant(0), Instant(10 * SECOND))


class _Market:
    """Deterministic and simple: a book of ids with sequence numbers, emptied at each gate."""

    def __init__(self, epoch, sequence=0, book=None):
        self.epoch = epoch
        self.sequence = sequence
        self.book = dict(book or {})

    def _order(self):
        self.sequence += 1
        return f"home-order-{self.epoch}-{self.sequence}"

    def submit(self, tender_set, now):
        party = tender_set.party
        orders = tuple((tender.id, self._order()) for tender in tender_set.tenders)
        self.book |= {order: [party, tender] for tender, order in orders}
        return (Accepted(party=party, product="power", interval=SLOT, orders=orders),)

    def cancel(self, party, ids, now, reason, why=""):
        gone = [
            (order, tender)
            for order, (whose, tender) in self.book.items()
            if whose == party and (ids is None or tender in ids)
        ]
        return tuple(self._gone(party, order, tender, reason) for order, tender in gone)

    def _gone(self, party, order, tender, reason):
        del self.book[order]
        return Cancelled(
            party=party,
            product="power",
            tender=tender,
            order=order,
            reason=reason,
            remaining=1,
        )

    def advance(self, now, *, unscheduled=False):
        if unscheduled:
            return ()
        return tuple(
            self._gone(party, order, tender, CancelReason.EXPIRED)
            for order, (party, tender) in list(self.book.items())
        )

    def dump(self):
        return {"sequence": self.sequence, "book": self.book}


def load(product, start, dump):
    state = dump or {}
    return _Market(start.epoch, state.get("sequence", 0), state.get("book"))


def _start(epoch, terms=TERMS, rule="uniform-price/1"):
    parties = (Party(id="ann", outside=True),)
    return Start(
        epoch=epoch, area="home", products=(terms,), parties=parties, rules={terms.id: rule}
    )


def _tenders(party, *ids):
    tenders = tuple(Tender(id=tid, side=Side.BUY, price=1, quantity=1) for tid in ids)
    return TenderSet(party=party, product="power", interval=SLOT, tenders=tenders)


class _House:
    """As much of a marketplace as fills a journal."""

    def __init__(self, journal, market):
        self.market = market
        self.recorder = Recorder(journal)
        self.now = Instant(0)

    def _tick(self):
        self.now = Instant(self.now + SECOND)
        return self.now

    def begin(self, epoch, **other):
        self.recorder.start(self._tick(), _start(epoch, **other), {"power": self.market.dump()})

    def submit(self, party, *ids, request=None):
        now = self._tick()
        tenders = _tenders(party, *ids)
        self.recorder.submit(now, tenders, request)
        events = self.market.submit(tenders, now)
        seq = self.recorder.events(now, "power", events)
        if request:
            reply = Reply(party=party, request_id=request, at=now, outcomes=events)
            seq = self.recorder.reply(now, reply)
        return seq

    def cancel(self, party, *ids):
        now, reason = self._tick(), CancelReason.REQUESTED
        self.recorder.cancel(now, "power", party, ids or None, reason)
        return self.recorder.events(now, "power", self.market.cancel(party, ids, now, reason))

    def gate(self, *, unscheduled=False):
        now = self._tick()
        self.recorder.snapshot(now, "power", Snapshot(at=now, residual_w=0.1 + 0.2))
        self.recorder.advance(now, "power", unscheduled=unscheduled)
        events = self.market.advance(now, unscheduled=unscheduled)
        return self.recorder.events(now, "power", events)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite"


async def _story(path):
    """Two starts with everything that happens between."""
    for epoch in (1, 2):
        journal = open_journal(path, clock=WallClock(), settings=JournalSettings(), threaded=False)
        async with journal:
            recovered = recover(journal.rows(), load, now=Instant(HOUR))
            market = load(TERMS, _start(epoch), recovered.dumps.get("power"))
            house = _House(journal, market)
            house.begin(journal.epoch)
            house.submit("ann", "a", "b", request=f"r{epoch}")
            house.submit("roof", "a")
            house.gate(unscheduled=True)
            house.recorder.checkpoint(house.now, "power", market.dump())
            house.cancel("ann", "b")
            house.cancel("ann", "never")
            house.submit("bob", "x")
            if epoch == 2:
                house.gate()
            house.submit("ann", "c", request=f"c{epoch}")
    return market


async def test_replay_gives_the_same_rows_byte_for_byte(path):
    await _story(path)
    rows = list(read_journal(path))
    run = Replay(load, lambda product: f"{product.mechanism}/1")
    assert list(run.run(rows)) == rows
    assert (run.difference, run.skipped) == (None, 0)
    kinds = {row.kind for row in rows}
    assert kinds == {
        "start", "checkpoint", "submit", "cancel", "advance", "snapshot", "event", "reply"
    }  # fmt: skip


async def test_altered_input_comes_out_differently_and_is_named(path):
    await _story(path)
    rows = list(read_journal(path))
    at = next(i for i, row in enumerate(rows) if row.kind == "submit")
    rows[at] = replace(rows[at], body=rows[at].body.replace('"id":"a"', '"id":"z"'))
    run = Replay(load)
    again = list(run.run(rows))
    assert run.difference.seq == rows[at].seq + 1
    assert '["a","home-order-1-1"]' in run.difference.journalled
    assert '["z","home-order-1-1"]' in run.difference.replayed
    assert again[-1].hash != rows[-1].hash
    assert len(list(verify(again))) == len(rows)


@pytest.mark.parametrize("kind", ["event", "checkpoint"])
async def test_altered_output_is_named(path, kind):
    await _story(path)
    rows = list(read_journal(path))
    at = max(i for i, row in enumerate(rows) if row.kind == kind)
    rows[at] = replace(rows[at], body=rows[at].body.replace("bob", "eve").replace("ann", "eve"))
    run = Replay(load)
    list(run.run(rows))
    assert run.difference.seq == rows[at].seq


async def test_missing_and_surplus_events_are_named(path):
    await _story(path)
    rows = list(read_journal(path))
    at = next(i for i, row in enumerate(rows) if row.kind == "event")
    missing, surplus = Replay(load), Replay(load)
    list(missing.run(rows[:at] + rows[at + 1 :]))
    assert (missing.difference.seq, missing.difference.journalled) == (rows[at + 1].seq, "")
    list(surplus.run([*rows[: at + 1], rows[at], *rows[at + 1 :]]))
    assert (surplus.difference.seq, surplus.difference.replayed) == (rows[at].seq, "")


async def test_events_cut_off_by_a_crash_are_no_difference(path):
    await _story(path)
    rows = list(read_journal(path))
    starts = [i for i, row in enumerate(rows) if row.kind == "start"]
    cut = max(i for i in range(starts[1]) if rows[i].kind == "event")
    run = Replay(load)
    list(run.run(rows[:cut] + rows[starts[1] :]))
    assert run.difference is None


async def test_rows_whose_beginning_was_forgotten_are_skipped_until_the_checkpoint(path):
    await _story(path)
    rows = list(read_journal(path))
    first = next(i for i, row in enumerate(rows) if row.kind == "checkpoint")
    run = Replay(load)
    assert list(run.run(rows[first + 1 :])) == rows[first + 1 :]
    assert run.difference is None
    assert run.skipped == 3


async def test_first_difference_stops_the_replay_with_both_texts(path):
    await _story(path)
    rows = list(read_journal(path))
    assert list(replay(rows, load)) == rows
    at = max(i for i, row in enumerate(rows) if row.kind == "event")
    rows[at] = replace(rows[at], body="{}")
    with pytest.raises(ReplayDiffers, match=r"row \d+ comes out differently:\n.*journalled: {}\n"):
        list(replay(rows, load))


async def test_other_rules_are_refused(path):
    await _story(path)
    with pytest.raises(RulesDiffer, match=r"cleared by uniform-price/1, here .* uniform-price/2"):
        list(Replay(load, lambda product: f"{product.mechanism}/2").run(read_journal(path)))


async def test_row_that_cannot_be_understood_is_named(path):
    await _story(path)
    rows = list(read_journal(path))
    rows[3] = replace(rows[3], kind="submit", body="{}")
    with pytest.raises(JournalFailed, match=r"row 4 \(submit\) .*Submitted.tenders"):
        list(Replay(load).run(rows))


async def test_recovered_market_is_the_one_that_died(path):
    market = await _story(path)
    recovered = recover(read_journal(path), load, now=Instant(HOUR))
    assert text(recovered.dumps["power"]) == text(market.dump())
    assert [request for _, request in recovered.replies] == ["r1", "c1", "r2", "c2"]
    assert recovered.replies["ann", "r1"].outcomes[0].orders[0] == ("a", "home-order-1-1")
    assert (recovered.epoch, recovered.difference) == (2, None)


async def test_recovery_needs_only_the_rows_the_journal_picks_for_it(path):
    await _story(path)
    whole = recover(read_journal(path), load, now=Instant(HOUR))
    async with open_journal(
        path, clock=WallClock(), settings=JournalSettings(), threaded=False
    ) as journal:
        rows = list(journal.rows_for_recovery(("power",), Instant(0)))
        assert len(rows) < len(list(journal.rows()))
        assert recover(rows, load, now=Instant(HOUR)) == whole


async def test_answers_older_than_a_day_are_forgotten(path):
    await _story(path)
    recovered = recover(read_journal(path), load, now=Instant(24 * HOUR + 30 * SECOND))
    assert recovered.replies == {}


async def test_changed_terms_do_not_compare_the_books_of_two_products(path):
    """A new revision loads the old book under new terms; what changes is cancelled by a row."""
    await _story(path)
    async with open_journal(
        path, clock=WallClock(), settings=JournalSettings(), threaded=False
    ) as journal:
        dump = recover(journal.rows(), load, now=Instant(0)).dumps["power"]
        house = _House(journal, load(TERMS, _start(3), dump))
        house.begin(3, terms=replace(TERMS, revision=2, tick=5))
    run = Replay(load)
    list(run.run(read_journal(path)))
    assert run.difference is None


def test_checkpoint_before_a_start_is_a_mistake():
    with pytest.raises(RuntimeError, match="after the start"):
        Recorder(journal=None).checkpoint(Instant(0), "power", {})


async def test_no_events_write_no_row_and_name_the_newest(path):
    async with open_journal(
        path, clock=WallClock(), settings=JournalSettings(), threaded=False
    ) as journal:
        recorder = Recorder(journal)
        assert recorder.events(Instant(0), "power", ()) == 0
        seq = recorder.advance(Instant(0), "power", unscheduled=False)
        assert recorder.events(Instant(0), "power", ()) == seq


async def test_snapshot_row_holds_thousandths(path):
    await _story(path)
    row = next(row for row in read_journal(path) if row.kind == "snapshot")
    assert json.loads(row.body)["snapshot"]["residual_w"] == 300
