"""One device out of the gateway's hands: it gets its own rule back, the others are steered on."""

from gateway.adapters.opt_out_file import OptOutFiles
from gateway.model.event import StateChanged
from gateway.model.opt_out import OptOut, OptOutChanged
from gateway.model.time import SECOND, Instant
from tests.simulation.test_a_car import CALM, car

OWN_RULE = 0xFFFF
UNTIL_S = 120


def commanded(home):
    return home.house._world.car.read(210, 1)[0]


def test_it_gets_its_own_rule_back_until_the_end_and_counts_as_load_meanwhile(at_home, tmp_path):
    async def script(home):
        await home.pass_time(90, 1)
        steered = commanded(home)
        now = home.clock.now()
        opt_out = OptOut(
            device="car", at=now, until=Instant(now + UNTIL_S * SECOND), reason="guests"
        )
        OptOutFiles(tmp_path / "state").leave(opt_out)
        await home.pass_time(15, 1)
        alone = commanded(home)
        await home.pass_time(60, 1)
        status = home.gateway.dispatcher.progress["car"]
        positions = home.gateway.marketplace.market("power").positions.all_at(home.clock.now())
        because, truth = status.because, home.house.truth()
        await home.pass_time(80, 1)
        told = [fact for fact in home.facts if isinstance(fact, OptOutChanged)]
        return steered, alone, because, truth, positions, commanded(home), told

    settings = {**CALM, "battery_soc_pct": 60}
    steered, alone, because, truth, positions, after, told = at_home(
        script, settings, devices=car(wish="surplus")
    )
    assert (steered, alone, after) == (0, OWN_RULE, 0)
    assert "left alone until 2026-06-21T12:0" in because
    assert "guests" in because
    assert truth["car_w"] > 11_000  # its own rule: all it can
    assert positions.get("car", 0) == 0
    assert positions["must-run"] > 11_000
    assert [one.opt_out and one.opt_out.reason for one in told] == ["guests", None]


def test_a_device_of_nobody_and_a_broken_file_change_nothing(at_home, tmp_path):
    async def script(home):
        files = OptOutFiles(tmp_path / "state")
        files.leave(OptOut(device="boat", at=home.clock.now()))
        (tmp_path / "state" / "alone-car.json").write_text("{")
        await home.pass_time(10, 1)
        return home.gateway.opt_outs.in_force, [f for f in home.facts if type(f) is StateChanged]

    in_force, states = at_home(script, CALM, devices=car())
    assert in_force == {}
    assert states
