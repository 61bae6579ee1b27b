"""What a restart finds: positions, answers, the words found before the first write."""

import json

import pytest

from gateway.adapters.journal import read_journal
from gateway.adapters.plugins import house_factories
from gateway.app import load_market
from gateway.model.event import Accepted, Detail, Refused, ResponseCode
from gateway.model.request import AskPosition, SubmitTenders
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
HOUSE = {"load_w": 500, "temperature_c": 21.2, "solar_w": 3000, "meter_noise_w": 0}
GUEST = {"broker": {"guest": True}, "devices": {"heatpump": None}}


def buys(home, quantity, price, request_id, tender_id="t1", periods=3, **more):
    """A guest's tender for an interval some periods ahead."""
    product = home.gateway.marketplace.market("power").product
    start = product.interval_at(home.clock.now() + periods * product.interval)
    tenders = (Tender(id=tender_id, side=Side.BUY, price=price, quantity=quantity),)
    return SubmitTenders(
        party="guest",
        request_id=request_id,
        tenders=TenderSet(party="guest", product="power", interval=start, tenders=tenders, **more),
    )


@pytest.fixture
def at_two_homes(tmp_path, virtual):
    """Two lives of one gateway in one state directory and one house."""

    def run(first, second):
        async def main():
            house = house_factories()["demo"](VirtualClock(NOON), HOUSE)
            results = []
            for life in (first, second):
                async with open_home(tmp_path, NOON, {}, house, **GUEST) as home:
                    results.append(await life(home))
            return results

        return virtual(main())

    return run


def test_a_guests_tender_is_matched_and_its_position_shows(at_home):
    async def script(home):
        await home.pass_time(12)
        request = buys(home, 700, 9000, "r1")
        reply = await home.gateway.handle(request)
        await home.pass_time(40)
        asked = AskPosition(
            party="guest", request_id="r2", product="power", interval=request.tenders.interval
        )
        position = await home.gateway.handle(asked)
        return reply, position, [f for f in home.facts if isinstance(f, Transaction)]

    reply, position, transactions = at_home(script, HOUSE, **GUEST)
    mine = [t for t in transactions if t.party == "guest"]
    assert isinstance(reply.outcomes[0], Accepted)
    assert [t.quantity for t in mine] == [700]
    assert position.outcomes[0].steps[0].quantity == 700


def test_the_same_request_twice_gets_its_first_answer_and_counts_once(at_home):
    async def script(home):
        await home.pass_time(12)
        request = buys(home, 700, 9000, "r1")
        return await home.gateway.handle(request), await home.gateway.handle(request)

    first, second = at_home(script, HOUSE, **GUEST)
    assert first == second


def test_outside_tenders_are_refused_until_the_owner_says_act(at_home):
    async def script(home):
        await home.pass_time(12)
        return await home.gateway.handle(buys(home, 700, 9000, "r1"))

    reply = at_home(script, HOUSE, control="advise", **GUEST)
    refused = reply.outcomes[0]
    assert isinstance(refused, Refused)
    assert (refused.code, refused.detail) == (ResponseCode.TRADING_CLOSED, Detail.TRADING_CLOSED)


def test_after_a_restart_positions_stand_clearings_go_on_and_nothing_is_traded_twice(
    at_two_homes, tmp_path
):
    later = {}

    async def first(home):
        await home.pass_time(12)
        request = buys(home, 700, 9000, "r1", periods=1)
        later["interval"] = request.tenders.interval
        answer = await home.gateway.handle(request)
        await home.pass_time(9)
        return answer, home.gateway.marketplace.market("power").positions.at(
            "guest", request.tenders.interval.start
        )

    async def second(home):
        again = await home.gateway.handle(
            SubmitTenders(party="guest", request_id="r1", tenders=buys(home, 1, 1, "r1").tenders)
        )
        position = home.gateway.marketplace.market("power").positions.at(
            "guest", later["interval"].start
        )
        await home.pass_time(30)
        return again, position

    (answer, before), (again, after) = at_two_homes(first, second)
    rows = list(read_journal(tmp_path / "state" / "journal.sqlite"))
    assert before == after == 700
    assert again == answer
    replay = Replay(load_market)
    list(replay.run(rows))
    assert replay.difference is None
    ids, sequences = [], []
    for row in rows:
        if row.kind == "event":
            for event in json.loads(row.body)["events"]:
                if event["_"] == "Transaction":
                    ids.append(event["id"])
                if event["_"] == "Clearing":
                    sequences.append(event["sequence"])
    assert len(ids) == len(set(ids))
    assert sequences == list(range(1, len(sequences) + 1))


def test_the_words_found_first_survive_a_restart(at_two_homes):
    async def life(home):
        await home.pass_time(30)
        return home.gateway.armory.get("battery")

    first, second = at_two_homes(life, life)
    assert first is not None
    assert first == second
