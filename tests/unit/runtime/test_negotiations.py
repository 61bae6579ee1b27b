"""Quotes at the desk: what is recorded, told and undone; opt-outs and calendars hold parties."""

import asyncio
import json

import pytest

from gateway.adapters.calendar import read_calendar
from gateway.market import Market
from gateway.model.cover import Standby
from gateway.model.errors import JournalFailed
from gateway.model.event import Cancelled, Refused, ResponseCode
from gateway.model.membership import Allowance
from gateway.model.negotiation import AcceptQuote, CancelQuotes, CreateQuote, CreateRfq, RejectQuote
from gateway.model.product import Product
from gateway.model.quote import Ending, Quote, QuoteChanged, QuoteRejected, Rfq
from gateway.model.request import CancelTenders, SubmitTenders
from gateway.model.resource import POWER
from gateway.model.standing import CancelOpt, CreateOpt, Opt, OptReason, SetAvailability
from gateway.model.tender import Party, Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant, rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.recorder import Recorder
from gateway.runtime.register import Register
from gateway.runtime.rows import Start
from gateway.runtime.standings import Standings

TERMS = Product(
    id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND), negotiations=True
)
PARTIES = (Party(id="anna", outside=True), Party(id="bob", outside=True))


class Journal(list):
    """Rows in memory; ``fails`` lets the next waiters hear that the disk failed."""

    epoch = 1
    failed = None
    fails = False

    def append(self, _now, kind, body):
        super().append((kind, body))
        return len(self)

    async def durable(self, _seq):
        if self.fails:
            message = "no space"
            raise JournalFailed(message)


class Store:
    """A file that is a string."""

    text = ""
    times = 0

    def load(self):
        return self.text

    def store(self, text):
        self.text, self.times = text, self.times + 1


class Desk:
    """A marketplace of one product that permits quotes, and short words to ask it."""

    def __init__(self, clock, bus, site, store, allowances):
        self.clock, self.bus, self.journal = clock, bus, Journal()
        recorder = Recorder(self.journal)
        start = Start(epoch=1, area="home", products=(TERMS,), parties=PARTIES, rules={})
        recorder.start(clock.now(), start, {})
        self.market = Market(TERMS, area="home", epoch=1, parties=PARTIES)
        self.marketplace = Marketplace(
            markets={"power": self.market},
            agents=(),
            outside=PARTIES,
            site=site,
            journal=self.journal,
            recorder=recorder,
            bus=bus,
            clock=clock,
            trading=lambda: True,
            remembered={},
            standings=Standings(store, read_calendar, threaded=False),
            register=Register(PARTIES, allowances),
        )
        self.interval = TERMS.next_interval(Instant(clock.now() + SECOND))

    async def ask(self, request):
        return (await self.marketplace.handle(request)).outcomes

    async def quote(self, id_="q", party="anna", **kind):
        tender = Tender(id=id_, side=Side.SELL, price=2000, quantity=1000)
        quote = Quote(party=party, product="power", interval=self.interval, tender=tender, **kind)
        return await self.ask(CreateQuote(party=party, request_id=f"r-{id_}", quote=quote))

    async def accept(self, quote, request_id="r-a", party="bob"):
        tender = Tender(id="a", side=Side.BUY, price=2000, quantity=400)
        return await self.ask(
            AcceptQuote(
                party=party, request_id=request_id, product="power", quote=quote, tender=tender
            )
        )

    async def tender(self, id_, party="anna"):
        tender = Tender(id=id_, side=Side.SELL, price=2000, quantity=1000)
        tenders = TenderSet(party=party, product="power", interval=self.interval, tenders=(tender,))
        return await self.ask(SubmitTenders(party=party, request_id=id_, tenders=tenders))

    def rows(self, kind):
        return [body for name, body in self.journal if name == kind]


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def at_desk(virtual, clock, fakes, store):
    """``at_desk(script)`` runs the script while facts leave; returns the desk."""

    def run(script, **allowances):
        async def main():
            desk = Desk(clock, fakes.Heard(), fakes.site(), store, allowances)
            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(desk.marketplace.run())
                await clock.sleep(Duration(SECOND))
                await script(desk)
                await clock.sleep(Duration(SECOND))
                running.cancel()
            return desk

        return virtual(main())

    return run


def test_an_acceptance_is_answered_by_its_own_side_and_told_to_all(at_desk):
    async def script(desk):
        (quoted,) = await desk.quote()
        (got,) = await desk.accept(quoted.id)
        assert isinstance(got, Transaction)
        assert (got.party, got.signed) == ("bob", 400)
        assert await desk.accept(quoted.id) == (got,)

    desk = at_desk(script)
    sides = [fact for fact in desk.bus if isinstance(fact, Transaction)]
    assert sorted(side.signed for side in sides) == [-400, 400]
    changes = [fact for fact in desk.bus if isinstance(fact, QuoteChanged)]
    assert [change.remaining for change in changes] == [1000, 600]
    assert len(desk.rows("negotiate")) == 2


def test_who_comes_back_is_told_what_stands_for_it_alone_once_more(at_desk):
    async def script(desk):
        await desk.quote("public")
        (private,) = await desk.quote("private", to="bob", private=True)
        await desk.quote("gone", to="bob", private=True)
        cancel = CancelQuotes(party="anna", request_id="c", product="power", ids=("gone",))
        await desk.ask(cancel)
        within, buy = desk.interval, Side.BUY
        need = Rfq(
            id="n", party="anna", product="power", side=buy, within=within, quantity=9, to="bob"
        )
        (asked,) = await desk.ask(CreateRfq(party="anna", request_id="r", rfq=need))
        await desk.clock.sleep(Duration(SECOND))
        before = len(desk.bus)
        desk.marketplace.back("anna")
        desk.marketplace.back("bob")
        await desk.clock.sleep(Duration(SECOND))
        assert list(desk.bus)[before:] == [private, asked]

    at_desk(script)


def test_what_never_reached_the_disk_is_taken_back(at_desk):
    async def script(desk):
        (quoted,) = await desk.quote()
        desk.journal.fails = True
        (refused,) = await desk.accept(quoted.id)
        assert refused.code is ResponseCode.FORCE_MAJEURE
        (also,) = await desk.quote("q2")
        assert also.code is ResponseCode.FORCE_MAJEURE
        desk.journal.fails = False
        assert desk.market.positions.at("bob", desk.interval.start) == 0
        (standing,) = desk.market.quotes.board.standing
        assert (standing.id, standing.remaining) == (quoted.id, 1000)

    at_desk(script)


def test_a_quote_sent_again_is_not_taken_back_with_the_second_request(at_desk):
    async def script(desk):
        (quoted,) = await desk.quote()
        desk.journal.fails = True
        again = CreateQuote(party="anna", request_id="another", quote=quoted.quote)
        (refused,) = await desk.ask(again)
        assert refused.code is ResponseCode.FORCE_MAJEURE
        desk.journal.fails = False
        assert desk.market.quotes.board.standing == (quoted,)

    at_desk(script)


def test_requests_rejections_and_cancellations_are_answered_by_what_they_did(at_desk):
    async def script(desk):
        rfq = Rfq(
            id="n",
            party="bob",
            product="power",
            side=Side.BUY,
            within=desk.interval,
            quantity=500,
        )
        (asked,) = await desk.ask(CreateRfq(party="bob", request_id="r1", rfq=rfq))
        (quoted,) = await desk.quote(rfq=asked.id)
        reject = RejectQuote(party="bob", request_id="r2", product="power", quote=quoted.id)
        (rejected,) = await desk.ask(reject)
        assert isinstance(rejected, QuoteRejected)
        cancel = CancelQuotes(party="bob", request_id="r3", product="power", ids=("n",))
        (ended,) = await desk.ask(cancel)
        assert (ended.id, ended.ending) == (asked.id, Ending.REQUESTED)

    at_desk(script)


@pytest.mark.parametrize("kind", [CancelTenders, CancelQuotes])
def test_a_request_about_a_product_that_closed_meanwhile_is_refused(at_desk, kind):
    named = {"tenders": ("t",)} if kind is CancelTenders else {"ids": ("q",)}

    async def script(desk):
        asked = kind(party="anna", request_id="r", product="heat", **named)
        (refused,) = await desk.ask(asked)
        assert (refused.code, "heat" in refused.description) == (404, True)

    at_desk(script)


def test_a_silent_party_loses_its_quotes(at_desk):
    async def script(desk):
        await desk.quote()
        desk.marketplace.withdraw("anna")
        assert desk.market.quotes.board.standing == ()

    ended = [f for f in at_desk(script).bus if isinstance(f, QuoteChanged) and f.ending]
    assert [one.ending for one in ended] == [Ending.SUPERVISORY]


def test_quotes_end_by_themselves_at_their_gate(at_desk, clock):
    async def script(desk):
        await desk.quote()
        await clock.sleep(Duration(12 * SECOND))

    ended = [f for f in at_desk(script).bus if isinstance(f, QuoteChanged) and f.ending]
    assert [one.ending for one in ended] == [Ending.EXPIRED]


def out(id_="o", **kind):
    opt = Opt(id=id_, reason=OptReason.ECONOMIC, **kind)
    return CreateOpt(party="anna", request_id=f"r-{id_}", opt=opt)


def test_opting_out_withdraws_what_stands_and_refuses_what_comes(at_desk):
    async def script(desk):
        await desk.tender("t1")
        await desk.quote()
        (told,) = await desk.ask(out())
        assert told.opted_out
        assert desk.market.live_sets("anna") == ()
        assert desk.market.quotes.board.standing == ()
        for answer in (await desk.tender("t2"), await desk.quote("q2")):
            (refused,) = answer
            assert isinstance(refused, Refused)
            assert (refused.detail, refused.term) == ("PARTY_RESTRICTED", "opt")
        (told,) = await desk.ask(CancelOpt(party="anna", request_id="r-c", opt="o"))
        assert not told.opted_out
        (unknown,) = await desk.ask(CancelOpt(party="anna", request_id="r-d", opt="o"))
        assert (unknown.code, unknown.detail) == (404, "INVALID_REFERENCE")
        assert not isinstance((await desk.tender("t3"))[0], Refused)

    cancelled = [fact for fact in at_desk(script).bus if isinstance(fact, Cancelled)]
    assert (cancelled[0].tender, cancelled[0].reason) == ("t1", "SUPERVISORY")


def test_an_opt_out_ends_by_itself_and_is_for_its_product_only(at_desk, clock):
    async def script(desk):
        await desk.ask(out(until=Instant(clock.now() + 2 * SECOND)))
        await desk.ask(out("heat", product="heat"))
        assert isinstance((await desk.tender("t1"))[0], Refused)
        await clock.sleep(Duration(2 * SECOND))
        assert not isinstance((await desk.tender("t2"))[0], Refused)

    at_desk(script)


def test_a_word_outlives_a_restart(at_desk, store):
    async def first(desk):
        await desk.ask(out())

    async def second(desk):
        assert isinstance((await desk.tender("t1"))[0], Refused)
        (told,) = await desk.ask(CreateOpt(party="anna", request_id="in", opt=None))
        assert not told.opted_out

    at_desk(first)
    assert json.loads(store.text)["standings"]["anna"]
    at_desk(second)
    assert "anna" not in json.loads(store.text).get("standings", {})


def calendar(interval):
    start, end = (rfc3339(at)[:19].replace("-", "").replace(":", "") + "Z" for at in interval)
    return (
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VAVAILABILITY\nUID:a\n"
        "DTSTAMP:20260101T000000Z\nBEGIN:AVAILABLE\nUID:b\nDTSTAMP:20260101T000000Z\n"
        f"DTSTART:{start}\nDTEND:{end}\nEND:AVAILABLE\nEND:VAVAILABILITY\nEND:VCALENDAR\n"
    )


def test_a_word_heard_again_is_not_written_again_and_long_ones_cost_more(at_desk, store):
    async def script(desk):
        tight = calendar((desk.interval.start, desk.interval.end))
        for number in range(3):
            asked = SetAvailability(party="anna", request_id=f"c{number}", calendar=tight)
            (told,) = await desk.ask(asked)
            assert told.available
        answers = [
            await desk.ask(SetAvailability(party="bob", request_id="b", calendar="x" * 60_000))
            for _ in range(20)
        ]
        assert [one.term for (one,) in answers[-1:]] == ["budget"]

    at_desk(script)
    assert store.times == 1


def test_what_lies_outside_availability_is_refused_and_withdrawn(at_desk):
    async def script(desk):
        tight = calendar((desk.interval.start, desk.interval.end))
        set_ = SetAvailability(party="anna", request_id="c1", calendar=tight)
        (told,) = await desk.ask(set_)
        assert told.available
        assert not isinstance((await desk.tender("t1"))[0], Refused)
        later = calendar((desk.interval.end, Instant(desk.interval.end + 60 * SECOND)))
        await desk.ask(SetAvailability(party="anna", request_id="c2", calendar=later))
        assert desk.market.live_sets("anna") == ()
        (refused,) = await desk.tender("t2")
        assert (refused.detail, refused.term) == ("PARTY_RESTRICTED", "availabilitySchedule")
        (odd,) = await desk.ask(SetAvailability(party="anna", request_id="c3", calendar="x"))
        assert odd.code is ResponseCode.INVALID_ARTIFACT
        assert isinstance((await desk.tender("t3"))[0], Refused)
        await desk.ask(SetAvailability(party="anna", request_id="c4", calendar=""))
        assert not isinstance((await desk.tender("t4"))[0], Refused)

    at_desk(script)


def after(desk, seconds=0):
    """A calendar of ten minutes, from so long after the desk's next interval on."""
    start = Instant(desk.interval.start + seconds * SECOND)
    return calendar((start, Instant(start + 600 * SECOND)))


def test_the_owners_calendar_counts_beside_the_partys_own(at_desk):
    async def script(desk):
        desk.marketplace.bind("anna", read_calendar(after(desk, 10)))
        (refused,) = await desk.tender("t1")
        assert refused.term == "availabilitySchedule"
        assert refused.description.endswith("is not wholly inside what this area allows anna")
        assert not isinstance((await desk.tender("t1", party="bob"))[0], Refused)
        desk.marketplace.bind("anna", read_calendar(after(desk)))
        assert not isinstance((await desk.tender("t2"))[0], Refused)
        word = SetAvailability(party="anna", request_id="c", calendar=after(desk, 10))
        await desk.ask(word)
        (refused,) = await desk.tender("t3")
        assert refused.description.endswith("is not wholly inside the availability of anna")

    at_desk(script)


def test_a_calendar_that_shrinks_withdraws_what_lies_outside_alone_and_says_why(at_desk):
    async def script(desk):
        desk.marketplace.bind("anna", read_calendar(after(desk)))
        await desk.tender("soon")
        await desk.quote("q")
        desk.interval = TERMS.next_interval(desk.interval.start)
        await desk.tender("later")
        desk.marketplace.bind("anna", read_calendar(after(desk)))
        (left,) = desk.market.live_sets("anna")
        assert left.interval == desk.interval
        assert desk.market.quotes.board.standing == ()

    desk = at_desk(script)
    (gone,) = (fact for fact in desk.bus if isinstance(fact, Cancelled) and fact.why)
    assert (gone.tender, gone.reason) == ("soon", "SUPERVISORY")
    assert gone.why.endswith("is not wholly inside what this area allows anna")
    (row,) = desk.rows("cancel")
    assert row["why"] == gone.why


def test_a_word_of_its_own_does_not_withdraw_what_a_party_was_paid_to_keep(at_desk):
    async def script(desk):
        await desk.tender("kept")
        desk.market.positions.add("anna", desk.interval, -1000)
        await desk.ask(out())
        await desk.ask(CreateOpt(party="anna", request_id="in", opt=None))
        word = SetAvailability(party="anna", request_id="c", calendar=after(desk, 10))
        await desk.ask(word)
        assert desk.market.live_sets("anna")
        desk.marketplace.bind("anna", read_calendar(after(desk, 10)))
        assert desk.market.live_sets("anna") == ()

    at_desk(script, anna=Allowance(stands_by=(Standby(product="power", sold="power"),)))


def test_a_quote_outside_the_availability_of_who_accepts_it_is_not_accepted(at_desk):
    async def script(desk):
        (quoted,) = await desk.quote()
        desk.marketplace.bind("bob", read_calendar(after(desk, 10)))
        (refused,) = await desk.accept(quoted.id)
        assert refused.term == "availabilitySchedule"
        desk.marketplace.bind("bob", read_calendar(after(desk)))
        assert not isinstance((await desk.accept(quoted.id, "r-b"))[0], Refused)

    at_desk(script)


def test_a_party_has_at_most_a_hundred_opt_outs(at_desk):
    async def script(desk):
        for number in range(100):
            await desk.ask(out(f"o{number}", product="heat"))
        (refused,) = await desk.ask(out("one-more"))
        assert refused.code is ResponseCode.RULES_VIOLATION

    at_desk(script)


def test_what_the_file_cannot_mean_is_told_and_left(store, caplog):
    store.text = '{"standings":{"anna":{"opts":[{"id":"o"}]}}}'
    assert Standings(store, read_calendar).of("anna").opts == ()


def test_who_may_not_trade_a_product_any_more_quotes_no_more_in_it(at_desk):
    async def script(desk):
        (quoted,) = await desk.quote()
        desk.marketplace.withdraw_from("power", "anna")
        (refused,) = await desk.accept(quoted.id)
        assert refused.code is ResponseCode.NOT_FOUND

    desk = at_desk(script)
    changes = [fact for fact in desk.bus if isinstance(fact, QuoteChanged)]
    assert [change.ending for change in changes] == [None, Ending.SUPERVISORY]
