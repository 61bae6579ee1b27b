"""A device that drops out while it holds a position: nobody believes in power that is not there."""

from gateway.adapters.journal import read_journal
from gateway.app import load_market
from gateway.model.clearing import Clearing
from gateway.model.event import Cancelled, CancelReason, FaultChanged, StateChanged
from gateway.model.time import seconds
from gateway.model.transaction import Transaction
from gateway.runtime.replay import Replay
from gateway.wire.mirror import Mirror

HOUSE = {"load_w": 500, "temperature_c": 21.2, "solar_w": 3000, "meter_noise_w": 0}
SITE = {
    "devices": {"heatpump": None},
    "products": {"power": {"resource": "POWER", "unit": "W", "interval": "1min"}},
}


def of(kind, facts, device):
    return [f for f in facts if isinstance(f, kind) and getattr(f, "device", f) == device]


def test_what_it_tenders_is_withdrawn_and_its_position_traded_back_at_once(at_home, tmp_path):
    async def script(home):
        await home.pass_time(70)
        market = home.gateway.marketplace.market("power")
        before = market.positions.at("battery", home.clock.now())
        await home.house.unplug("battery")
        await home.pass_time(20)
        after = market.positions.at("battery", home.clock.now())
        running = market.product.interval_at(home.clock.now())
        everybody = market.positions.all_at(home.clock.now())
        lost = list(home.facts)
        await home.house.plug("battery")
        await home.pass_time(90)
        return before, after, running, everybody, lost, list(home.facts), home.gateway.settings

    before, after, running, everybody, lost, facts, settings = at_home(script, HOUSE, **SITE)
    assert before > 1000
    assert after == 0
    assert sum(everybody.values()) == 0
    [gone] = [f for f in of(StateChanged, lost, "battery") if f.state == "offline"]
    withdrawn = [f for f in lost if isinstance(f, Cancelled) and f.party == "battery"]
    assert {f.reason for f in withdrawn[-1:]} == {CancelReason.SUPERVISORY}
    auction = next(f for f in lost if isinstance(f, Clearing) and f.at >= gone.since)
    assert not auction.scheduled
    assert auction.at - gone.since < seconds(1)
    [opposite] = [
        f
        for f in lost
        if isinstance(f, Transaction) and f.party == "battery" and f.clearing == auction.sequence
    ]
    assert (opposite.signed, opposite.interval.end) == (-before, running.end)
    told, over = of(FaultChanged, facts, "battery")
    assert (told.code, told.active, over.active) == ("DEVICE_LOST", True, False)
    assert told.expected == before
    assert "are traded back now" in told.text
    [message] = Mirror(settings).messages(told, told.at)
    assert b'"severity":"major"' in message.payload
    replayed = Replay(load_market)
    rows = list(read_journal(tmp_path / "state" / "journal.sqlite"))
    assert list(replayed.run(rows)) == rows
    assert replayed.difference is None


def test_a_device_that_holds_nothing_drops_out_without_an_auction(at_home):
    async def script(home):
        await home.pass_time(30)
        await home.house.unplug("grid")
        await home.pass_time(15)
        return list(home.facts)

    facts = at_home(script, HOUSE, **SITE)
    assert of(StateChanged, facts, "grid")[-1].state == "offline"
    assert [f for f in of(FaultChanged, facts, "grid") if f.code == "DEVICE_LOST"] == []
