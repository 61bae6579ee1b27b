"""What is promised of arm and write: the lease, the way back, and what is said of both."""

import asyncio
from dataclasses import replace

from gateway.model.device import Control, Description, Fallback, Timer
from gateway.model.errors import DeviceMisbehaves
from gateway.model.setpoint import Outcome, RegisterWrite
from gateway.ports.driver import Beating
from gateway.testing.promises import Broken, Promise
from gateway.testing.registers import (
    check_as_found,
    check_record,
    check_told,
    check_written,
    registers,
)
from gateway.testing.specimen import Specimen
from gateway.testing.stage import on_virtual_time, storms
from gateway.testing.trial import Trial
from gateway.testing.weather import FAILURES, FAIR, GARBAGE, Weather

_LEASE_S = 60
_ROUNDING = 1e-6


def check_steering(specimen: Specimen, description: Description, found: list[Broken]) -> bool:
    """Everything about control; whether the device can be steered at all."""
    able = description.capabilities
    if able.control is Control.NONE:
        on_virtual_time(_only_reads, specimen, found)
        return False
    if specimen.level_w is None:
        found.append(Broken(Promise.HEALTHY, "it can be steered: say at which level, level_w"))
        return False
    steps = (_leased, _left_by_the_record, _restarted, _written_by_another, _deaf, _side_by_side)
    for step in steps:
        on_virtual_time(step, specimen, found)
    if able.timer is not None and not specimen.watchdog:
        on_virtual_time(_timed, specimen, found, able.timer)
    _check_levels(specimen, found)
    return True


def check_steering_under_faults(specimen: Specimen, found: list[Broken]) -> None:
    """Strike every request of arming, writing and releasing with every fault."""

    async def fair() -> tuple[int, int]:
        trial = Trial(specimen, found)
        await trial.connect()
        first = len(trial.line.asked)
        await _steer(trial)
        return first, len(trial.line.asked)

    first, requests = on_virtual_time(fair)
    for weather in storms(requests, (*FAILURES, *GARBAGE), first):
        on_virtual_time(_under, specimen, found, weather)


async def _only_reads(specimen: Specimen, found: list[Broken]) -> None:
    trial = Trial(specimen, found)
    await trial.connected()
    if await trial.arm() is not None or not isinstance(trial.failed, DeviceMisbehaves):
        trial.broken(Promise.KINDS, "control is NONE, so arm raises DeviceMisbehaves and says why")
    if specimen.level_w is not None:
        trial.broken(Promise.HEALTHY, "a level is given, but it says that it cannot be steered")


async def _armed(specimen: Specimen, found: list[Broken]) -> Trial:
    """A trial that is connected and armed."""
    trial = Trial(specimen, found)
    if await trial.connected() is not None and await trial.arm() is None:
        trial.broken(Promise.HEALTHY, f"arm failed: {trial.failed}")
    return trial


async def _steer(trial: Trial) -> None:
    """Arm, write, read, release, as long as nothing fails."""
    if (
        await trial.arm() is not None
        and await trial.write(trial.specimen.level, _LEASE_S) is not None
        and await trial.read() is not None
    ):
        await trial.write(None, 0)


async def _leased(specimen: Specimen, found: list[Broken]) -> None:
    """Written, read, renewed, released."""
    trial = await _armed(specimen, found)
    wrote = [await _one_write(trial) for _ in range(2)]
    if trial.able.timer is not None and not wrote[-1]:
        trial.broken(Promise.TIMER, "the second write of the same level wrote nothing")
    before = len(trial.line.asked)
    released = await trial.write(None, 0)
    if released is None or released.outcome is not Outcome.ACCEPTED:
        trial.broken(Promise.NEUTRAL, f"the release came to {released or trial.failed}")
    elif released.quantity is not None:
        trial.broken(Promise.NEUTRAL, f"the release says {released.quantity:g} W, not None")
    check_told(trial, released, before)
    check_as_found(trial, Promise.NEUTRAL, "after the release")
    check_record(trial)
    for seen in trial.line.outside:
        trial.broken(Promise.LIMITS, seen)


async def _one_write(trial: Trial) -> tuple[RegisterWrite, ...]:
    """The level, and a reading after it; what was written."""
    before = len(trial.line.asked)
    check_written(trial, await trial.write(trial.specimen.level, _LEASE_S), before)
    wrote = trial.written(before)
    reading = await trial.read()
    if reading is not None and reading.overridden is not None:
        trial.broken(Promise.LEVEL, f"the reading after it says: {reading.overridden}")
    return wrote


async def _left_by_the_record(specimen: Specimen, found: list[Broken]) -> None:
    """What ``gridtender release`` does: the words of the record, without the driver."""
    trial = await _armed(specimen, found)
    await trial.write(specimen.level, _LEASE_S)
    if trial.record is not None:
        trial.put(trial.record.found)
        check_as_found(trial, Promise.ARMING, "after the words found were written back")


async def _restarted(specimen: Specimen, found: list[Broken]) -> None:
    """The program ends while it steers, and the next life lets go."""
    trial = await _armed(specimen, found)
    await trial.write(specimen.level, _LEASE_S)
    trial.driver = trial.open()
    await trial.connected()
    await trial.arm()
    await trial.write(specimen.level, _LEASE_S)
    await trial.write(None, 0)
    check_as_found(trial, Promise.NEUTRAL, "after a restart and a release")


async def _written_by_another(specimen: Specimen, found: list[Broken]) -> None:
    trial = await _armed(specimen, found)
    await trial.write(specimen.level, _LEASE_S)
    await trial.read()
    if trial.record is not None:
        trial.put(trial.record.found)
        reading = await trial.read()
        if reading is not None and reading.overridden is None:
            trial.broken(Promise.OTHERS, "the words found were put back, and overridden is None")


async def _deaf(specimen: Specimen, found: list[Broken]) -> None:
    """The device says yes to every write and changes nothing."""
    trial = await _armed(specimen, found)
    trial.line.deaf = True
    written = await trial.write(specimen.level, _LEASE_S)
    if written is not None and written.outcome is Outcome.ACCEPTED:
        trial.broken(Promise.READ_BACK, "accepted, although the device ignored the write")


async def _side_by_side(specimen: Specimen, found: list[Broken]) -> None:
    """A write waits for no read: words of before are nobody else's."""
    trial = await _armed(specimen, found)
    for level in (specimen.level, None):
        async with asyncio.TaskGroup() as both:
            reading = both.create_task(trial.read())
            both.create_task(trial.write(level, _LEASE_S))
        seen = reading.result()
        if seen is None:
            trial.broken(Promise.HEALTHY, f"a read beside a write failed: {trial.failed}")
        elif seen.overridden is not None:
            trial.broken(Promise.LEVEL, f"a reading beside a write says: {seen.overridden}")
    if isinstance(trial.driver, Beating) and trial.driver.listens:
        await trial.beat(trial.driver)


async def _timed(specimen: Specimen, found: list[Broken], timer: Timer) -> None:
    """Twice the lease is twice a word of the timer, whatever its unit."""
    lease_s = min(_LEASE_S, timer.max_s // 2)
    trials: list[Trial] = []
    for timer_s in (lease_s, 2 * lease_s):
        trials.append(await _armed(specimen, found))
        await trials[-1].write(specimen.level, timer_s)
    places = {at for trial in trials for at in registers(trial.written())}
    short, long = ({at: trial.word(at) for at in sorted(places)} for trial in trials)
    if not any(word and word == 2 * (short[at] or 0) for at, word in long.items()):
        seen = f"for {lease_s} s there stands {short}, for {2 * lease_s} s {long}"
        found.append(Broken(Promise.TIMER, seen))


def _check_levels(specimen: Specimen, found: list[Broken]) -> None:
    """The record holds words for a fall-back level, and none for the device's own rule."""

    async def armed(level_w: float | None) -> None:
        device = replace(specimen.device, fallback=Fallback(level_w=level_w))
        trial = await _armed(replace(specimen, device=device), found)
        await trial.write(specimen.level, _LEASE_S)
        if trial.record is None:
            return
        if level_w is None:
            if trial.record.level:
                trial.broken(Promise.ARMING, "there are words for a level that is its own rule")
            return
        steered = {at: trial.word(at) for at in registers(trial.record.level)}
        trial.put(trial.record.level)
        if all(trial.word(at) == word for at, word in steered.items()):
            trial.broken(Promise.ARMING, f"nothing in it brings the device to {level_w:g} W")
        trial.put(trial.record.found)
        check_as_found(trial, Promise.ARMING, "after the level, then the words found")

    on_virtual_time(armed, 0.0)
    on_virtual_time(armed, None)


async def _under(specimen: Specimen, found: list[Broken], weather: Weather) -> None:
    trial = Trial(specimen, found, weather)
    await trial.connect()
    await _steer(trial)
    trial.line.weather = FAIR
    if await trial.connect() is None:
        trial.broken(Promise.AGAIN, f"once all was well again it said: {trial.failed}")
    elif weather.fails:
        await trial.arm()
        released = await trial.write(None, 0)
        if released is None or released.outcome is not Outcome.ACCEPTED:
            trial.broken(Promise.AGAIN, f"the release came to {released or trial.failed}")
        check_as_found(trial, Promise.NEUTRAL, "after a failure and a release")
