"""How warm it is where loads keep a temperature, and what was learned of each room.

Every quarter of an hour is one lesson: from where to where the temperature went at which mean
power.  What was learned is kept on the disk, losing it costs two days of plain steering.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import structlog

from gateway.forecast.thermal import learn, thermal
from gateway.model.comfort import Climate, Comfort, Learned
from gateway.model.device import Device
from gateway.model.errors import GridtenderError
from gateway.model.event import Fact
from gateway.model.reading import Quality, Reading
from gateway.model.resource import TEMPERATURE
from gateway.model.time import HOUR, MINUTE, Duration, Instant
from gateway.ports.bus import Bus
from gateway.runtime.keeping import Keeping
from gateway.runtime.site import Site

LESSON = Duration(15 * MINUTE)
# A temperature that nobody renewed for so long is unknown.
_STALE = Duration(30 * MINUTE)
_LONGEST = Duration(20 * MINUTE)  # of a lesson: with a hole in it, it is none
_KEPT_EVERY = 8  # lessons


@dataclass(slots=True)
class _Room:
    """What is measured of one load.

    Attributes:
        began, began_c: of the lesson under way; ``drawn``: W ns of it until ``drawn_to``.
    """

    comfort: Comfort
    learned: Learned
    temperature_c: float | None = None
    measured: Instant = Instant(0)
    began: Instant | None = None
    began_c: float = 0.0
    power_w: float | None = None
    drawn: float = 0.0
    drawn_to: Instant = Instant(0)


class Climates:
    """Keeps the site informed of the climate of each load that has a comfort.

    Args:
        load, store: what was learned, by device, on the disk.
    """

    def __init__(
        self,
        *,
        devices: Iterable[Device],
        load: Callable[[], Mapping[str, Learned]],
        store: Callable[[Mapping[str, Learned]], None],
        site: Site,
        bus: Bus,
        threaded: bool = False,
    ) -> None:
        self._store = store
        self._site = site
        self._threaded = threaded
        self._log = structlog.get_logger()
        self._keeping = Keeping(self._keep, self._not_kept)
        self._lessons = 0
        learned = self._read(load)
        self._rooms = {
            device.id: _Room(device.comfort, learned.get(device.id, Learned()))
            for device in devices
            if device.comfort is not None
        }
        self._told_by: dict[str, list[str]] = {}
        for name, room in self._rooms.items():
            self._told_by.setdefault(room.comfort.sensor or name, []).append(name)
        if self._rooms:
            bus.listen(self._hear)

    def _hear(self, fact: Fact) -> None:
        if not isinstance(fact, Reading) or fact.quality is not Quality.GOOD:
            return
        for name in self._told_by.get(fact.device, ()):
            self._note_temperature(self._rooms[name], fact)
        room = self._rooms.get(fact.device)
        if room is not None:
            self._note_power(room, fact)
        for name in {fact.device, *self._told_by.get(fact.device, ())} & self._rooms.keys():
            self._review(name, self._rooms[name], fact.at)

    @staticmethod
    def _note_temperature(room: _Room, reading: Reading) -> None:
        told = reading.flows.get(TEMPERATURE)
        if told is not None:
            room.temperature_c, room.measured = told, reading.at

    @staticmethod
    def _note_power(room: _Room, reading: Reading) -> None:
        """What was measured before held until now."""
        if room.power_w is not None and room.began is not None:
            room.drawn += room.power_w * max(reading.at - max(room.drawn_to, room.began), 0)
        room.power_w, room.drawn_to = reading.power_w, reading.at

    def _review(self, name: str, room: _Room, now: Instant) -> None:
        """End a lesson that is due, and tell the site."""
        if room.temperature_c is None or now - room.measured > _STALE:
            room.began = None
            self._site.climate(name, None)
            return
        if room.began is None or not 0 <= now - room.began <= _LONGEST:
            self._begin(room, now)
        elif now - room.began >= LESSON and room.comfort.tank is None:
            self._learn(room, now)
        tank = room.comfort.tank
        known = tank.thermal if tank else thermal(room.learned, cooling=room.comfort.cooling)
        climate = Climate(
            comfort=room.comfort,
            temperature_c=room.temperature_c,
            thermal=known,
            rise_by=self._rise_by(room, room.temperature_c, now),
        )
        self._site.climate(name, climate)

    def _rise_by(self, room: _Room, now_c: float, now: Instant) -> Instant | None:
        """When a tank has to be at its rise again; from the first sight on."""
        tank = room.comfort.tank
        if tank is None or tank.rise_c is None:
            return None
        risen = room.learned.risen
        if not risen or (now_c >= tank.rise_c and now - risen >= LESSON):
            risen = now
            room.learned = replace(room.learned, risen=risen)
            self._save()
        return Instant(risen + tank.every)

    @staticmethod
    def _begin(room: _Room, now: Instant) -> None:
        room.began, room.began_c = now, room.temperature_c or 0.0
        room.drawn, room.drawn_to = 0.0, now

    def _learn(self, room: _Room, now: Instant) -> None:
        if room.began is not None and room.temperature_c is not None and room.power_w is not None:
            drawn = room.drawn + room.power_w * max(now - room.drawn_to, 0)
            span = now - room.began
            room.learned = learn(
                room.learned,
                from_c=room.began_c,
                to_c=room.temperature_c,
                power_w=drawn / span,
                hours=span / HOUR,
            )
            self._lessons += 1
            if self._lessons % _KEPT_EVERY == 0:
                self._save()
        self._begin(room, now)

    def _save(self) -> None:
        self._keeping.keep({name: one.learned for name, one in self._rooms.items()})

    async def _keep(self, learned: Mapping[str, Learned]) -> None:
        if self._threaded:
            await asyncio.to_thread(self._store, learned)
        else:
            self._store(learned)

    def _not_kept(self, why: str) -> None:
        self._log.error("climate.not_kept", reason=why)

    def _read(self, load: Callable[[], Mapping[str, Learned]]) -> Mapping[str, Learned]:
        try:
            return load()
        except GridtenderError as fault:
            self._log.error("climate.unreadable", reason=str(fault))
            return {}
