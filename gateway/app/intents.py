"""The house's own calendar: events that are wishes of loads, or leave loads alone.

A wish holds from the beginning of its event; its deadline is what the words say, else the event's
end.  A programme starts when its event begins, which is told ahead where nothing else is wished
of the load.  An event that is moved, changed or removed takes what it said along.  What was said
once is not said again after a restart: it may have been done, or withdrawn, since.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import structlog

from gateway.app.availability import file_mark
from gateway.app.rests import Rest, Rests
from gateway.config.calendars import calendar_text
from gateway.model.device import Device
from gateway.model.errors import SettingsError, WrongInput
from gateway.model.intent import Intent, intent_of
from gateway.model.time import HOUR, Instant, Interval, rfc3339
from gateway.model.wish import NOW, Wish
from gateway.ports.clock import Clock
from gateway.runtime.opt_outs import OptOuts
from gateway.runtime.wishes import Wishes

if TYPE_CHECKING:
    from gateway.adapters.calendar_events import Event

    _Meant = tuple[Event, Intent]

_BY: Final = "calendar"
_BACK: Final = 48 * HOUR
_TOLD: Final = 80  # characters of a name
_AHEAD: Final = 36 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An intent of one occurrence, as it was last understood."""

    uid: str
    name: str
    begin: Instant
    end: Instant
    intent: Intent

    @property
    def mark(self) -> str:
        """What it is known by after a restart."""
        said = f"{self.uid}\n{self.name}\n{self.begin}\n{self.end}\n{self.intent}"
        return sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


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
        self._rests = Rests(opt_outs)
        self._clock = clock
        self._threaded = threaded
        self._log = structlog.get_logger()
        self._mark: object = None
        self._meant: tuple[_Meant, ...] = ()
        self._held: dict[_Key, _Held] = {}
        self._odd: frozenset[tuple[str, str]] = frozenset()

    async def look(self) -> None:
        """Take what the calendar says now."""
        if not self._file:
            return
        if (mark := file_mark(Path(self._file))) != self._mark:
            self._mark = mark
            threaded = self._threaded
            self._meant = await asyncio.to_thread(self._read) if threaded else self._read()
        self._take(self._clock.now())

    def _read(self) -> "tuple[_Meant, ...]":
        """What events mean; that of before where the calendar cannot be understood."""
        from gateway.adapters.calendar_events import read_events  # noqa: PLC0415 - heavy

        try:
            events = read_events(calendar_text(Path(self._file)), ZoneInfo(self._zone))
        except WrongInput as error:
            self._log.error("intents.unreadable", file=self._file, reason=str(error))
            return self._meant
        odd = {*events.odd}
        meant: list[_Meant] = []
        for event in events.good:
            try:
                intent = intent_of(event.name, self._devices)
            except SettingsError as error:
                odd.add((event.name, str(error)))
            else:
                meant += [] if intent is None else [(event, intent)]
        self._warn(frozenset(odd))
        return tuple(meant)

    def _take(self, now: Instant) -> None:
        around = {(one.uid, one.name, one.begin): one for one in self._around(now)}
        for key, held in [*self._held.items()]:
            if around.get(key) != held:
                del self._held[key]
                self._end(held)
        for key, new in around.items():
            early = new.begin > now and any(map(self._wishes.errand, new.intent.devices))
            if key not in self._held and not early:
                self._held[key] = new
                if now < new.end:
                    self._begin(new)
        self._rests.follow(self._resting(now), now)

    def _around(self, now: Instant) -> list[_Held]:
        """Occurrences of the last days: a deadline may be after their end; and starts to come."""
        around = Interval(Instant(now - _BACK), Instant(now + _AHEAD))
        placed = [
            self._placed(event, intent, Instant(begin), Instant(end))
            for event, intent in self._meant
            for begin, end in event.spans(around)
        ]
        found = (one for one in placed if one.begin <= now or _is_start(one.intent))
        return sorted(found, key=lambda one: one.begin)

    def _placed(self, event: "Event", intent: Intent, begin: Instant, end: Instant) -> _Held:
        """A start is of the event's begin, another wish without a deadline is by its end."""
        wish = intent.wish
        if wish is not None and wish.start == NOW:
            wish = replace(wish, start=rfc3339(begin))
            takes = (one.programme.takes for one in self._named(intent) if one.programme)
            end = Instant(begin + max(takes, default=0))
        elif wish is not None and not wish.by and not wish.start:
            wish = replace(wish, by=rfc3339(end))
        known = replace(intent, wish=wish)
        return _Held(uid=event.uid, name=event.name, begin=begin, end=end, intent=known)

    def _named(self, intent: Intent) -> list[Device]:
        return [device for device in self._devices if device.id in intent.devices]

    def _begin(self, new: _Held) -> None:
        wish = new.intent.wish
        if wish is None or self._wishes.is_known(new.mark):
            return
        self._wishes.know(new.mark, Instant(new.end + _BACK))
        for device in new.intent.devices:
            if not self._has(device, wish):
                self._wishes.say(device, wish, _BY)

    def _end(self, held: _Held) -> None:
        """It is not in the calendar any more, or otherwise, or long over."""
        wish = held.intent.wish
        if wish is None:
            return
        self._wishes.forget(held.mark)
        for device in held.intent.devices:
            if self._has(device, wish):
                self._wishes.say(device, None, _BY)

    def _resting(self, now: Instant) -> Iterator[Rest]:
        for held in self._held.values():
            if held.intent.wish is None and now < held.end:
                for device in held.intent.devices:
                    yield Rest(device=device, begin=held.begin, end=held.end, name=held.name)

    def _has(self, device: str, wish: Wish) -> bool:
        errand = self._wishes.errand(device)
        return errand is not None and errand.wish == wish

    def _warn(self, odd: frozenset[tuple[str, str]]) -> None:
        """Tell what is not understood, once as long as it stands there."""
        for name, why in sorted(odd - self._odd):
            self._log.warning("intent.refused", said=name[:_TOLD], reason=why)
        self._odd = odd


def _is_start(intent: Intent) -> bool:
    return intent.wish is not None and bool(intent.wish.start)
