"""What a malicious outside party can try at the desk, and what comes of it."""

import asyncio
import random

import pytest

from gateway.adapters.journal import read_journal
from gateway.model.event import Accepted, Cancelled, Refused
from gateway.model.request import AskPosition, CancelTenders, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import Instant, Interval, seconds

HOUSE = {"load_w": 500, "temperature_c": 21.2, "seed": 3, "solar_w": 3000}
PARTIES = {"parties": {"anna": {}, "bob": {}}, "devices": {"heatpump": None}}


def tender(name="t", side=Side.BUY, price=5, quantity=10, **more):
    return Tender(id=name, side=side, price=price, quantity=quantity, **more)


class Stranger:
    """A party and the shortest words to ask something."""

    def __init__(self, home, party):
        self.home, self.party, self.asked = home, party, 0
        self.product = home.gateway.marketplace.market("power").product

    async def submit(self, *tenders, request_id=None, ahead=5, **more):
        self.asked += 1
        now = self.home.clock.now()
        interval = self.product.interval_at(Instant(now + ahead * self.product.interval))
        more = {"party": self.party, "product": "power", "interval": interval, **more}
        given = TenderSet(tenders=tenders, **more)
        name = request_id or f"{self.party}-{self.asked}"
        request = SubmitTenders(party=self.party, request_id=name, tenders=given)
        return (await self.home.gateway.handle(request)).outcomes[0]

    async def cancel(self, *ids):
        self.asked += 1
        name = f"{self.party}-{self.asked}"
        request = CancelTenders(party=self.party, request_id=name, product="power", tenders=ids)
        return (await self.home.gateway.handle(request)).outcomes[0]

    @property
    def sets(self):
        return self.home.gateway.marketplace.market("power").live_sets(self.party)


@pytest.fixture
def meeting(at_home):
    """Run ``script(home, anna, bob)`` in a settled house."""

    def run(script, **changes):
        async def inside(home):
            await home.clock.sleep(seconds(12))
            return await script(home, Stranger(home, "anna"), Stranger(home, "bob"))

        return at_home(inside, HOUSE, **{**PARTIES, **changes})

    return run


def code(outcome):
    assert isinstance(outcome, Refused), outcome
    return int(outcome.code), outcome.term


def test_nobody_cancels_somebody_elses_tenders(meeting):
    async def script(home, anna, bob):
        await anna.submit(tender("mine"))
        stolen = await bob.cancel("mine")
        return stolen, anna.sets, await anna.cancel("mine")

    stolen, sets, own = meeting(script)
    assert code(stolen) == (404, "")
    assert [t.id for s in sets for t in s.tenders] == ["mine"]
    assert isinstance(own, Cancelled)


@pytest.mark.parametrize(
    "name", ["mallory", "battery", "must-run", "utility", "gateway", "Ann\u0430"]
)
def test_who_is_no_outside_party_is_refused_and_leaves_no_row(meeting, tmp_path, name):
    async def script(home, _anna, _bob):
        before = home.gateway.journal.seq
        refused = await Stranger(home, name).submit(tender())
        return refused, home.gateway.journal.seq - before

    refused, rows = meeting(script)
    assert code(refused) == (403, "")
    assert rows == 0


def test_a_flood_is_refused_beyond_the_budget_and_leaves_few_rows(meeting, tmp_path):
    async def script(home, anna, bob):
        before = home.gateway.journal.seq
        flood = [await anna.submit(tender(f"t{n}", quantity=0)) for n in range(5000)]
        rows = home.gateway.journal.seq - before
        other = await bob.submit(tender())
        await home.clock.sleep(seconds(60))
        later = await anna.submit(tender("again"))
        return flood, rows, other, later

    flood, rows, other, later = meeting(
        script, parties={"anna": {"max_open_tenders": 20}, "bob": {}}
    )
    answers = [code(refused) for refused in flood]
    assert answers[:120] == [(422, "quantity")] * 120
    assert set(answers[120:]) == {(422, "budget")}
    assert rows <= 3 * 120
    assert isinstance(other, Accepted)
    assert isinstance(later, Accepted)


def test_one_huge_set_is_refused_whole(meeting):
    async def script(home, anna, _bob):
        many = [tender(f"t{n}") for n in range(1001)]
        return await anna.submit(*many), anna.sets

    refused, sets = meeting(script)
    assert code(refused)[0] == 422
    assert sets == ()


@pytest.mark.parametrize(
    ("odd", "term"),
    [
        ({"quantity": 10**12 + 1}, "quantity"),
        ({"quantity": 2**63 - 1}, "quantity"),
        ({"price": 2**63 - 1}, "priceCap"),
        ({"price": -(2**63)}, "priceFloor"),
        ({"expiration": Instant(0)}, "expirationTime"),
    ],
)
def test_huge_numbers_change_nothing(meeting, odd, term):
    async def script(home, anna, _bob):
        return await anna.submit(tender(**odd)), anna.sets

    refused, sets = meeting(script)
    assert code(refused) == (422, term)
    assert sets == ()


def test_the_largest_quantity_at_the_cap_buys_what_there_is_and_breaks_nothing(meeting):
    async def script(home, anna, _bob):
        taken = await anna.submit(tender("all", price=20000, quantity=10**12), ahead=2)
        await home.pass_time(40)
        return taken, home.clearings, home.house.truth()

    taken, clearings, truth = meeting(script, grid={"import_limit_w": 5000})
    assert isinstance(taken, Accepted)
    assert [c.sequence for c in clearings] == list(range(1, len(clearings) + 1))
    assert truth["grid_w"] < 5000


def test_a_party_does_not_trade_with_itself_by_two_kinds_of_tenders(meeting):
    async def script(home, anna, _bob):
        sell = tender("s", Side.SELL, 100, 500)
        first = await anna.submit(sell)
        crossing = await anna.submit(tender("b", Side.BUY, 200, 500))
        whole = await anna.submit(tender("n", Side.BUY, 200, 500), netting=True, revision=1)
        beside = await anna.submit(tender("x", Side.SELL, 100, 500))
        return first, crossing, whole, beside, anna.sets

    first, crossing, whole, beside, sets = meeting(script)
    assert isinstance(first, Accepted)
    assert code(crossing) == (422, "selfTrade")
    assert whole.replaced == ("s",)
    assert code(beside) == (422, "netting")
    assert [t.id for s in sets for t in s.tenders] == ["n"]


def test_stale_revisions_and_repeated_requests_change_nothing(meeting):
    async def script(home, anna, _bob):
        new = await anna.submit(tender("n"), netting=True, revision=2**63 - 1, request_id="r")
        old = await anna.submit(tender("o"), netting=True, revision=7)
        again = await anna.submit(tender("other"), request_id="r")
        return new, old, again, anna.sets

    new, old, again, sets = meeting(script)
    assert isinstance(new, Accepted)
    assert code(old) == (409, "")
    assert again == new
    assert [t.id for s in sets for t in s.tenders] == ["n"]


def test_the_same_request_twice_at_once_is_done_once(meeting):
    async def script(home, anna, _bob):
        async with asyncio.TaskGroup() as group:
            both = [group.create_task(anna.submit(tender("t"), request_id="r")) for _ in range(2)]
        return [task.result() for task in both], anna.sets

    (one, two), sets = meeting(script)
    assert one == two
    assert len(sets) == 1


def test_a_position_asked_for_centuries_is_short(meeting):
    async def script(home, anna, _bob):
        ages = Interval(Instant(0), Instant(2**63 - 1))
        request = AskPosition(party="anna", request_id="r", product="power", interval=ages)
        return (await home.gateway.handle(request)).outcomes[0]

    position = meeting(script)
    assert [step.quantity for step in position.steps] == [0]


def test_a_silent_party_withdrawn_by_the_gateway_is_told(meeting):
    async def script(home, anna, bob):
        await anna.submit(tender("a"))
        await bob.submit(tender("b"))
        home.gateway.marketplace.withdraw("anna")
        await home.clock.sleep(seconds(1))
        return anna.sets, bob.sets, home.facts

    annas, bobs, facts = meeting(script)
    assert annas == ()
    assert len(bobs) == 1
    cancelled = [(f.party, f.tender, f.reason) for f in facts if isinstance(f, Cancelled)]
    assert cancelled == [("anna", "a", "SUPERVISORY")]


def test_random_abuse_never_stops_the_house(meeting, tmp_path):
    async def script(home, anna, bob):
        dice = random.Random(9)
        for _ in range(300):
            who = dice.choice([anna, bob])
            sides = dice.choices(list(Side), k=dice.randrange(3))
            tenders = [
                tender(
                    dice.choice(["t", "u", f"x{dice.random()}"]),
                    side,
                    dice.choice([0, -10000, 20000, 3, 10**19]),
                    dice.choice([1, 0, -5, 10**12, 700]),
                    all_or_none=dice.random() < 0.3,
                )
                for side in sides
            ]
            netting = dice.random() < 0.5
            revision = dice.randrange(5)
            ahead = dice.choice([-3, 0, 1, 2, 10**6])
            await who.submit(*tenders, ahead=ahead, netting=netting, revision=revision)
            await home.clock.sleep(seconds(dice.choice([0, 0.3, 2])))
        return home.clearings

    clearings = meeting(script)
    assert [c.sequence for c in clearings] == list(range(1, len(clearings) + 1))
    assert len(clearings) > 15
    assert list(read_journal(tmp_path / "state" / "journal.sqlite"))
