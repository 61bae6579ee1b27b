"""Wishes under way: what owners said, by when, and how much of it each device has had.

What is configured is wished every day anew; what command or topic said goes before it, once,
until its deadline or, without one, until it is done.  Kept on the disk, so a restart forgets
nothing; agents see the errand in the snapshot, so a replay sees the same.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from math import sqrt

import structlog

from gateway.model.device import Device
from gateway.model.errors import GridtenderError, SettingsError
from gateway.model.event import Fact, WishChanged
from gateway.model.reading import Reading
from gateway.model.time import MINUTE, Duration, Instant, rfc3339
from gateway.model.wish import NOW, Errand, KeptWishes, Said, Undertaking, Wish, wish_of
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.runtime.keeping import Keeping
from gateway.runtime.site import Site
from gateway.runtime.undertakings import NextTime, Undertakings, is_past

_RUNS_W = 50.0
_TELL_EVERY = Duration(MINUTE)
# One way of a common charger and battery, where neither device nor owner tell.
_ONE_WAY = 0.95


class Wishes:
    """Keeps errands, and the site informed of them.

    Args:
        load, store: what is under way, on the disk.
        left: what commands said since the last look.
        had_wh: what a device has ever taken, None while nothing tells that.
    """

    def __init__(
        self,
        *,
        devices: Iterable[Device],
        next_time: NextTime,
        load: Callable[[], KeptWishes],
        store: Callable[[KeptWishes], None],
        left: Callable[[], Iterable[Said]],
        had_wh: Callable[[str], float | None],
        site: Site,
        bus: Bus,
        clock: Clock,
        threaded: bool = False,
    ) -> None:
        self._devices = {device.id: device for device in devices}
        self._made = Undertakings(next_time)
        self._store = store
        self._left = left
        self._had_wh = had_wh
        self._site = site
        self._bus = bus
        self._clock = clock
        self._threaded = threaded
        self._log = structlog.get_logger()
        self._keeping = Keeping(self._keep, self._not_kept)
        self._unkept = False
        self._told_at: dict[str, Instant] = {}
        self._told: dict[str, Errand] = {}
        kept = self._read(load)
        self._heard, self._events = dict(kept.heard), dict(kept.events)
        self._under_way = {d: u for d, u in kept.undertakings.items() if d in self._devices}
        self._begin()
        bus.listen(self._hear)

    def _begin(self) -> None:
        """Before the first gate agents know what is wished; it is told and kept at the first look.

        A device without a wish runs whenever the price allows it, and may have no way back.
        """
        now = self._clock.now()
        for device, known in self._devices.items():
            wish = known.wish
            if device not in self._under_way and wish is not None and not is_past(wish, now):
                self._under_way[device] = self._undertaken(known, wish, said=False)
                self._unkept = True
            self._site.wish(device, self.errand(device))

    def say(self, device: str, wish: Wish | None, by: str) -> str:
        """Take a wish for once, or end what was said; why it is refused, empty if it is taken."""
        why = self._refusal(device, wish)
        if why:
            self._log.warning("wish.refused", device=device, by=by, reason=why)
            return why
        if wish is None:
            self._under_way.pop(device, None)
        else:
            self._under_way[device] = self._undertaken(self._devices[device], wish, said=True)
        self._log.info("wish.taken", device=device, by=by, wish="" if wish is None else str(wish))
        self._changed(device)
        return ""

    def is_known(self, event: str) -> bool:
        """Whether the calendar's event was taken in, also by an earlier life."""
        return event in self._events

    def know(self, event: str, until: Instant) -> None:
        """Take note of an event of the calendar, for as long as it may be found there."""
        now = self._clock.now()
        self._events = {one: end for one, end in self._events.items() if now < end}
        self._events[event] = until
        self._unkept = True

    def forget(self, event: str) -> None:
        """It is not in the calendar any more."""
        self._unkept |= self._events.pop(event, None) is not None

    def look(self) -> None:
        """Every second: what commands left, deadlines that passed, days that begin."""
        for said in self._left():
            if said.device in self._devices and said.at > self._heard.get(said.device, Instant(0)):
                self._heard[said.device] = said.at
                self._take(said)
        for device in self._devices:
            self._review(device)
        if self._unkept:
            self._unkept = False
            self._keeping.keep(self._content())

    def errand(self, device: str) -> Errand | None:
        """What of the wish is still to be done, now."""
        undertaking = self._under_way.get(device)
        return None if undertaking is None else self._errand(undertaking)

    def _take(self, said: Said) -> None:
        try:
            wish = wish_of(said.words) if said.words else None
            if wish is not None and wish.start == NOW:
                wish = replace(wish, start=rfc3339(said.at))
        except SettingsError as error:
            self._log.warning("wish.refused", device=said.device, by="command", reason=str(error))
        else:
            self.say(said.device, wish, "command")
        self._keeping.keep(self._content())

    def _refusal(self, device: str, wish: Wish | None) -> str:
        known = self._devices.get(device)
        if known is None:
            named = ", ".join(self._devices) or "none"
            return f"{device} is no device that a wish can be about; there are: {named}"
        return "" if wish is None else self._made.refusal(known, wish, self._clock.now())

    # -- what is under way ------------------------------------------------------------------

    def _undertaken(self, device: Device, wish: Wish, *, said: bool) -> Undertaking:
        had_wh = self._had_wh(device.id)
        return self._made.of(device, wish, self._clock.now(), said=said, had_wh=had_wh)

    def _errand(self, undertaking: Undertaking) -> Errand:
        wish = wish_of(undertaking.words)
        return Errand(
            wish=wish,
            made=undertaking.made,
            by=undertaking.by,
            start=undertaking.start,
            left_wh=self._left_wh(undertaking, wish),
            started=undertaking.started,
        )

    def _left_wh(self, undertaking: Undertaking, wish: Wish) -> float | None:
        """By the device's own state of charge, else by the energy that went into it."""
        device = self._devices[undertaking.device]
        wanted_wh = wish.energy_wh
        if wish.soc_pct is not None:
            soc = self._site.view(device.id, self._clock.now()).soc_pct
            if device.capacity_wh is None:
                return None
            if soc is not None:
                one_way = sqrt(device.round_trip) if device.round_trip else _ONE_WAY
                return max(0.0, (wish.soc_pct - soc) / 100 * device.capacity_wh / one_way)
            wanted_wh = device.capacity_wh * wish.soc_pct / 100
        if wanted_wh is None:
            return None
        had, before = self._had_wh(device.id), undertaking.from_wh
        taken = 0.0 if had is None or before is None else max(0.0, had - before)
        return max(0.0, wanted_wh - taken)

    def _review(self, device: str) -> None:
        """End what is over, begin what is configured, tell what moved."""
        now, current = self._clock.now(), self._under_way.get(device)
        known, ended = self._devices[device], current
        configured = known.wish
        if current is not None and self._is_over(current, configured, now):
            self._end(current)
            current = None
        if current is None and configured is not None and not is_past(configured, now):
            one = self._undertaken(known, configured, said=False)
            self._under_way[device] = self._made.after(ended, known, one)
            self._changed(device)
        elif current is not None:
            self._follow(current, now)

    def _is_over(self, one: Undertaking, configured: Wish | None, now: Instant) -> bool:
        if not one.said and (configured is None or str(configured) != one.words):
            return True
        if self._goes_through(one, now):
            return False
        if one.by is not None:
            return one.by <= now
        return one.said and (self._errand(one).done or self._has_gone(one))

    def _goes_through(self, one: Undertaking, now: Instant) -> bool:
        """Whether its programme has begun and is not over."""
        programme = self._devices[one.device].programme
        return bool(programme and one.started and now < one.started + programme.lasts)

    def _has_gone(self, one: Undertaking) -> bool:
        """Whether it was for one run of a programme, and that is over."""
        return self._devices[one.device].programme is not None and one.started is not None

    def _is_missed(self, one: Undertaking) -> bool:
        if self._devices[one.device].programme is not None:
            return one.started is None
        return (self._errand(one).left_wh or 0.0) > 1.0

    def _end(self, one: Undertaking) -> None:
        del self._under_way[one.device]
        if self._is_missed(one):
            left_wh = self._errand(one).left_wh
            self._log.warning("wish.missed", device=one.device, wish=one.words, left_wh=left_wh)
        else:
            self._log.info("wish.done", device=one.device, wish=one.words)
        self._changed(one.device)

    def _follow(self, one: Undertaking, now: Instant) -> None:
        """What the device has had since; told once a minute."""
        if one.from_wh is None and (had_wh := self._had_wh(one.device)) is not None:
            self._under_way[one.device] = one = replace(one, from_wh=had_wh)
            self._keeping.keep(self._content())
        errand = self._errand(one)
        self._site.wish(one.device, errand)
        due = now - self._told_at.get(one.device, Instant(0)) >= _TELL_EVERY
        if due and errand != self._told.get(one.device):
            self._tell(one.device, errand)

    def _hear(self, fact: Fact) -> None:
        """The first time it runs for its errand is noted: a programme goes on from there."""
        if not isinstance(fact, Reading):
            return
        one = self._under_way.get(fact.device)
        if one is None or one.started is not None or (fact.power_w or 0.0) <= _RUNS_W:
            return
        if one.start is not None and fact.at < one.start:
            return
        self._under_way[fact.device] = replace(one, started=fact.at)
        self._changed(fact.device)

    # -- what is told and kept --------------------------------------------------------------

    def _changed(self, device: str) -> None:
        errand = self.errand(device)
        self._site.wish(device, errand)
        self._tell(device, errand)
        self._keeping.keep(self._content())

    def _tell(self, device: str, errand: Errand | None) -> None:
        now = self._clock.now()
        self._told_at[device] = now
        if errand is None:
            self._told.pop(device, None)
        else:
            self._told[device] = errand
        self._bus.publish(WishChanged(device=device, at=now, errand=errand))

    def _content(self) -> KeptWishes:
        return KeptWishes(
            undertakings=dict(self._under_way), heard=dict(self._heard), events=dict(self._events)
        )

    async def _keep(self, content: KeptWishes) -> None:
        if self._threaded:
            await asyncio.to_thread(self._store, content)
        else:
            self._store(content)

    def _not_kept(self, why: str) -> None:
        self._log.error("wish.not_kept", reason=why)

    def _read(self, load: Callable[[], KeptWishes]) -> KeptWishes:
        """What was under way; only what is configured while that cannot be read."""
        try:
            return load()
        except GridtenderError as fault:
            self._log.error("wish.unreadable", reason=str(fault))
            return KeptWishes()
