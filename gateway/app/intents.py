"""The house's own calendar: events that are wishes of loads, or leave loads alone.

A wish holds from the beginning of its event; its deadline is what the words say, else the event's
end.  A programme starts when its event begins, which is told ahead where nothing else is wished
of the load.  An event that is moved, changed or removed takes what it said along.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import structlog

from gateway.app.availability import file_mark
from gateway.config.calendars import calendar_text
from gateway.model.device import Device
from gateway.model.errors import SettingsError, WrongInput
from gateway.model.intent import Intent, intent_of
from gateway.model.opt_out import OptOut
from gateway.model.time import HOUR, Instant, Interval, rfc3339
from gateway.model.wish import NOW, Wish
from gateway.ports.clock import Clock
from gateway.runtime.opt_outs import OptOuts
from gateway.runtime.wishes import Wishes

if TYPE_CHECKING:
    from gateway.adapters.calendar_events import Event

_BY: Final = "calendar"
_BACK: Final = 48 * HOUR
_AHEAD: Final = 36 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An intent of one occurrence, as it was last understood."""

    intent: Intent
    name: str
    end: Instant


_Key = tuple[str, str, Instant]


class Intents:
    """Looks into the calendar; ``file`` empty = there is none.

    Args:
        devices: loads that can be wished of, or left alone.
        zone: of whole days, and of times without a zone.
        threaded: disk work beside the loop.
    """

    def __init__(
        self,
        *,
        file: str,
        zone: str,
        devices: Sequence[Device],
        wishes: Wishes,
        opt_outs: OptOuts,
        clock: Clock,
        threaded: bool,
    ) -> None:
        self._file = file
        self._zone = zone
        self._devices = tuple(devices)
        self._wishes = wishes
        self._opt_outs = opt_outs
        self._clock = clock
        self._threaded = threaded
        self._log = structlog.get_logger()
        self._mark: object = None
        self._events: tuple[Event, ...] = ()
        self._held: dict[_Key, _Held] = {}
        self._odd: set[tuple[str, str]] = set()

    async def look(self) -> None:
        """Take what the calendar says now."""
        if not self._file:
            return
        if (mark := file_mark(Path(self._file))) != self._mark:
            self._mark = mark
            threaded = self._threaded
            self._events = await asyncio.to_thread(self._read) if threaded else self._read()
        self._take(self._clock.now())

    def _read(self) -> "tuple[Event, ...]":
        """The events; those from before where the calendar cannot be understood."""
        from gateway.adapters.calendar_events import read_events  # noqa: PLC0415 - heavy

        try:
            events = read_events(calendar_text(Path(self._file)), ZoneInfo(self._zone))
        except WrongInput as error:
            self._log.error("intents.unreadable", file=self._file, reason=str(error))
            return self._events
        for name, why in events.odd:
            self._warn(name, why)
        return events.good

    def _take(self, now: Instant) -> None:
        begun = self._begun(now)
        for key, held in [*self._held.items()]:
            if begun.get(key) != held:
                self._end(key, held, now)
        for key, new in begun.items():
            early = key[2] > now and any(map(self._wishes.errand, new.intent.devices))
            if self._held.get(key) != new and not early:
                self._held[key] = new
                if now < new.end:
                    self._begin(new, now)

    def _begun(self, now: Instant) -> dict[_Key, _Held]:
        """Occurrences of the last days: a deadline may be after their end; and starts to come."""
        found: dict[_Key, _Held] = {}
        around = Interval(Instant(now - _BACK), Instant(now + _AHEAD))
        for event in self._events:
            intent = self._intent(event.name)
            if intent is None:
                continue
            for begin, end in event.spans(around):
                held = self._placed(intent, event.name, Instant(begin), Instant(end))
                key = (event.uid, event.name, Instant(begin))
                if begin <= now or (held.intent.wish is not None and held.intent.wish.start):
                    found[key] = held
        return dict(sorted(found.items(), key=lambda one: one[0][2]))

    def _placed(self, intent: Intent, name: str, begin: Instant, end: Instant) -> _Held:
        """A start is of the event's begin, another wish without a deadline is by its end."""
        wish = intent.wish
        if wish is not None and wish.start == NOW:
            wish = replace(wish, start=rfc3339(begin))
            takes = (one.programme.takes for one in self._named(intent) if one.programme)
            end = Instant(begin + max(takes, default=0))
        elif wish is not None and not wish.by and not wish.start:
            wish = replace(wish, by=rfc3339(end))
        return _Held(intent=replace(intent, wish=wish), name=name, end=end)

    def _named(self, intent: Intent) -> list[Device]:
        return [device for device in self._devices if device.id in intent.devices]

    def _intent(self, name: str) -> Intent | None:
        try:
            return intent_of(name, self._devices)
        except SettingsError as error:
            self._warn(name, str(error))
            return None

    def _begin(self, new: _Held, now: Instant) -> None:
        wish = new.intent.wish
        for device in new.intent.devices:
            if wish is None:
                self._leave(OptOut(device=device, at=now, until=new.end, reason=new.name))
            elif not self._has(device, wish):
                self._wishes.say(device, wish, _BY)

    def _end(self, key: _Key, held: _Held, now: Instant) -> None:
        """It is not in the calendar any more, or otherwise, or long over."""
        del self._held[key]
        wish = held.intent.wish
        for device in held.intent.devices:
            if wish is None:
                alone = self._opt_outs.in_force.get(device)
                if alone is not None and alone.reason == held.name:
                    self._opt_outs.say(replace(alone, at=now, over=True))
            elif self._has(device, wish):
                self._wishes.say(device, None, _BY)

    def _leave(self, opt_out: OptOut) -> None:
        """What a person said of the device by command goes before it."""
        if opt_out.device not in self._opt_outs.in_force:
            self._opt_outs.say(opt_out)

    def _has(self, device: str, wish: Wish) -> bool:
        errand = self._wishes.errand(device)
        return errand is not None and errand.wish == wish

    def _warn(self, name: str, why: str) -> None:
        if (name, why) not in self._odd:
            self._odd.add((name, why))
            self._log.warning("intent.refused", said=name, reason=why)
