"""One device's trouble is not another's, and the watchdog is told the truth."""

import asyncio
from functools import partial
from itertools import pairwise
from types import SimpleNamespace

import pytest

from gateway.model.device import Control, DeviceState, Fallback
from gateway.model.site import ControlMode, DispatchSettings, GridLimits
from gateway.model.tender import Side
from gateway.model.time import SECOND, Duration, seconds
from gateway.runtime.dispatcher import Dispatcher
from gateway.runtime.writes import Writes


class Pit:
    """A dispatcher without a grid meter over two batteries that hold their positions."""

    def __init__(self, clock, fakes, exchange, tenderer):
        self.clock, self.fed, self.commands = clock, 0, []
        self.armed, self.beats = set(), []
        fallback = Fallback(after=Duration(20 * SECOND))
        devices = [fakes.device(d, fallback=fallback) for d in ("a", "b")]
        self.site = fakes.site(*devices)
        agents = [tenderer(d, Side.BUY, 20_000, 1000) for d in ("a", "b")]
        self.floor = exchange(self.site, *agents)
        for device in ("a", "b"):
            fakes.describe(self.site, device, control=Control.TARGET, timer=fakes.target.timer)
            self.site.put(fakes.reading(device, clock.now(), 0.0, soc_pct=50.0))
            self.site.enter(device, DeviceState.ONLINE, clock.now(), "")
        self.stations = {
            d.id: SimpleNamespace(
                device=d, command=self.commands.append, beat=partial(self.beats.append, d.id)
            )
            for d in devices
        }
        self.mode = ControlMode.ACT
        self.dispatcher = Dispatcher(
            site=self.site,
            stations=self.stations,
            marketplace=self.floor.marketplace,
            product="power",
            limits=GridLimits(),
            settings=DispatchSettings(),
            bus=fakes.Heard(),
            clock=clock,
            watchdog=SimpleNamespace(feed=self.feed),
            mode=lambda: self.mode,
            armed=self.armed.__contains__,
            writes=Writes({d.id: d for d in devices}, clock),
        )
        self.floor.marketplace.on_traded = self.dispatcher.on_traded
        self.fakes = fakes

    def feed(self):
        self.fed += 1

    async def live(self, lasting_s):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.dispatcher.run())
            for _ in range(lasting_s):
                for device in ("a", "b"):
                    now = self.clock.now()
                    self.site.put(self.fakes.reading(device, now, 0.0, soc_pct=50.0))
                await self.clock.sleep(seconds(1))
            running.cancel()

    def told(self, device):
        return [s for s in self.commands if s.device == device]


@pytest.fixture
def pit(clock, fakes, exchange, tenderer, virtual):
    """``pit(seconds, prepare)`` returns the pit after so long."""

    def run(lasting_s, prepare=lambda pit: None):
        async def main():
            made = Pit(clock, fakes, exchange, tenderer)
            prepare(made)
            await made.live(lasting_s)
            return made

        return virtual(main())

    return run


def test_control_begins_with_the_first_second_and_not_with_the_first_gate(pit):
    made = pit(3)
    assert [s.quantity for s in made.told("a")] == [1000.0]
    assert made.fed >= 2


def test_a_lease_is_renewed_at_half(pit):
    made = pit(8, lambda p: p.floor.marketplace.auction("power", "a test"))
    assert len(made.told("a")) == 1
    later = pit(32).told("a")
    gaps = [(two.valid_until - one.valid_until) / SECOND for one, two in pairwise(later)]
    assert gaps
    assert max(gaps) <= 11


def test_a_device_whose_command_fails_leaves_the_others_theirs_and_the_watchdog_unfed(pit):
    def break_a(p):
        def broken(_setpoint):
            raise ZeroDivisionError

        p.stations["a"].command = broken

    made = pit(3, break_a)
    assert made.told("b")
    assert made.fed < 2


def test_a_device_whose_guard_fails_goes_to_its_fall_back_and_the_others_get_theirs(pit):
    def break_a(p):
        p.dispatcher._planner._devices = {"b": p.stations["b"].device, "a": _Broken(p)}

    made = pit(3, break_a)
    assert [s.quantity for s in made.told("b")] == [1000.0]
    assert made.told("a") == []
    assert made.fed < 2


class _Broken:
    """A device whose limits cannot be read."""

    def __init__(self, pit):
        self.fallback, self.role = Fallback(), pit.stations["a"].device.role

    @property
    def limits(self):
        raise ZeroDivisionError


@pytest.mark.parametrize("mode", [ControlMode.OBSERVE, ControlMode.ADVISE, ControlMode.HANDS_OFF])
def test_nothing_is_written_outside_act_and_the_watchdog_is_fed(pit, mode):
    made = pit(4, lambda p: setattr(p, "mode", mode))
    assert made.commands == []
    assert made.fed >= 3


def test_devices_that_are_held_hear_a_beat_a_second_after_a_healthy_pass(pit):
    made = pit(10, lambda p: p.armed.add("a"))
    assert set(made.beats) == {"a"}
    assert made.fed - 1 <= len(made.beats) <= made.fed


def test_a_pass_that_failed_for_one_device_beats_for_none(pit):
    def break_a(p):
        p.armed |= {"a", "b"}

        def broken(_setpoint):
            raise ZeroDivisionError

        p.stations["a"].command = broken

    assert pit(5, break_a).beats == []


@pytest.mark.parametrize("mode", [ControlMode.OBSERVE, ControlMode.ADVISE, ControlMode.HANDS_OFF])
def test_nothing_beats_outside_act(pit, mode):
    def prepare(p):
        p.mode, p.armed = mode, {"a", "b"}

    assert pit(4, prepare).beats == []
