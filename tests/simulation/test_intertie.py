"""A house under a street, on one virtual clock: up, down, limits, loss of messages, breach."""

import pytest

from gateway.adapters.journal import read_journal
from gateway.agents import agents_for
from gateway.app import load_market
from gateway.model.intertie import TieMode, TiePosition, TieState
from gateway.model.tender import Side
from gateway.model.time import parse_rfc3339
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home
from tests.simulation.neighbours import NextDoor, intertie, open_area

NIGHT = parse_rfc3339("2026-06-21T00:00:00Z")
HOUSE = {"load_w": 1000, "temperature_c": 21.2, "solar_w": 0, "battery_soc_pct": 50, "seed": 3}
STREET = {
    "dispatch": {"gate_lead": "2s"},
    "parties": {"home": {}},
    "grid": {"import_price": 0.15, "export_price": 0.05},
}
NO_HEAT = {"heatpump": None}


@pytest.fixture
def under_the_street(tmp_path, virtual):
    """``under_the_street(script, contract)`` runs ``script(home, street, link)``."""

    def run(script, contract=None):
        async def main():
            clock = VirtualClock(NIGHT)
            links = []

            def parent(_settings):
                links.append(NextDoor(above.gateway, "home"))
                return links[0]

            async with (
                open_area(tmp_path / "street", clock, "street", **STREET) as above,
                open_home(
                    tmp_path,
                    NIGHT,
                    HOUSE,
                    clock=clock,
                    parent=parent,
                    devices=NO_HEAT,
                    interties=intertie(**(contract or {})),
                    grid={"import_limit_w": None},
                ) as home,
            ):
                return await script(home, above, links[0])

        return virtual(main())

    return run


def states(home):
    return [fact for fact in home.facts if isinstance(fact, TieState)]


def of(home, party):
    return [fact for fact in home.facts if isinstance(fact, Transaction) and fact.party == party]


def test_the_house_draws_what_the_street_awarded_at_a_price_of_its_own(under_the_street):
    async def script(home, street, link):
        await home.pass_time(60)
        state = states(home)[-1]
        assert state.mode is TieMode.AWARD
        assert state.award > 0
        assert link.acknowledged
        assert all(not refused for _, refused in link.acknowledged)
        tie = home.gateway.interties[0]
        market = home.gateway.marketplace.market("power")
        assert market.positions.at("street", home.clock.now()) == -state.award
        assert abs(home.house.truth()["grid_w"] - state.award) < 150
        assert tie.contract.bounds.imports == 10_000

    under_the_street(script)


def test_over_every_interval_energy_and_money_sum_to_zero_with_fee_and_loss_apart(
    under_the_street,
):
    async def script(home, street, link):
        await home.pass_time(120)
        told = [state for state in states(home) if state.rows]
        assert len(told) >= 8
        for state in told:
            rows = {row.what: row for row in state.rows}
            assert sum(row.quantity for row in state.rows) == 0
            assert sum(row.money for row in state.rows) == 0
            award, here = rows["PARENT"].quantity, -rows["CHILD"].quantity
            assert 0 <= award * 97 // 100 - here <= 1 or rows["DEVIATION"].quantity
            assert rows["FEE"].money == -120 * award * 10_000
        home_pays = sum(tx.money for tx in of(street, "home"))
        assert home_pays == -sum(
            row.money for state in told for row in state.rows if row.what == "PARENT"
        )

    under_the_street(script, {"fee": 0.012, "loss": 0.97})


def test_a_limit_binds_and_its_shadow_price_is_published(under_the_street):
    async def script(home, street, link):
        await home.pass_time(60)
        state = states(home)[-1]
        assert state.mode is TieMode.AWARD
        assert state.award == 400
        assert state.congestion == state.price - state.landed > 0
        assert home.clearings[-1].congestion == state.congestion
        assert home.house.truth()["grid_w"] < 400 + 150
        assert home.house.truth()["battery_w"] < -300

    under_the_street(script, {"max_import_w": 400})


def test_without_the_streets_messages_the_house_trades_on_standing_terms_and_comes_back(
    under_the_street,
):
    async def script(home, street, link):
        await home.pass_time(40)
        link.cut = True
        await home.pass_time(60)
        lost = states(home)[-1]
        assert lost.mode is TieMode.STANDING
        assert lost.away == "the cable is cut"
        assert lost.landed == 6000
        market = home.gateway.marketplace.market("power")
        standing = market.standing(home.clearings[-1].instrument)
        ours = {(t.side, t.price) for t in standing if t.party == "street"}
        assert ours == {(Side.SELL, 6000), (Side.BUY, 100)}
        link.cut = False
        await home.pass_time(40)
        assert states(home)[-1].mode is TieMode.AWARD

    under_the_street(script)


def test_a_link_that_comes_and_goes_costs_no_position_and_ends_in_awards(under_the_street):
    async def script(home, street, link):
        await home.pass_time(40)
        for away, there in ((3, 7), (12, 1), (1, 4), (27, 2), (5, 16), (8, 3)):
            link.cut = True
            await home.pass_time(away)
            link.cut = False
            await home.pass_time(there)
        await home.pass_time(40)
        told = states(home)
        assert {TieMode.AWARD, TieMode.STANDING} == {one.mode for one in told[4:]}
        assert told[-1].mode is TieMode.AWARD
        for state in told:
            assert sum(row.quantity for row in state.rows) == 0
            assert sum(row.money for row in state.rows) == 0
        positions = home.gateway.marketplace.market("power").positions
        assert positions.at("street", home.clock.now()) == -told[-1].award
        assert abs(home.house.truth()["grid_w"] - told[-1].award) < 150
        sold = [one.id for one in of(street, "home")]
        assert len(sold) == len(set(sold))

    under_the_street(script)


def test_what_is_awarded_beyond_the_contract_is_refused_and_said(under_the_street):
    async def script(home, street, link):
        await home.pass_time(40)
        tie, parent = home.gateway.interties[0], link
        award, _ = parent.acknowledged[-1]
        beyond = type(award)(
            id="forged", tender=award.tender, interval=award.interval, quantity=9000, price=3000
        )
        parent.on_award(beyond)
        assert parent.acknowledged[-1][0] is beyond
        assert "the contract allows 2000" in parent.acknowledged[-1][1]
        assert "the contract allows 2000" in tie.state.refused
        await home.pass_time(12)
        assert states(home)[-1].award <= 2000

    under_the_street(script, {"max_import_w": 2000})


def test_an_answer_to_an_old_aggregate_is_refused_only_when_the_parent_had_a_newer_one(
    under_the_street,
):
    async def script(home, street, link):
        await home.pass_time(40)
        award, refused = link.acknowledged[-1]
        assert refused == ""
        start, revision, number = award.tender.split(".")
        old = type(award)(
            id="old",
            tender=f"{start}.{int(revision) - 1}.{number}",
            interval=award.interval,
            quantity=1,
            price=award.price,
        )
        link.on_award(old)
        assert "the parent had" in link.acknowledged[-1][1]

    under_the_street(script)


def test_the_market_above_is_shown_the_position_and_what_was_delivered_only(under_the_street):
    async def script(home, street, link):
        await home.pass_time(60)
        shown = [fact for fact in home.facts if isinstance(fact, TiePosition)][-1]
        state = states(home)[-1]
        running = [q for interval, q in shown.steps if interval.start <= home.clock.now()]
        assert running[-1] == state.award

    under_the_street(script)


def test_a_block_of_time_with_a_tighter_window_is_kept(under_the_street):
    async def script(home, street, link):
        await home.pass_time(60)
        assert states(home)[-1].limit.imports == 300
        assert states(home)[-1].award == 300

    under_the_street(
        script,
        {"schedule": [{"from": "23:00", "until": "01:00", "max_import_w": 300}]},
    )


def test_the_journal_replays_although_the_awards_came_from_elsewhere(under_the_street, tmp_path):
    async def script(home, street, link):
        await home.pass_time(60)
        return home.gateway.settings

    settings = under_the_street(script, {"fee": 0.012, "loss": 0.97})
    run = Replay(load_market, agents=agents_for(settings))
    rows = list(run.run(read_journal(tmp_path / "state" / "journal.sqlite")))
    assert run.difference is None
    assert any('"street"' in row.body for row in rows if row.kind == "submit")
