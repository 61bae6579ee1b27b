"""One device's station: polls it in aligned slots and writes the newest setpoint.

Reading and writing are two tasks on one line; the line puts writes first.  A device that does
not answer costs only its own slot.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import structlog

from gateway.model.device import Device, DeviceState
from gateway.model.errors import (
    DeviceMisbehaves,
    DeviceUnavailable,
    GridtenderError,
    JournalFailed,
    RequestRefused,
)
from gateway.model.event import Described
from gateway.model.reading import Reading
from gateway.model.setpoint import Outcome, Setpoint, Written
from gateway.model.time import HOUR, MILLISECOND, MINUTE, SECOND, Duration, Instant
from gateway.ports.armory import Armory
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.driver import Beating, Driver, Probing, Recalling
from gateway.runtime.events import DeviceEvents
from gateway.runtime.past import Past
from gateway.runtime.site import Site

_MISSES_TO_OFFLINE = 3
_DEGRADED = frozenset({DeviceState.OFFLINE, DeviceState.FAULTY})
_AWAY = frozenset({DeviceState.OFFLINE, DeviceState.SLEEPING})
# A dead unit on a shared line is asked less often, so that it does not slow its neighbours.
_DEAD_NEIGHBOUR_POLL = Duration(10 * SECOND)
# What a device refused when it was connected is asked for again, ever later.
_FIRST_PROBE, _LAST_PROBE = MINUTE, HOUR
# A little less than a second, so that a pass every second finds it waiting for the next beat.
_BEAT = Duration(900 * MILLISECOND)
_T = TypeVar("_T")
_FAULTS = (DeviceUnavailable, DeviceMisbehaves, RequestRefused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A setpoint and what the device made of it."""

    setpoint: Setpoint
    written: Written


class Station:
    """Owns one driver; nobody else speaks with the device.

    ``neighbours``: the other devices on its line; ``turn``: they are read one after the other,
    so that a device's requests follow each other and none is asked more often than the rest.
    ``phase``: how long after the start of its slot the device is polled.
    ``on_poll``, where it is set, is told how many real seconds a poll took, and why it failed.
    ``on_reading`` and ``on_attempt`` are called in the station's task and must not block.
    """

    def __init__(
        self,
        *,
        device: Device,
        driver: Driver,
        neighbours: Collection[str],
        turn: asyncio.Lock,
        phase: Duration,
        clock: Clock,
        site: Site,
        bus: Bus,
        armory: Armory,
        past: Past,
        on_reading: Callable[[Reading], None],
        on_attempt: Callable[[Attempt], None],
    ) -> None:
        self.device = device
        self._driver = driver
        # Looked up once: asking a protocol costs as much as the rest of a beat.
        self._beating = driver if isinstance(driver, Beating) else None
        self._probing = driver if isinstance(driver, Probing) else None
        self._probe_pause = _FIRST_PROBE
        self._probe_at: Duration | None = None
        self._neighbours = neighbours
        self._turn = turn
        self._phase = phase
        self._clock = clock
        self._site = site
        self._bus = bus
        self._armory = armory
        self._past = past
        self._events = DeviceEvents(bus)
        self._on_reading = on_reading
        self._on_attempt = on_attempt
        self._connected = False
        self._recognised = False
        self._slept = False
        self._misses = 0
        self._newest: Setpoint | None = None
        self._mail = asyncio.Event()
        self._heart = asyncio.Event()
        self._writing = asyncio.Lock()
        self.on_poll: Callable[[float, BaseException | None], None] | None = None
        self._log = structlog.get_logger().bind(device=device.id)

    async def run(self) -> None:
        """Poll and write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll(), name=f"poller[{self.device.id}]")
            tasks.create_task(self._write_newest(), name=f"writer[{self.device.id}]")
            if self._beating is not None:
                tasks.create_task(self._beat(self._beating), name=f"heart[{self.device.id}]")

    def command(self, setpoint: Setpoint) -> None:
        """Hand over a setpoint; a newer one replaces one not yet written."""
        self._newest = setpoint
        self._mail.set()

    def beat(self) -> None:
        """Let a device that listens know that its controller lives, at most once a second.

        One that was not seen anew since it came back, or was written over, may be another one.
        """
        known = self._connected and self._recognised
        if known and self._beating is not None and self._beating.listens:
            self._heart.set()

    async def remember(self) -> None:
        """Have on the disk what the device is, where that changed."""
        await self._past.keep()

    async def silence(self) -> None:
        """Drop a waiting setpoint and return when no write is under way (before a release)."""
        self._newest = None
        async with self._writing:
            pass

    async def _beat(self, driver: Beating) -> None:
        """A beat that does not arrive is none: the device notices, and so do its readings."""
        while True:
            await self._heart.wait()
            start = self._clock.now()
            with suppress(*_FAULTS):
                await self._ask(driver.beat())
            await self._clock.sleep(Duration(max(0, start + _BEAT - self._clock.now())))
            self._heart.clear()

    async def _poll(self) -> None:
        # The first time at once: a house should not wait for its slot to be seen.
        await self._poll_once()
        while True:
            # A duration, not an instant: polling goes on whatever happens to the wall clock.
            await self._clock.sleep(Duration(self._next_slot() - self._clock.now()))
            await self._poll_once()

    async def _poll_once(self) -> None:
        began = perf_counter()
        try:
            reading = await self._read()
            if self._slept and not reading.asleep:
                self._connected = False  # what woke may be another, or can do other things
                reading = await self._read()
        except _FAULTS as fault:
            self._polled(began, fault)
            self._missed(str(fault))
        else:
            self._polled(began, None)
            self._received(reading)

    def _polled(self, began: float, fault: BaseException | None) -> None:
        if self.on_poll is not None:
            self.on_poll(perf_counter() - began, fault)

    def _next_slot(self) -> Instant:
        now, poll = self._clock.now(), self.device.poll
        if self._misses and self._slows_a_neighbour():
            poll = max(poll, _DEAD_NEIGHBOUR_POLL)
        if poll == 0:
            # As fast as it answers; a device that does not is asked ten times a second.
            return Instant(now + (100 if self._misses else 1) * MILLISECOND)
        return Instant(now - (now - self._phase) % poll + poll)

    def _slows_a_neighbour(self) -> bool:
        """Whether it is dead and others on its line are not."""
        if self._site.state(self.device.id) not in _AWAY:
            return False
        return any(self._site.state(d) is not DeviceState.OFFLINE for d in self._neighbours)

    async def _read(self) -> Reading:
        if self._probe_at is not None and self._clock.monotonic() >= self._probe_at:
            self._connected = False
        if not self._connected:
            # Never beside a write, which would find the driver between two descriptions.
            async with self._writing:
                if isinstance(self._driver, Recalling):
                    self._driver.recall(self._armory.get(self.device.id))
                description = await self._ask(self._driver.connect())
            self._connected, self._recognised, self._slept = True, False, False
            self._plan_probe()
            self._site.describe(self.device.id, description)
            self._bus.publish(Described(device=self.device.id, description=description))
            self._past.connected(description)
        try:
            async with self._turn:
                return await self._ask(self._driver.read())
        except DeviceUnavailable:
            self._connected = False
            raise

    def _plan_probe(self) -> None:
        """When to connect again, because this time not all could be seen."""
        if self._probing is None or not self._probing.incomplete:
            self._probe_at, self._probe_pause = None, _FIRST_PROBE
            return
        self._probe_at = Duration(self._clock.monotonic() + self._probe_pause)
        self._probe_pause = min(_LAST_PROBE, Duration(2 * self._probe_pause))

    async def _ask(self, answer: Awaitable[_T]) -> _T:
        """A driver's own fault is a fault of its device: it stops neither poller nor writer."""
        try:
            return await answer
        except GridtenderError:
            raise
        except Exception as error:
            self._log.exception("driver.failed")
            message = f"{self.device.id}: its driver failed: {error!r}"
            raise DeviceMisbehaves(message) from error

    def _missed(self, reason: str) -> None:
        self._misses += 1
        first = self._misses == 1 and not self._site.view(self.device.id, Instant(0)).reading
        if self._misses >= _MISSES_TO_OFFLINE or first:
            self._connected = False  # its map may have moved: look again
            self._past.recall()
            self._silent(reason)

    def _silent(self, reason: str) -> None:
        view = self._site.view(self.device.id, self._clock.now())
        rest = self._past.sleeps(view.reading, held=view.limit_w is not None)
        if rest:
            self._enter(DeviceState.SLEEPING, f"it does not answer, and {rest}")
        else:
            self._enter(DeviceState.OFFLINE, reason)

    def _received(self, reading: Reading) -> None:
        self._misses, self._slept = 0, reading.asleep
        if reading.overridden is not None:
            # It may have restarted, or be another one: seen anew before the next write.
            self._recognised = False
        self._site.put(reading)
        if reading.asleep:
            self._enter(DeviceState.SLEEPING, reading.rest or "the device says it sleeps")
        elif reading.fault:
            self._enter(DeviceState.FAULTY, reading.fault)
        else:
            self._enter(DeviceState.ONLINE, "")
        self._bus.publish(reading)
        self._past.heard(reading)
        self._events.take(reading)
        self._on_reading(reading)

    def _enter(self, state: DeviceState, reason: str) -> None:
        change = self._site.enter(self.device.id, state, self._clock.now(), reason)
        if change is not None:
            if state in _DEGRADED:
                self._log.warning("device.state_changed", state=state.value, reason=reason)
            else:
                self._log.info("device.state_changed", state=state.value, reason=reason)
            self._bus.publish(change)

    async def _write_newest(self) -> None:
        while True:
            await self._mail.wait()
            self._mail.clear()
            async with self._writing:
                setpoint, self._newest = self._newest, None
                if setpoint is not None:
                    written = await self._write(setpoint)
                    self._on_attempt(Attempt(setpoint=setpoint, written=written))

    async def _write(self, setpoint: Setpoint) -> Written:
        """Arm once, then write and read back; a failure is an outcome, renewed later."""
        try:
            if not self._connected:
                raise DeviceUnavailable(self._not_connected)
            # One that answered the last poll badly may be another by now: it is looked at first.
            unsure = self._misses or not self._recognised
            if unsure or self._armory.get(self.device.id) is None:
                await self._arm()
                self._recognised = True
            return await self._ask(self._driver.write(setpoint))
        except (*_FAULTS, JournalFailed) as fault:
            return Written(
                outcome=Outcome.REFUSED, quantity=None, at=self._clock.now(), detail=str(fault)
            )

    async def _arm(self) -> None:
        """Keep the words found, once, and where it is now; first see that it is the same device.

        Raises:
            DeviceMisbehaves: another device answers at the address of the armed one.
        """
        found, known = await self._ask(self._driver.arm()), self._armory.get(self.device.id)
        if known is not None and known.identity != found.identity:
            message = (
                f"another device answers at {self.device.connection} than the one that was armed: "
                f"nothing is written to it; if it was replaced, remove "
                f"arming/{self.device.id}.json in the state directory"
            )
            raise DeviceMisbehaves(message)
        await self._armory.store(found)
        if known is None:
            self._log.info("device.armed")
        elif isinstance(self._driver, Recalling):
            self._driver.recall(known)

    @property
    def _not_connected(self) -> str:
        return f"{self.device.id} is not connected; the setpoint waits for its next renewal"
