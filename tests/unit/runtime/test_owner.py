"""The owner is in charge, on a full disk too."""

import asyncio
import threading

from structlog.testing import capture_logs

from gateway.adapters.state import StateUnusable
from gateway.model.event import ControlChanged
from gateway.model.site import ControlMode, OwnerControl
from gateway.model.time import SECOND, Duration, Instant, seconds
from gateway.runtime.owner import Owner

ACT, OFF, OBSERVE = ControlMode.ACT, ControlMode.HANDS_OFF, ControlMode.OBSERVE


class Desk:
    """A state directory, what was carried out, and an owner before it."""

    def __init__(self, clock, fakes, configured=ACT, stored=None, broken=False):
        self.file, self.full, self.broken = stored, False, broken
        self.clock, self.done, self.bus = clock, [], fakes.Heard()
        self.takes = Duration(0)
        self.owner = Owner(
            configured=configured,
            stored=self.read,
            store=self.write,
            clock=clock,
            bus=self.bus,
            on_change=self.carry_out,
        )

    def read(self):
        if self.broken:
            message = "not JSON"
            raise StateUnusable(message)
        return self.file

    def write(self, control):
        if self.full:
            message = "no space left"
            raise StateUnusable(message)
        self.file = control

    async def carry_out(self, mode):
        await self.clock.sleep(self.takes)
        self.done.append((mode, self.owner.mode()))

    async def live(self, script, lasting_s=10):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.owner.run())
            await self.clock.sleep(seconds(0.5))
            await script(self)
            await self.clock.sleep(seconds(lasting_s))
            running.cancel()


async def nothing(_desk):
    pass


def test_without_a_word_the_configuration_holds(virtual, clock, fakes):
    desk = Desk(clock, fakes, configured=OBSERVE)
    virtual(desk.live(nothing))
    assert [(f.control.mode, f.by) for f in desk.bus] == [(OBSERVE, "configuration")]
    assert desk.done == []


def test_what_was_said_is_stored_told_and_carried_out(virtual, clock, fakes):
    desk = Desk(clock, fakes)
    virtual(desk.live(lambda d: d.owner.say(OwnerControl(mode=OFF), "topic")))
    assert desk.file == OwnerControl(mode=OFF)
    assert [f.by for f in desk.bus if isinstance(f, ControlChanged)] == ["configuration", "topic"]
    assert desk.done == [(OFF, OFF)]


def test_a_mode_ends_by_itself(virtual, clock, fakes):
    desk = Desk(clock, fakes)

    async def off_for_3_s(_):
        await desk.owner.say(OwnerControl(mode=OFF, until=Instant(clock.now() + 3 * SECOND)), "x")

    virtual(desk.live(off_for_3_s))
    assert [mode for mode, _ in desk.done] == [OFF, ACT]
    assert [f.by for f in desk.bus] == ["configuration", "x", "end"]


def test_a_command_left_in_the_state_directory_is_noticed_within_a_second(virtual, clock, fakes):
    desk = Desk(clock, fakes)

    async def command(_):
        desk.file = OwnerControl(mode=OFF)

    virtual(desk.live(command, lasting_s=1))
    assert [mode for mode, _ in desk.done] == [OFF]
    assert desk.bus[-1].by == "command"


def test_hands_off_holds_although_the_disk_is_full(virtual, clock, fakes):
    desk = Desk(clock, fakes)
    desk.full = True
    virtual(desk.live(lambda d: d.owner.say(OwnerControl(mode=OFF), "topic")))
    assert desk.done == [(OFF, OFF)]


def test_a_state_that_breaks_while_running_changes_nothing(virtual, clock, fakes):
    desk = Desk(clock, fakes, stored=OwnerControl(mode=OFF))

    async def spoil(_):
        desk.broken = True

    async def look(d):
        await spoil(d)
        await clock.sleep(seconds(3))
        modes.append(d.owner.mode())

    modes = []
    virtual(desk.live(look))
    assert modes == [OFF]


def test_act_waits_until_letting_go_is_done(virtual, clock, fakes):
    desk = Desk(clock, fakes)
    desk.takes = Duration(5 * SECOND)
    seen = []

    async def off_then_on(_):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(desk.owner.say(OwnerControl(mode=OFF), "topic"))
            await clock.sleep(seconds(1))
            tasks.create_task(desk.owner.say(OwnerControl(mode=ACT), "topic"))
            await clock.sleep(seconds(1))
            seen.append(desk.owner.mode())
        seen.append(desk.owner.mode())

    virtual(desk.live(off_then_on))
    assert seen == [OFF, ACT]
    assert [mode for mode, _ in desk.done] == [OFF, ACT]


def test_what_cannot_be_read_at_the_start_is_hands_off_until_it_can(virtual, clock, fakes):
    with capture_logs() as said:
        desk = Desk(clock, fakes, broken=True)
        modes = [desk.owner.mode()]

        async def mend(d):
            await clock.sleep(seconds(5))
            modes.append(d.owner.mode())
            d.broken = False

        virtual(desk.live(mend))
    assert [*modes, desk.owner.mode()] == [OFF, OFF, ACT]
    assert [mode for mode, _ in desk.done] == [ACT]
    assert [one["event"] for one in said].count("control.unreadable") == 1


class Ticking:
    """A second is one turn of the loop; a script goes on at each."""

    def __init__(self):
        self.ticks = asyncio.Queue()

    def now(self):
        return Instant(0)

    async def sleep(self, _duration):
        self.ticks.put_nowait(None)
        await asyncio.sleep(0)


async def test_a_disk_that_hangs_holds_up_no_later_word_and_brings_back_no_earlier_one(fakes):
    clock, free, file = Ticking(), threading.Event(), [None]

    def store(control):
        free.wait(10)
        file[0] = control

    async def carry_out(_mode):
        pass

    owner = Owner(
        configured=OBSERVE,
        stored=lambda: file[0],
        store=store,
        clock=clock,
        bus=fakes.Heard(),
        on_change=carry_out,
        threaded=True,
    )
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(owner.run())
        for mode in (ACT, OFF):
            await owner.say(OwnerControl(mode=mode), "topic")
            assert owner.mode() is mode
        file[0] = OwnerControl(mode=ACT)  # the earlier word has this moment been written
        for _ in range(5):
            await clock.ticks.get()
            assert owner.mode() is OFF
        free.set()
        while file[0] != OwnerControl(mode=OFF):
            await clock.ticks.get()
        assert owner.mode() is OFF
        running.cancel()
