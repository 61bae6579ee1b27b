"""Drills on a simulated house: what is measured, what is refused, and what ends one."""

import pytest

from gateway.adapters.drill import DrillFiles
from gateway.adapters.plugins import house_factories
from gateway.model.device import Identity
from gateway.model.drill import DrillRequest, DrillResult, DrillState
from gateway.model.event import ClockStepped
from gateway.model.request import OwnerRequest
from gateway.model.setpoint import SetpointStatus
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import HOUR, Instant, parse_rfc3339, seconds
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

SUNNY = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 50, "solar_w": 4000}
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
NO_LIMIT = {"import_limit_w": None}
NO_HEAT = {"heatpump": None}


def slow_timer(home, device, factor):
    """The device counts ``factor`` times as long as it was told."""
    timer = getattr(home.house._world, device)
    clock = timer._timer if device == "battery" else timer._limit_timer
    restart = clock.restart
    clock.restart = lambda s, now: restart(s * factor if s else s, now)


async def drilled(home, device, *, within_s=400, meanwhile=None):
    """Ask as the command does and wait for the last word."""
    files = DrillFiles(home.gateway_state)
    request = DrillRequest(id="r1", device=device)
    assert files.ask(request)
    for _ in range(within_s * 10):
        await home.pass_time(0.1)
        said = files.progress()
        if said is not None and said.id == "r1":
            if said.state is not DrillState.RUNNING:
                await home.pass_time(1.5)
                assert files.request() is None
                return said
            if meanwhile is not None:
                await meanwhile(home, files)
                meanwhile = None
    pytest.fail("the drill did not end")


@pytest.fixture
def drill(at_home, tmp_path):
    """``drill(device, house, before=..., **changes)`` after 40 s of steering."""

    def run(device, house=SUNNY, *, before=lambda _: None, after_s=0, meanwhile=None, **changes):
        async def script(home):
            home.gateway_state = tmp_path / "state"
            before(home)
            await home.pass_time(40)
            said = await drilled(home, device, meanwhile=meanwhile)
            await home.pass_time(after_s)
            home.said = said
            home.truth_then = dict(home.house.truth())
            return home

        return at_home(script, house, **{"grid": NO_LIMIT, "devices": NO_HEAT, **changes})

    return run


def test_a_timer_of_60_s_that_takes_80_is_late_and_the_owner_is_told_what_to_set(drill, tmp_path):
    home = drill("battery", before=lambda home: slow_timer(home, "battery", 80 / 60), after_s=30)
    said, result = home.said, home.said.result
    assert said.state is DrillState.ENDED
    assert (result.promised_s, result.timer_s) == (60, 60)
    assert 80 <= result.observed_s <= 82
    assert result.flow_s == pytest.approx(result.observed_s, abs=3)
    assert not result.kept
    assert "LATE; set fallback: {timer: 39s}" in said.text or "{timer: 40s}" in said.text
    assert result.identity.serial == "SIM-BATTERY"
    assert DrillFiles(tmp_path / "state").results() == {"battery": result}
    assert home.truth_then["battery_w"] > 3000  # it is steered again
    told = [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "battery"]
    assert told[-1].fallback_after_s == 60
    assert told[-1].fallback_observed_s == result.observed_s


def test_what_the_owner_then_sets_keeps_the_promise(drill):
    devices = {**NO_HEAT, "battery": {"fallback": {"after": "60s", "timer": "39s"}}}
    home = drill(
        "battery", before=lambda home: slow_timer(home, "battery", 80 / 60), devices=devices
    )
    assert home.said.result.timer_s == 39
    assert home.said.result.kept
    assert "as promised" in home.said.text


def test_an_unlimited_source_is_drilled_at_its_nameplate_without_loss(drill):
    home = drill("roof")
    assert home.said.result.kept, home.said.text
    assert 60 <= home.said.result.observed_s <= 62
    produced = [-truth["roof_w"] for _, truth in home.trace[-300:]]
    assert min(produced) > 3900


def test_a_device_that_never_falls_back_is_named_and_steered_again(drill):
    home = drill("battery", before=lambda home: slow_timer(home, "battery", 1e6), after_s=20)
    assert home.said.result.observed_s is None
    assert "does not fall back by itself" in home.said.text
    assert home.truth_then["battery_w"] > 3000


def test_nothing_is_written_while_it_lasts(drill):
    modes = []

    def watch(home):
        battery = home.house._world.battery
        write = battery.write

        def noted(address, words):
            modes.append(home.clock.now())
            write(address, words)

        battery.write = noted

    home = drill("battery", before=watch)
    began = home.said.result.at
    end = began + seconds(home.said.result.observed_s)
    assert not [at for at in modes if began + seconds(1) < at < end]


@pytest.mark.parametrize(
    ("device", "changes", "state", "why"),
    [
        ("attic", {}, DrillState.UNKNOWN_DEVICE, "battery"),
        ("battery", {"control": "advise"}, DrillState.REFUSED, "needs act"),
        ("roof", {"grid": {"export_limit_w": 3000}}, DrillState.REFUSED, "no timer of its own"),
        (
            "battery",
            {"grid": {"import_limit_w": None, "export_limit_w": 3000},
             "devices": {**NO_HEAT, "roof": {"fallback": {"level": "own-rule"}}}},
            DrillState.REFUSED,
            "export limit of 3000 W would be broken",
        ),
    ],
)  # fmt: skip
def test_a_drill_that_cannot_or_may_not_be_is_refused_with_the_reason(
    drill, device, changes, state, why
):
    home = drill(device, **changes)
    assert home.said.state is state
    assert why in home.said.text


def test_a_broken_limit_ends_it_and_the_device_is_steered_at_once(drill):
    async def oven(home, _files):
        home.house.set_load(9000)

    house = {**SUNNY, "solar_w": 0, "battery_soc_pct": 90, "load_w": 2000}
    grid = {"import_limit_w": 6000}
    home = drill("battery", house, grid=grid, meanwhile=oven, after_s=10)
    assert home.said.state is DrillState.ABORTED
    assert "limit at the connection point was broken" in home.said.text
    assert home.truth_then["grid_w"] < 6060


async def withdraw(_home, files):
    files.clear()


async def observe(home, _files):
    control = OwnerControl(mode=ControlMode.OBSERVE)
    await home.gateway.owner(OwnerRequest(control=control, by="topic"))


@pytest.mark.parametrize(("end", "why"), [(withdraw, "withdrawn"), (observe, "left act")])
def test_when_the_owner_changes_his_mind_it_ends(drill, end, why):
    home = drill("battery", meanwhile=end)
    assert home.said.state is DrillState.ABORTED
    assert why in home.said.text


def test_a_second_request_waits_outside(tmp_path):
    files = DrillFiles(tmp_path)
    assert files.ask(DrillRequest(id="a", device="battery"))
    assert not files.ask(DrillRequest(id="b", device="roof"))
    assert files.request().id == "a"


@pytest.mark.parametrize(("serial", "shown"), [("SIM-BATTERY", 80.5), ("ANOTHER", None)])
def test_what_an_earlier_life_measured_is_shown_for_the_same_device_only(
    at_home, tmp_path, serial, shown
):
    identity = Identity(maker="Gridtender", model="Simulated battery", version="1", serial=serial)
    (tmp_path / "state").mkdir()
    DrillFiles(tmp_path / "state").keep(
        DrillResult(
            device="battery", at=Instant(0), identity=identity, promised_s=60.0, timer_s=60,
            stood_s=79.5, observed_s=80.5,
        )
    )  # fmt: skip

    async def script(home):
        await home.pass_time(20, step_s=1)
        return [f for f in home.facts if isinstance(f, SetpointStatus) and f.device == "battery"]

    told = at_home(script, SUNNY, grid=NO_LIMIT, devices=NO_HEAT)
    assert told[-1].fallback_observed_s == shown


class SetClock(VirtualClock):
    """Set forward by ``by`` nanoseconds at the first look after it was told to."""

    def __init__(self):
        super().__init__(NOON)
        self.by, self.offset = 0, 0

    def now(self):
        return Instant(super().now() + self.offset)

    def reanchor(self):
        by, self.by = self.by, 0
        self.offset += by
        return ClockStepped(at=self.now(), by=by) if by else None


def test_a_drill_is_given_up_when_the_clock_is_set_and_measures_nothing(tmp_path, virtual):
    async def set_clock(home, _files):
        home.clock.by = HOUR

    async def main():
        clock = SetClock()
        # The devices live in real time: they know nothing of the gateway's clock.
        house = house_factories()["demo"](VirtualClock(NOON), SUNNY)
        changes = {"grid": NO_LIMIT, "devices": NO_HEAT}
        async with open_home(tmp_path, NOON, {}, house, clock=clock, **changes) as home:
            home.gateway_state = tmp_path / "state"
            await home.pass_time(40)
            said = await drilled(home, "battery", meanwhile=set_clock)
            await home.pass_time(30)
            return said, house.truth()["battery_w"]

    said, follows_w = virtual(main())
    assert said.state is DrillState.ABORTED
    assert "the clock was set" in said.text
    assert DrillFiles(tmp_path / "state").results() == {}
    assert follows_w > 3000
