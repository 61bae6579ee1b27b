"""What steering devices in the field has taught: timers, recipes, floors, fights, fall-backs."""

from dataclasses import replace

import pytest

from gateway.adapters.armory import FileArmory
from gateway.adapters.plugins import house_factories
from gateway.dispatch.contest import Contest
from gateway.dispatch.drill import Silence, finding
from gateway.dispatch.effect import Command
from gateway.dispatch.effect import judge as effect
from gateway.dispatch.estimate import first_estimate, next_estimate
from gateway.dispatch.guard import Held, SiteRoom, fall_back, guard
from gateway.dispatch.lease import LeaseTerms, lease_terms, renew_due
from gateway.dispatch.plan import SourceMemory, SourceView, judge_source
from gateway.model.device import (
    Capabilities,
    ContestPolicy,
    Control,
    Device,
    DeviceState,
    Fallback,
    Identity,
    Limits,
    Role,
)
from gateway.model.errors import RequestRefused
from gateway.model.limit import CONNECTION, narrowed
from gateway.model.reading import Quality, Reading
from gateway.model.request import OwnerRequest
from gateway.model.resource import POWER
from gateway.model.setpoint import Outcome, RegisterWrite, TakenWrite, Written
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DispatchSettings,
    GridLimits,
    JournalSettings,
    LogSettings,
    OwnerControl,
    Site,
    Tariff,
)
from gateway.model.snapshot import DeviceView
from gateway.model.time import MINUTE, SECOND, Duration, Instant, parse_rfc3339
from gateway.model.wear import WriteCount
from gateway.runtime.progress import Progress
from gateway.runtime.release import release
from tests.drivers.conftest import Rig
from tests.drivers.test_recipes import Fronius, enables
from tests.simulation.harness import VirtualClock, open_home

HANDS_OFF = OwnerRequest(control=OwnerControl(mode=ControlMode.HANDS_OFF), by="topic")
T0 = Instant(1_000_000 * SECOND)
SETTLE = Duration(2 * SECOND)
NOON = parse_rfc3339("2026-06-21T12:00:00Z")
LIMITED = Capabilities(control=Control.LIMIT, rating_w=8000.0, floor_w=80.0, wake_floor_w=400.0)
HOLDING = Capabilities(control=Control.TARGET, charge_w=5000.0, discharge_w=5000.0)


def at(s):
    return Instant(T0 + round(s * SECOND))


def device(role=Role.STORAGE, **more):
    return Device(id="d", role=role, driver="x", connection="mem://d", line="mem://d", **more)


def reading(power_w, s=0.0, **more):
    flows = {} if power_w is None else {POWER: power_w}
    return Reading(device="d", at=at(s), flows=flows, soc_pct=50.0, **more)


def view(power_w, capabilities=HOLDING, state=DeviceState.ONLINE, quality=Quality.GOOD):
    return DeviceView(
        id="d",
        state=state,
        capabilities=capabilities,
        since=Instant(0),
        reading=reading(power_w),
        quality=quality,
    )


def guarded(wanted, role, seen, *, held=None, room=None, **more):
    return guard(wanted, device(role, **more), seen, held, room or SiteRoom(), at(0)).quantity


async def driven(made, line, role="solar", **more):
    driver = Rig.driver(line, role, **more)
    await driver.connect()
    return driver


async def test_lesson_086_a_timer_that_somebody_left_is_replaced_and_renewed_at_half():
    """A hold ended after an hour, since another had set the timer; with none it never ended."""
    made = Rig.battery(InOutWRte_RvrtTms_124=3600)
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "storage")
        told = await driver.connect()
        terms = lease_terms(device(fallback=Fallback(after=60 * SECOND)), told.capabilities)
        await driver.write(Rig.setpoint(0, terms.timer_s))
    progress = Progress(device="d", terms=terms)
    progress.command(0.0, at(0))
    progress.attempted(Written(outcome=Outcome.ACCEPTED, quantity=0.0, at=at(0)))
    assert made.get("124.InOutWRte_RvrtTms") == 60
    assert [renew_due(at(0), terms.lease, at(s)) for s in (29, 30)] == [False, True]
    assert progress.status(at(10), acting=True).timer_until == at(60)


async def test_lesson_087_each_renewal_writes_value_and_enable_and_a_timer_that_stands_is_told():
    """Nobody agrees on which write restarts a reversion timer."""
    made = Rig.der()
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        await driver.write(Rig.setpoint(-4000, 60))
        made.memory.requests.clear()
        await driver.write(Rig.setpoint(-4000, 60))
        made.put(WMaxLimPctRvrtRem_704=0)
        note = (await driver.read()).note
    written = {at for _, start, words in made.writes() for at in range(start, start + len(words))}
    assert {made.at("704.WMaxLimPct"), made.at("704.WMaxLimPctEna")} <= written
    assert "set to 60 s, but 704.WMaxLimPctRvrtRem stands at 0" in note


async def test_lesson_088_a_fronius_obeys_the_second_limit_too():
    """It took the first limit and kept it until its enable was 0 and 1 again."""
    fronius = Fronius(Rig)
    async with Rig.mem(fronius.made.memory) as line:
        driver = await driven(fronius.made, line)
        for watts in (-4000, -2000):
            await driver.write(Rig.setpoint(watts))
    assert fronius.limits[-1] == 25


async def test_lesson_089_an_sma_is_not_sent_its_enable_at_every_renewal():
    """Its maker forbids writing the enable cyclically."""
    made = Rig.inverter(Mn_1="SMA")
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        for _ in range(10):
            await driver.write(Rig.setpoint(-4000))
    assert enables(made) == (1, 10)


async def test_lesson_090_a_limit_is_written_with_the_scale_factor_of_now_and_rounded_down():
    """A driver wrote percent where the register counted hundredths of them."""
    made = Rig.inverter()
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        made.put(WMaxLimPct_SF_123=0, WMaxLimPct_123=100)
        await driver.write(Rig.setpoint(-4079))
        first = made.get("123.WMaxLimPct")
        made.put(WMaxLimPct_SF_123=0xFFFF, WMaxLimPct_123=500)
        await driver.read()
        await driver.write(Rig.setpoint(-4079))
    assert (first, made.get("123.WMaxLimPct")) == (50, 509)


async def test_lesson_091_a_device_with_a_command_timeout_hears_from_us_inside_it():
    """A battery went back to its default in the middle of an hour that nobody had renewed."""
    made = Rig.battery()
    async with Rig.mem(made.memory) as line:
        told = await Rig.driver(line, "storage", keys={"quirks": {"timer_max": "40s"}}).connect()
    terms = lease_terms(device(fallback=Fallback(after=10 * MINUTE)), told.capabilities)
    assert terms.timer_s == 40
    assert renew_due(at(0), terms.lease, at(20))


def test_lesson_092_what_stands_is_not_written_again_and_every_write_is_counted():
    """Settings written every few seconds wore out the memory of an inverter."""
    terms = LeaseTerms(timer_s=0, lease=120 * SECOND, refused="", promise="")
    progress = Progress(device="d", terms=terms)
    progress.command(1000.0, at(0))
    progress.attempted(Written(outcome=Outcome.ACCEPTED, quantity=1000.0, at=at(0)))
    asked = {w: progress.due(w, at(5), since=at(-9), armed=True) for w in (1000.0, 1015.0, 1100.0)}
    count = WriteCount(device="d", day=0)
    for lapses in (False, False, True):
        count = count.after([TakenWrite(address=1, count=5, lapses=lapses)], volatile=None)
    assert asked == {1000.0: False, 1015.0: False, 1100.0: True}
    assert (count.today, count.volatile_today) == (2, 1)


async def test_lesson_093_a_limit_of_the_installers_is_not_touched_at_start_and_given_back(
    tmp_path,
):
    """A legal limit of 70 % was gone after the first start."""
    made = Rig.inverter(WMaxLimPct_123=7000, WMaxLim_Ena_123=1)
    armory = FileArmory(tmp_path, threaded=False)
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        await driver.read()
        assert made.writes() == []
        await armory.store(await driver.arm())
        await driver.write(Rig.setpoint(-800))
        await driver.write(Rig.setpoint(None))
        assert (made.get("123.WMaxLimPct"), made.get("123.WMaxLim_Ena")) == (7000, 1)
        await driver.write(Rig.setpoint(-800))
        assert await release(armory, lambda _: line, restore=True, say=lambda _: None)
    assert (made.get("123.WMaxLimPct"), made.get("123.WMaxLim_Ena")) == (7000, 1)


async def test_lesson_094_percent_are_of_the_setting_that_the_device_takes_them_of():
    """Percent of the nameplate was meant, percent of the modules' peak was written."""
    made = Rig.inverter(WMax_121=5000)  # of a nameplate of 8200 W
    async with Rig.mem(made.memory) as line:
        written = await (await driven(made, line)).write(Rig.setpoint(-2500))
    assert made.get("123.WMaxLimPct") == 5000
    assert written.quantity == -2500


@pytest.mark.parametrize(
    ("points", "register", "word"),
    [({}, "704.WSet", -200), ({"WSet_704": 1 << 31}, "704.WSetPct", -400)],
)
async def test_lesson_095_two_kilowatts_are_watts_or_percent_as_the_register_counts(
    points, register, word
):
    """A hundred percent, written into a register of watts, charged with 100 W."""
    made = Rig.der_battery(**points)
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line, "storage")
        written = await driver.write(Rig.setpoint(2000))
    size = made.point(register).size
    assert made.get(register) == word % (1 << 16 * size)
    assert written.quantity == 2000


def test_lesson_096_a_release_that_fails_is_tried_until_it_is_done(tmp_path, virtual):
    """The way back was refused with exception 4, and the battery stayed forced."""

    def refuse(address, words):
        message = "failed"
        raise RequestRefused(message, code=4)

    async def main():
        house = {"load_w": 300, "battery_soc_pct": 30, "solar_w": 4000}
        grid, devices = {"import_limit_w": None}, {"heatpump": None, "battery": AFTER_LONG}
        async with open_home(tmp_path, NOON, house, grid=grid, devices=devices) as home:
            await home.pass_time(40, step_s=1)
            outlet = home.house._outlets["battery"]
            good, outlet._box = outlet._box, Unwilling(outlet._box, refuse)
            await home.gateway.owner(HANDS_OFF)
            await home.pass_time(60, step_s=1)
            held = home.gateway.armory.all()
            outlet._box = good
            await home.pass_time(310, step_s=1)
            return len(held), home.gateway.armory.all(), abs(home.house.truth()["battery_w"])

    assert virtual(main()) == (1, (), pytest.approx(0.0, abs=1.0))


AFTER_LONG = {"fallback": {"after": "900s"}}


class Unwilling:
    """Registers that can be read and not written."""

    def __init__(self, box, refuse):
        self.read, self.write = box.read, refuse


def test_lesson_097_a_command_that_was_read_back_and_does_nothing_is_named():
    """The register held what was written, and the battery did as it liked."""
    command = Command(device=device(), control=Control.TARGET, quantity=2000.0, at=at(0))
    verdicts = [effect(command, reading(0.0, s), SETTLE) for s in (1, 5, 11)]
    assert [v.outcome for v in verdicts] == [None, None, Outcome.NO_EFFECT]
    assert verdicts[-1].reason


async def test_lesson_098_a_setting_beside_the_setpoint_goes_back_to_what_it_was():
    """A hold was made by a reserve of 100 %, which the owner found in his menu."""
    made = Rig.battery()
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line, "storage", limits=Limits(min_soc_pct=20.0))
        found = [made.get(f"124.{name}") for name in ("MinRsvPct", "ChaGriSet", "StorCtl_Mod")]
        await driver.arm()
        await driver.write(Rig.setpoint(0))
        held = made.get("124.MinRsvPct")
        await driver.write(Rig.setpoint(2000))
        await driver.write(Rig.setpoint(None))
    assert held == 2000  # a hold is a flow of nothing; the reserve is the owner's, not 100 %
    assert [made.get(f"124.{n}") for n in ("MinRsvPct", "ChaGriSet", "StorCtl_Mod")] == found


def test_lesson_099_a_battery_does_not_turn_at_every_interval():
    """The mode was another one every few seconds."""
    limits = Limits(dwell=Duration(5 * MINUTE))

    def turned(minutes):
        held = Held(quantity=2000.0, at=at(-60), turned_at=at(-60 * minutes))
        return guarded(-1500.0, Role.STORAGE, view(2000.0), held=held, limits=limits)

    assert (turned(4), turned(6)) == (0.0, -1500.0)


async def test_lesson_100_a_setpoint_is_a_whole_state_and_no_stale_limit_is_left_of_another():
    """Two registers act together, and the one that was not written won."""
    made = Rig.battery(OutWRte_124=0, InWRte_124=0, StorCtl_Mod_124=1)
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line, "storage")
        asked = [(await driver.write(Rig.setpoint(w))).quantity for w in (-2000, 2000, 0)]
        states = [made.get(f"124.{name}") for name in ("OutWRte", "InWRte", "StorCtl_Mod")]
    assert asked == [-2000, 2000, 0]
    assert states == [0, 0, 3]


def test_lesson_101_a_timer_that_runs_longer_than_it_was_set_is_measured_and_told():
    """Configured were 60 s, and the inverter fell back after 80."""
    silence = Silence(
        control=Control.TARGET, quantity=3000.0, timer_s=60, began=at(0), accepted=at(0.1),
        stood=at(0.1),
    )  # fmt: skip
    for s in range(1, 80):
        silence = silence.seen(reading(3000.0, s))
    silence = silence.seen(reading(3000.0, 80, overridden="register 1: wrote 3, reads 0"))
    result = silence.result(device(fallback=Fallback(after=60 * SECOND)), Identity())
    assert result.observed_s == 80
    assert "LATE; set fallback: {timer: 40s}" in finding(result)


def test_lesson_102_a_cloud_that_rewrites_a_setpoint_is_counted_and_named():
    """The maker's cloud put its own settings back within minutes."""
    contest = Contest(policy=ContestPolicy.YIELD)
    for minutes in (0, 5, 10):
        contest = contest.struck("register 40236: wrote 1, reads 0", at(60 * minutes), at(0))
    assert contest.fight
    assert "somebody else steers this device too: register 40236" in contest.text


@pytest.mark.parametrize("quality", [Quality.MISSING, Quality.SUSPECT, Quality.STALE])
def test_lesson_103_what_is_not_known_leads_to_the_fall_back_level_and_to_nothing_else(quality):
    """While its firmware was updated a device read as nonsense, and it was told to switch off."""
    seen = replace(view(-3000.0, LIMITED), quality=quality, reading=reading(None))
    assert guarded(-100.0, Role.SOLAR, seen) is None
    level = Fallback(level_w=800.0)
    assert guarded(-100.0, Role.SOLAR, seen, fallback=level) == -800.0


async def test_lesson_104_no_limit_but_0_is_below_one_percent():
    """Held below 1 % an inverter went to standby and did not come back."""
    made = Rig.inverter()
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        for watts, steps in ((-1, 100), (-79, 100), (0, 0)):
            await driver.write(Rig.setpoint(watts))
            assert made.get("123.WMaxLimPct") == steps
    assert guarded(-1.0, Role.SOLAR, view(-500.0, LIMITED)) == -80.0


@pytest.mark.parametrize(
    ("power_w", "state", "low_w", "allowed_w"),
    [
        (0.0, DeviceState.ONLINE, -9000.0, -400.0),
        (0.0, DeviceState.SLEEPING, -9000.0, -400.0),
        (None, DeviceState.SLEEPING, -9000.0, -400.0),
        (-60.0, DeviceState.ONLINE, -9000.0, -120.0),  # it produces
        (0.0, DeviceState.ONLINE, -250.0, -250.0),  # never more than a site limit leaves
    ],
)
def test_lesson_105_a_source_begins_under_a_higher_floor(power_w, state, low_w, allowed_w):
    """Held to 1.5 % over night, microinverters stayed at nothing all morning."""
    seen = view(power_w, LIMITED, state)
    room = SiteRoom(low=low_w)
    assert guarded(-120.0, Role.SOLAR, seen, room=room) == pytest.approx(allowed_w)


def test_lesson_106_a_source_that_produces_runs_whatever_it_says_of_its_state():
    """It reported a fault, and produced; the limiter let go of it."""
    assert guarded(-2000.0, Role.SOLAR, view(-3000.0, LIMITED, DeviceState.FAULTY)) == -2000.0
    assert guarded(-2000.0, Role.SOLAR, view(0.0, LIMITED, DeviceState.FAULTY)) is None


def test_lesson_107_a_control_that_was_refused_once_is_found_later(tmp_path, virtual):
    """One failed read at start took the limiter away until the next reboot."""

    async def main():
        clock = VirtualClock(NOON)
        house = house_factories()["demo"](clock, SUNNY_AND_FULL)
        outlet = house._outlets["roof"]
        good = outlet._box
        outlet._box = WithoutControls(good, good.bank.address("123.WMaxLimPct"))
        changes = {"grid": {"export_limit_w": 0}, "devices": {"heatpump": None}}
        async with open_home(tmp_path, NOON, {}, house=house, clock=clock, **changes) as home:
            await home.pass_time(20, step_s=1)
            free = house.truth()["grid_w"]
            outlet._box = good
            await home.pass_time(90, step_s=1)
            return free, house.truth()["grid_w"]

    free, limited = virtual(main())
    assert free < -4000
    assert limited > -50


SUNNY_AND_FULL = {"load_w": 300, "battery_soc_pct": 100, "solar_w": 6000}


class WithoutControls:
    """Registers that refuse to be read together with one of them."""

    def __init__(self, box, refused):
        self.write, self._box, self._refused = box.write, box, refused

    def read(self, address, count):
        if address <= self._refused < address + count:
            message = "failed"
            raise RequestRefused(message, code=4)
        return self._box.read(address, count)


async def test_lesson_109_who_is_at_the_device_owns_it_and_that_is_told():
    """A limiter and an external control fought over one register."""
    made = Rig.der(LocRemCtl_715=1)
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        written = await driver.write(Rig.setpoint(-2000))
    assert (written.outcome, made.writes()) == (Outcome.REFUSED, [])
    assert "LOCAL" in written.detail


@pytest.mark.parametrize("device_first", [True, False])
async def test_lesson_110_whoever_starts_first_a_limit_of_an_earlier_life_does_not_stay(
    device_first, tmp_path
):
    """Started in the wrong order, an inverter kept a limit of 30 W."""
    made = Rig.inverter()
    armory = FileArmory(tmp_path, threaded=False)
    async with Rig.mem(made.memory) as line:
        driver = await driven(made, line)
        await armory.store(await driver.arm())
        await driver.write(Rig.setpoint(-80, 0))  # and the gateway is gone
        if device_first:
            made.put(WMaxLimPct_123=10000, WMaxLim_Ena_123=0)  # it forgot
        driver = Rig.driver(line, "solar")
        driver.recall(armory.get("x"))
        await driver.connect()
        if not device_first:
            made.put(WMaxLimPct_123=100, WMaxLim_Ena_123=1)  # it comes back as it was
        driver.recall(armory.get("x"))
        await driver.write(Rig.setpoint(None))
    assert (made.get("123.WMaxLimPct"), made.get("123.WMaxLim_Ena")) == (10000, 0)


SITE = Site(
    area="home",
    timezone="UTC",
    currency="EUR",
    control=ControlMode.ACT,
    state_dir="",
    broker=BrokerSettings(),
    devices=(),
    products=(),
    limits=GridLimits(export_w=5000.0),
    tariff=Tariff(),
    dispatch=DispatchSettings(),
    journal=JournalSettings(),
    parties=(),
    log=LogSettings(),
)


@pytest.mark.parametrize(
    ("wish", "export_w"),
    [(None, 5000.0), (0.0, 0.0), (-1.0, 0.0), (4200.0, 4200.0), (99_000.0, 5000.0)],
)
def test_lesson_111_no_limit_a_limit_of_0_and_a_limit_are_three_things(wish, export_w):
    """A limit of 0 W was taken for none, one of the wrong sign for a limit, a lost one for 0 W."""
    wishes = {} if wish is None else {CONNECTION: {"export_limit_w": wish}}
    assert narrowed(SITE, wishes).limits.export_w == export_w
    lost = replace(view(-3000.0, LIMITED), quality=Quality.STALE, reading=reading(None))
    assert guarded(None, Role.SOLAR, lost, fallback=Fallback(level_w=4200.0)) == -4200.0


def test_lesson_112_a_meter_that_is_late_does_not_make_the_battery_hunt():
    """The loop answered a sample from before its own last command, again and again."""
    estimate = first_estimate(1000.0, {"battery": 0.0})
    for meter_w in (1000.0, 0.0):  # from before the battery moved, and from after it
        estimate = next_estimate(estimate, meter_w, {"battery": -1000.0})
        assert estimate.residual_w == 1000.0
    hidden = SourceMemory(hidden=True, output_w=900.0, limit_w=900.0)
    late = SourceView(id="d", at=at(1), output_w=900.0, limit_w=3000.0, nameplate_w=8000.0)
    assert judge_source(hidden, late, at(1), SETTLE).hidden


async def test_lesson_113_the_level_without_a_gateway_is_chosen_and_stands_in_the_record():
    """Users wanted to know what power is fed in when the export limit fails."""
    made, level = Rig.inverter(), Fallback(level_w=800.0)
    async with Rig.mem(made.memory) as line:
        arming = await (await driven(made, line, fallback=level)).arm()
    assert fall_back(device(Role.SOLAR, fallback=level), "x").quantity == -800.0
    address = made.at("123.WMaxLimPct")
    assert arming.level == (RegisterWrite(address=address, words=(1000, 0, 0, 0, 1)),)
