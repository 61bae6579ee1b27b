"""One device's rhythm: its slots, its misses, and its newest setpoint."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from gateway.model.device import DeviceState
from gateway.model.errors import DeviceMisbehaves, RequestRefused
from gateway.model.event import Described, StateChanged
from gateway.model.setpoint import Outcome, RegisterWrite
from gateway.model.time import MILLISECOND, SECOND, Duration, seconds
from gateway.runtime.past import Past
from gateway.runtime.station import Station


class Bench:
    """A station, its fakes and what it told."""

    def __init__(self, clock, fakes, *, neighbours=(), listens=False, **device):
        self.clock = clock
        self.fakes = fakes
        driver = fakes.Driver(clock, fakes.target)
        self.driver = Listening(driver) if listens else driver
        configured = fakes.device(**device)
        self.site = fakes.site(configured, *(fakes.device(n) for n in neighbours))
        self.bus, self.armory = fakes.Heard(), fakes.Armory()
        self.readings, self.attempts = [], []
        self.station = Station(
            device=configured,
            driver=self.driver,
            neighbours=neighbours,
            turn=asyncio.Lock(),
            phase=Duration(0),
            clock=clock,
            site=self.site,
            bus=self.bus,
            armory=self.armory,
            past=Past(
                device=configured, memory=fakes.Memory(), sun=None, clock=clock, bus=self.bus
            ),
            on_reading=self.readings.append,
            on_attempt=self.attempts.append,
        )

    async def live(self, script, lasting_s=0.0):
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.station.run())
            await script(self)
            await self.clock.sleep(seconds(lasting_s))
            running.cancel()

    @property
    def states(self):
        return [f.state for f in self.bus if isinstance(f, StateChanged)]


@pytest.fixture
def bench(clock, fakes, virtual):
    """``bench(script, lasting_s, **device)`` returns the bench after the script."""

    def run(script, lasting_s=0.0, **more):
        made = Bench(clock, fakes, **more)
        virtual(made.live(script, lasting_s))
        return made

    run.world, run.virtual = (clock, fakes), virtual
    return run


async def wait(bench, s=3.5):
    await bench.clock.sleep(seconds(s))


def test_it_connects_once_reads_at_once_and_then_in_aligned_slots(bench):
    async def script(b):
        await wait(b, 0.3)
        await b.live(lambda _: wait(b, 5.5))

    made = Bench(*bench.world)
    bench.virtual(script(made))
    assert made.driver.connects == 1
    assert [r.at % SECOND for r in made.readings] == [300 * MILLISECOND, *[0] * 5]
    assert len([f for f in made.bus if isinstance(f, Described)]) == 1


def test_a_poll_of_0_leaves_time_for_others(bench):
    made = bench(lambda b: wait(b, 0.01), poll=Duration(0))
    assert 5 <= len(made.readings) <= 11


def test_three_misses_in_a_row_are_offline_and_an_answer_is_online(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.fault = b.fakes.unavailable()
        await wait(b, 2.0)
        seen.append(b.site.state("d"))
        await wait(b, 1.0)
        seen.append(b.site.state("d"))
        b.driver.fault = None
        await wait(b, 1.0)

    seen = []
    made = bench(script)
    assert seen == [DeviceState.ONLINE, DeviceState.OFFLINE]
    assert made.states == [DeviceState.ONLINE, DeviceState.OFFLINE, DeviceState.ONLINE]
    assert made.driver.connects == 2


def test_a_device_whose_map_moved_is_connected_again(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.fault = DeviceMisbehaves("another model stands there")
        await wait(b, 3.0)
        b.driver.fault = None
        await wait(b, 1.0)

    assert bench(script).driver.connects == 2


def test_a_drivers_own_fault_is_a_miss_and_the_writer_goes_on(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.fault = ZeroDivisionError()
        await wait(b, 1.0)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.driver.fault = None
        b.station.command(b.fakes.setpoint(2.0))
        await wait(b, 1.0)

    made = bench(script)
    assert [a.written.outcome for a in made.attempts] == [Outcome.REFUSED, Outcome.ACCEPTED]
    assert "its driver failed" in made.attempts[0].written.detail
    assert made.readings


def test_the_first_write_arms_and_later_ones_do_not(bench):
    async def script(b):
        await wait(b, 1.5)
        for quantity in (1.0, 2.0):
            b.station.command(b.fakes.setpoint(quantity))
            await wait(b, 0.1)

    made = bench(script)
    assert [q for q, _ in made.driver.written] == [1.0, 2.0]
    assert list(made.armory) == ["d"]


def test_a_device_that_moved_is_let_go_of_where_it_is_now_to_the_words_found_first(bench):
    first = (RegisterWrite(address=7, words=(42,)),)

    async def script(b):
        met = await b.driver.arm()
        await b.armory.store(replace(met, connection="mem://before", found=first))
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)

    kept = bench(script).armory["d"]
    assert (kept.connection, kept.found) == ("mem://d", first)


def test_a_device_that_refused_to_be_read_is_looked_at_before_it_is_written_to(bench):
    async def script(b):
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        read, b.driver.read = b.driver.read, refused
        await wait(b, 1.0)
        b.driver.arm = another
        b.station.command(b.fakes.setpoint(2.0))
        await wait(b, 0.1)
        b.driver.read = read

    async def refused():
        message = "exception 2"
        raise RequestRefused(message, code=2)

    async def another():
        message = "the chain has moved"
        raise DeviceMisbehaves(message)

    made = bench(script)
    assert [q for q, _ in made.driver.written] == [1.0]
    assert made.attempts[-1].written.outcome is Outcome.REFUSED


def test_nothing_is_written_when_the_record_cannot_be_kept(bench):
    class Full(dict):
        async def store(self, _arming):
            from gateway.model.errors import JournalFailed  # noqa: PLC0415

            message = "disk full"
            raise JournalFailed(message)

    async def script(b):
        b.station._armory = Full()
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)

    made = bench(script)
    assert made.driver.written == []
    assert made.attempts[0].written.detail == "disk full"


def test_only_the_newest_of_waiting_setpoints_is_written(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.write_takes = Duration(100 * MILLISECOND)
        for quantity in (1.0, 2.0, 3.0, 4.0):
            b.station.command(b.fakes.setpoint(quantity))
            await wait(b, 0.01)
        await wait(b, 0.5)

    assert [q for q, _ in bench(script).driver.written] == [1.0, 4.0]


def test_a_setpoint_for_a_device_that_is_not_connected_is_refused(bench):
    async def script(b):
        b.driver.fault = b.fakes.unavailable()
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)

    attempt = bench(script).attempts[0]
    assert attempt.written.outcome is Outcome.REFUSED
    assert "not connected" in attempt.written.detail


def test_silence_waits_for_the_write_under_way_and_drops_the_next(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.write_takes = Duration(300 * MILLISECOND)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.station.command(b.fakes.setpoint(2.0))
        await b.station.silence()
        assert b.driver.busy == 0
        await wait(b, 1.0)

    assert [q for q, _ in bench(script).driver.written] == [1.0]


def test_a_connect_waits_for_the_write_under_way(bench):
    async def script(b):
        await wait(b, 1.5)
        b.driver.write_takes = Duration(2500 * MILLISECOND)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.station._connected = False
        await wait(b, 5.0)

    assert bench(script).driver.connects == 2  # the fake asserts that no write runs then


def test_a_dead_unit_slows_no_neighbour(bench):
    async def script(b):
        b.site.enter("other", DeviceState.ONLINE, b.clock.now(), "")
        b.driver.fault = b.fakes.unavailable()
        await wait(b, 25.0)
        before = b.driver.reads
        b.driver.fault = None
        await wait(b, 6.0)
        assert b.driver.reads > before

    assert bench(script, neighbours=("other",)).states[-1] is DeviceState.ONLINE


@pytest.mark.parametrize(
    ("more", "state"),
    [({"asleep": True}, DeviceState.SLEEPING), ({"fault": "GROUND_FAULT"}, DeviceState.FAULTY)],
)
def test_sleeping_and_faulty_are_what_the_device_says(bench, more, state):
    async def script(b):
        read = b.driver.read

        async def other():
            return replace(await read(), **more)

        b.driver.read = other
        await wait(b, 1.5)

    assert bench(script).states == [state]


class TwoRequests:
    """A driver whose read takes two requests; ``log`` holds who asked."""

    def __init__(self, driver, name, log):
        self._driver, self._name, self._log = driver, name, log
        self.connect = driver.connect

    async def read(self):
        for _ in range(2):
            self._log.append(self._name)
            await asyncio.sleep(0.01)
        return await self._driver.read()


def test_requests_of_one_read_are_not_mixed_with_those_of_a_neighbour(clock, fakes, virtual):
    log, turn = [], asyncio.Lock()
    houses = [Bench(clock, fakes, poll=Duration(0)) for _ in "ab"]
    for name, house in zip("ab", houses, strict=True):
        house.station._driver = TwoRequests(house.driver, name, log)
        house.station._turn = turn

    async def both():
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(house.station.run()) for house in houses]
            await clock.sleep(seconds(1))
            for task in running:
                task.cancel()

    virtual(both())
    reads = [log[at : at + 2] for at in range(0, len(log) - 1, 2)]
    assert len(reads) > 20
    assert all(first == second for first, second in reads)
    assert {first for first, _ in reads[:2]} == {"a", "b"}


class Listening:
    """A driver's heartbeat beside its other duties; ``takes_s`` is the line's."""

    def __init__(self, driver):
        self._driver, self.takes_s = driver, 0.0
        self.listens, self.beats, self.recalled = True, [], []

    def __getattr__(self, name):
        return getattr(self._driver, name)

    async def beat(self):
        self.beats.append(self.clock.now())
        await self.clock.sleep(seconds(self.takes_s))

    def recall(self, arming):
        self.recalled.append(arming)


def test_a_device_that_listens_hears_at_most_one_beat_a_second(bench):
    async def script(b):
        await wait(b, 0.5)
        b.station.command(b.fakes.setpoint(1.0))
        for _ in range(40):
            b.station.beat()
            await wait(b, 0.25)

    heard = bench(script, listens=True).driver.beats
    gaps = [(two - one) / SECOND for one, two in pairwise(heard)]
    assert 9 <= len(heard) <= 12
    assert min(gaps) >= 0.9


def test_a_slow_heartbeat_delays_no_setpoint(bench):
    async def script(b):
        b.driver.takes_s = 5.0
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.station.beat()
        await wait(b, 0.1)
        b.station.command(b.fakes.setpoint(2.0))
        await wait(b, 0.1)

    made = bench(script, listens=True)
    assert len(made.driver.beats) == 1
    assert [q for q, _ in made.driver.written] == [1.0, 2.0]


def test_a_device_that_does_not_listen_hears_nothing(bench):
    async def script(b):
        b.driver.listens = False
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.station.beat()
        await wait(b, 2)

    assert bench(script, listens=True).driver.beats == []


def test_a_driver_is_told_what_an_earlier_life_found(bench):
    async def script(b):
        await wait(b, 1.5)
        b.station.command(b.fakes.setpoint(1.0))
        await wait(b, 0.1)
        b.first = list(b.driver.recalled)
        b.station._recognised = False
        b.station.command(b.fakes.setpoint(2.0))
        await wait(b, 0.1)
        b.second = list(b.driver.recalled)

    made = bench(script, listens=True)
    assert made.first == [None]
    assert made.second == [None, made.armory.get("d")]
