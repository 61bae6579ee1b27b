"""The exchange over hours: what is shown, kept and balanced while strangers do their worst."""

import json
import random
from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from gateway.adapters.chain import Head
from gateway.adapters.journal import read_journal
from gateway.adapters.journal_blocks import pack
from gateway.adapters.journal_copy import write_new
from gateway.agents import agents_for
from gateway.app import load_market
from gateway.model.canonical import text
from gateway.model.clearing import Clearing
from gateway.model.event import Accepted, BookView, Cancelled, FaultChanged, Refused, SessionChanged
from gateway.model.position import Position
from gateway.model.reading import Reading
from gateway.model.request import AskPosition, CancelTenders, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import SECOND, Instant, parse_rfc3339, seconds
from gateway.model.transaction import Transaction
from gateway.runtime.recovery import recover
from gateway.runtime.replay import Replay
from gateway.wire.mirror import Mirror
from gateway.wire.schemas import SHAPES
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"load_w": 500, "temperature_c": 21.2, "seed": 3}
STRANGERS = {"parties": {"anna": {}, "bob": {}}, "devices": {"heatpump": None}}
ADAPTERS = {topic: TypeAdapter(shape) for topic, shape in SHAPES.items()}


def submission(home, party, number, *tenders, ahead=1, **more):
    product = home.gateway.marketplace.market("power").product
    interval = product.interval_at(home.clock.now() + ahead * product.interval)
    given = TenderSet(party=party, product="power", interval=interval, tenders=tenders, **more)
    return SubmitTenders(party=party, request_id=f"r{number}", tenders=given)


def tender(name, side, price, quantity, **more):
    return Tender(id=name, side=side, price=price, quantity=quantity, **more)


def random_request(home, dice, number):
    """A tender, a whole requirement, a cancellation of anything, or a question."""
    party = dice.choice(["anna", "bob"])
    kind = dice.random()
    if kind < 0.15:
        ids = (f"t{dice.randrange(number + 1)}",)
        return CancelTenders(party=party, request_id=f"r{number}", product="power", tenders=ids)
    if kind < 0.2:
        running = home.gateway.marketplace.market("power").product.interval_at(home.clock.now())
        return AskPosition(party=party, request_id=f"r{number}", product="power", interval=running)
    side = dice.choice([Side.BUY, Side.SELL])
    one = tender(
        f"t{number}",
        side,
        dice.randrange(-2000, 6000),
        dice.randrange(1, 3000),
        all_or_none=dice.random() < 0.2,
        expiration=dice.choice([None, Instant(home.clock.now() + dice.randrange(20) * SECOND)]),
    )
    netting = dice.random() < 0.4
    revision = number if netting else 0
    ahead = dice.randrange(1, 4)
    return submission(home, party, number, one, ahead=ahead, netting=netting, revision=revision)


async def trade(home, dice, duration_s, first=0):
    """Random requests every few seconds, and loads that call for auctions."""
    end, number = home.clock.now() + seconds(duration_s), first
    while home.clock.now() < end:
        number += 1
        await home.gateway.handle(random_request(home, dice, number))
        if dice.random() < 0.05:
            home.house.set_load(dice.choice([300, 2300, 5000]))
        await home.clock.sleep(seconds(dice.choice([0.4, 3.0, 9.0])))
    return number


class Mirrored:
    """What a broker would hold, and every message that was sent."""

    def __init__(self, home):
        self.mirror = Mirror(home.gateway.settings)
        self.clock, self.retained, self.sent = home.clock, {}, []
        for message in self.mirror.standing():
            self._take(message)
        home.gateway.bus.listen(self)

    def __call__(self, fact):
        for message in self.mirror.messages(fact, self.clock.now()):
            self._take(message)

    def _take(self, message):
        self.sent.append(message)
        if message.retain:
            self.retained[message.topic] = message.payload
            if not message.payload:
                del self.retained[message.topic]


def shape_of(topic):
    parts = topic.removeprefix("rmf/1/home/").split("/")
    named = {"p": ["p", "P"], "d": ["d", "D"], "u": ["u", "U"], "f": ["f", "WHAT"]}
    places = named.get(parts[0])
    parts = parts if places is None else [*places, *parts[2:]]
    if parts[0] == "u" and parts[2] == "pos":
        parts[3] = "P"
    if parts[0] == "p" and parts[2] == "tender":
        parts[3] = "U"
    if parts[0] == "d" and parts[2] == "fault":
        parts[3] = "CODE"
    if parts[0] == "u" and parts[2] == "statement":
        parts[3] = "YYYYMMDD"
    return "/".join(parts)


def rows_of(folder):
    return list(read_journal(folder / "state" / "journal.sqlite"))


@pytest.mark.slow
@pytest.mark.patient
def test_after_hours_of_trading_everything_balances_and_nothing_ended_is_shown(at_home, tmp_path):
    async def script(home):
        mirrored = Mirrored(home)
        await trade(home, random.Random(5), 3600)
        await home.clock.sleep(seconds(120))
        return mirrored, home.facts

    mirrored, facts = at_home(script, HOUSE, **STRANGERS)
    matches = [fact for fact in facts if isinstance(fact, Transaction)]
    edges = {edge for match in matches for edge in (match.interval.start, match.interval.end)}
    change = dict.fromkeys(edges, 0)
    money = {}
    for match in matches:
        change[match.interval.start] += match.signed
        change[match.interval.end] -= match.signed
        worth = match.signed * match.price * match.interval.duration
        money[match.clearing] = money.get(match.clearing, 0) + worth
    assert len(matches) > 1000
    assert any(not fact.scheduled for fact in facts if isinstance(fact, Clearing))
    assert {match.party for match in matches} >= {"anna", "bob", "utility", "roof"}
    assert not any(change.values())
    assert not any(money.values())
    shown = {message.topic for message in mirrored.sent if message.payload and message.retain}
    for party in ("anna", "bob"):
        ended = {
            f"rmf/1/home/{leaf}" for leaf in (f"u/{party}/pos/power", f"p/power/tender/{party}")
        }
        assert ended <= shown
        assert not ended & set(mirrored.retained)
    for message in mirrored.sent:
        if message.payload:
            ADAPTERS[shape_of(message.topic)].validate_json(message.payload, strict=True)
    replayed = Replay(load_market)
    rows = rows_of(tmp_path)
    assert list(replayed.run(rows)) == rows
    assert replayed.difference is None


def test_a_reading_is_told_once(at_home):
    async def script(home):
        await home.clock.sleep(seconds(120))
        return [(f.device, f.at) for f in home.facts if isinstance(f, Reading)]

    told = at_home(script, HOUSE, **STRANGERS)
    assert len(told) == len(set(told)) > 300


def test_agents_offer_what_they_have_once(at_home):
    """In the first product of a resource; a longer one beside it is for others to trade."""
    power = {"resource": "POWER", "unit": "W"}
    products = {"power": {**power, "interval": "10s"}, "hour": {**power, "interval": "1min"}}

    async def script(home):
        await home.clock.sleep(seconds(130))
        return home.facts

    facts = at_home(script, HOUSE, products=products, **STRANGERS)
    cleared = {f.product for f in facts if isinstance(f, Clearing)}
    traded = {f.product for f in facts if isinstance(f, Transaction)}
    assert cleared == {"power", "hour"}
    assert traded == {"power"}


def test_what_leaves_is_in_the_journal(at_home, tmp_path):
    path = tmp_path / "state" / "journal.sqlite"

    def written(kind, word):
        return sum(row.kind == kind and f'"{word}"' in row.body for row in read_journal(path))

    async def script(home):
        left = []

        def note(fact):
            if isinstance(fact, Transaction):
                left.append(written("event", fact.id))

        home.gateway.bus.listen(note)
        answers = []
        for number in range(12):
            one = tender(f"t{number}", Side.BUY, 5000, 100)
            reply = await home.gateway.handle(submission(home, "anna", number, one, ahead=2))
            answers.append((reply, written("reply", f"r{number}")))
            await home.clock.sleep(seconds(7))
        return answers, left

    answers, left = at_home(script, HOUSE, **STRANGERS)
    assert all(isinstance(reply.outcomes[0], Accepted) for reply, _ in answers)
    assert [count for _, count in answers] == [1] * 12
    assert len(left) > 20
    assert set(left) == {1}


def test_the_agents_tender_the_same_again_and_others_do_not(at_home, tmp_path):
    async def script(home):
        await trade(home, random.Random(3), 300)
        return home.gateway.settings

    settings = at_home(script, HOUSE, parties=STRANGERS["parties"])
    rows = rows_of(tmp_path)
    same = Replay(load_market, agents=agents_for(settings))
    assert list(same.run(rows)) == rows
    assert same.difference is None
    narrow = replace(settings, limits=replace(settings.limits, import_w=9000))
    other = Replay(load_market, agents=agents_for(narrow))
    list(other.run(rows))
    assert '"quantity":17000' in other.difference.journalled
    assert '"quantity":9000' in other.difference.replayed


def cut(rows, target, last):
    """The journal as if the power had failed after row ``last``."""
    target.parent.mkdir(parents=True)
    write_new(target, Head(epoch=1), pack(rows[:last]))


@pytest.fixture
def lived(tmp_path, virtual):
    """A quarter of an hour with strangers: the rows."""
    (tmp_path / "one").mkdir()

    async def main():
        async with open_home(tmp_path / "one", NOON, HOUSE, **STRANGERS) as home:
            await trade(home, random.Random(11), 900)

    virtual(main())
    return rows_of(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.patient
def test_recovery_at_every_row_is_the_replay_of_what_came_before(lived):
    rows = lived
    steps = Replay(load_market)
    for count, _ in enumerate(steps.run(rows), 1):
        if count % 41:
            continue
        recovered = recover(rows[:count], load_market, now=rows[count - 1].now)
        assert recovered.difference is None
        assert text(recovered.dumps["power"]) == text(steps.markets["power"].dump())


@pytest.mark.slow
@pytest.mark.patient
def test_the_house_goes_on_from_a_journal_cut_anywhere(lived, tmp_path, virtual):
    rows = lived

    async def goes_on(folder, from_row):
        async with open_home(folder, rows[from_row - 1].now, HOUSE, **STRANGERS) as home:
            market = home.gateway.marketplace.market("power")
            found = text(market.positions.dump())
            number = await trade(home, random.Random(1), 60, first=10_000)
            assert number > 10_000
            return found

    half = len(rows) // 2
    kinds = ("snapshot", "submit", "cancel", "advance", "event", "reply")
    after = {next(r.seq for r in rows[half:] if r.kind == kind) for kind in kinds}
    for last in sorted({2, *after, len(rows)}):
        folder = tmp_path / f"cut{last}"
        cut(rows, folder / "state" / "journal.sqlite", last)
        before = recover(rows[:last], load_market, now=rows[last - 1].now)
        found = virtual(goes_on(folder, last))
        assert found == text(before.dumps["power"]["positions"])
        later = rows_of(folder)
        assert later[:last] == rows[:last]
        replayed = Replay(load_market)
        assert list(replayed.run(later)) == later
        sequences = [e["sequence"] for e in events_of(later, "Clearing")]
        assert sequences == list(range(1, len(sequences) + 1))
        ids = [e["id"] for e in events_of(later, "Transaction")]
        assert len(ids) == len(set(ids))


def events_of(rows, kind):
    for row in rows:
        if row.kind == "event":
            yield from (e for e in json.loads(row.body)["events"] if e["_"] == kind)


@pytest.mark.slow
@pytest.mark.patient
def test_transactions_whose_row_was_cut_off_are_recorded_and_told(lived, tmp_path, virtual):
    rows = lived
    half = len(rows) // 2
    asked, answer = next(
        pair
        for pair in zip(rows[half:], rows[half + 1 :], strict=False)
        if pair[0].kind == "advance" and '"Transaction"' in pair[1].body
    )
    cut(rows, tmp_path / "cut" / "state" / "journal.sqlite", asked.seq)

    async def life():
        async with open_home(tmp_path / "cut", asked.now, HOUSE, **STRANGERS) as home:
            await home.clock.sleep(seconds(0.1))
            return home.facts

    facts = virtual(life())
    assert rows_of(tmp_path / "cut")[asked.seq] == answer
    told = [fact.id for fact in facts if isinstance(fact, Transaction)]
    assert told == [event["id"] for event in events_of([answer], "Transaction")]


CHANGES = {
    "terms": ({"products": {"power": {"resource": "POWER", "unit": "W", "interval": "10s",
                                      "tick": 0.0005}}}, {}),
    "party": ({"parties": {"bob": {}}}, {}),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_tenders_a_new_configuration_ends_are_told_so_after_two_restarts(change, tmp_path, virtual):
    changes = {**STRANGERS, **CHANGES[change][0]}

    async def main():
        async with open_home(tmp_path, NOON, HOUSE, **STRANGERS) as home:
            await home.clock.sleep(seconds(12))
            one = tender("later", Side.BUY, 5, 10)
            await home.gateway.handle(submission(home, "anna", 1, one, ahead=30))
        async with open_home(tmp_path, NOON, HOUSE, **changes):
            pass  # killed before the first gate
        async with open_home(tmp_path, NOON, HOUSE, **changes) as home:
            await home.clock.sleep(seconds(12))
            return home.facts

    facts = virtual(main())
    ended = [f for f in facts if isinstance(f, Cancelled) and f.party == "anna"]
    assert [(one.tender, one.reason) for one in ended] == [("later", "SUPERVISORY")]
    rows = rows_of(tmp_path)
    replayed = Replay(load_market)
    assert list(replayed.run(rows)) == rows


def test_a_removed_device_leaves_no_trace_in_the_new_life(tmp_path, virtual):
    async def main():
        async with open_home(tmp_path, NOON, HOUSE, **STRANGERS) as home:
            await home.clock.sleep(seconds(25))
        fewer = {**STRANGERS, "devices": {"heatpump": None, "battery": None}}
        async with open_home(tmp_path, NOON, HOUSE, **fewer) as home:
            mirrored = Mirrored(home)
            await home.clock.sleep(seconds(25))
            return mirrored.retained, home.clearings

    retained, clearings = virtual(main())
    assert len(clearings) >= 2
    assert not any("battery" in topic for topic in retained)


def test_after_a_restart_what_still_stands_is_shown_at_once(tmp_path, virtual):
    async def main():
        async with open_home(tmp_path, NOON, HOUSE, **STRANGERS) as home:
            await home.clock.sleep(seconds(12))
            buys = tender("soon", Side.BUY, 9000, 700)
            await home.gateway.handle(submission(home, "anna", 1, buys))
            later = tender("later", Side.BUY, 5, 10)
            await home.gateway.handle(submission(home, "bob", 2, later, ahead=30))
            await home.clock.sleep(seconds(9))
        async with open_home(tmp_path, NOON, HOUSE, **STRANGERS) as home:
            await home.clock.sleep(seconds(0.2))
            return home.facts

    facts = virtual(main())
    books = [f.party for f in facts if isinstance(f, BookView) and f.sets]
    positions = [f.party for f in facts if isinstance(f, Position) and f.steps]
    assert "bob" in books
    assert "anna" in positions


def test_a_full_disk_refuses_strangers_and_stops_nothing_else(at_home):
    async def script(home):
        db = home.gateway.journal._file._db
        await home.clock.sleep(seconds(32))
        first = tender("kept", Side.BUY, 5, 10)
        kept = submission(home, "anna", 1, first, ahead=60)
        assert isinstance((await home.gateway.handle(kept)).outcomes[0], Accepted)
        (used,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {used}")
        full = home.clock.now()
        await home.clock.sleep(seconds(180))  # the page under way takes a few gates more
        again = SubmitTenders(party="anna", request_id="again", tenders=kept.tenders)
        other = submission(home, "anna", "other", tender("new", Side.BUY, 5, 10), ahead=60)
        refused = [(await home.gateway.handle(r)).outcomes[0] for r in (again, other)]
        battery = home.house.truth()["battery_w"]
        stuck = home.gateway.journal.failed
        db.execute("PRAGMA max_page_count = 1073741823")
        await home.clock.sleep(seconds(30))
        answered = (await home.gateway.handle(other)).outcomes[0]
        sets = home.gateway.marketplace.market("power").live_sets("anna")
        return full, refused, battery, stuck, answered, sets, home.facts

    full, refused, battery, stuck, answered, sets, facts = at_home(
        script, {**HOUSE, "solar_w": 4000, "battery_soc_pct": 50}, **STRANGERS
    )
    assert "full" in stuck
    assert [(r.code, type(r)) for r in refused] == [(503, Refused)] * 2
    assert battery > 2000
    alarms = [(f.active, f.at > full) for f in facts if isinstance(f, FaultChanged)]
    assert alarms == [(True, True), (False, True)]
    halted = [f.status for f in facts if isinstance(f, SessionChanged) and f.at > full]
    assert "HALTED" in halted
    assert halted[-1] == "OPEN"
    assert isinstance(answered, Accepted)
    assert [t.id for s in sets for t in s.tenders] == ["kept", "new"]
    sequences = [f.sequence for f in facts if isinstance(f, Clearing)]
    assert sequences == list(range(1, len(sequences) + 1))
