"""Who takes part: opt-outs and availability of parties, kept over restarts.

What a party may not do by its own word is refused before any market is asked.
"""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from gateway.model.canonical import from_json, text
from gateway.model.errors import WrongInput
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.standing import Opt, Standing
from gateway.model.time import Instant, Interval, rfc3339
from gateway.ports.calendar import Availability, ReadCalendar, StandingStore

_MOST_OPTS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What the file holds, by party."""

    standings: dict[str, Standing] = field(default_factory=dict)


class Standings:
    """Every party's standing.

    Args:
        store: the file; None: nothing outlives a restart.
        read: understands calendars.
        threaded: disk work beside the loop.
    """

    def __init__(
        self, store: StandingStore | None, read: ReadCalendar, *, threaded: bool = True
    ) -> None:
        self._store = store
        self._read = read
        self._threaded = threaded
        self._standings: dict[str, Standing] = {}
        self._calendars: dict[str, Availability] = {}
        self._bounds: dict[str, Availability] = {}
        self._saving = asyncio.Lock()
        self._stored: dict[str, Standing] = {}
        self._log = structlog.get_logger()
        self._load()

    def of(self, party: str) -> Standing:
        """What the party said last."""
        return self._standings.get(party, Standing())

    def opt(self, party: str, opt: Opt, now: Instant) -> bool:
        """Let the party opt out; False: it has too many opt-outs."""
        standing = self.of(party)
        others = tuple(o for o in standing.opts if o.id != opt.id and not _is_over(o, now))
        if len(others) >= _MOST_OPTS:
            return False
        self._keep(party, replace(standing, opts=(*others, opt)))
        return True

    def opt_in(self, party: str, opt: str | None = None) -> bool:
        """End one opt-out, or all of them; False: there is none such."""
        standing = self.of(party)
        left = () if opt is None else tuple(one for one in standing.opts if one.id != opt)
        if opt is not None and len(left) == len(standing.opts):
            return False
        self._keep(party, replace(standing, opts=left))
        return True

    def set_calendar(self, party: str, calendar: str) -> None:
        """Take the party's calendar; empty: it is always available.

        Raises:
            WrongInput: it cannot be understood; the former one stands.
        """
        if calendar == self.of(party).availability:
            return  # a retained one is heard again with every connection
        if calendar:
            self._calendars[party] = self._read(calendar)
        else:
            self._calendars.pop(party, None)
        self._keep(party, replace(self.of(party), availability=calendar))

    def bind(self, party: str, calendar: Availability) -> None:
        """Bound the party by the owner's calendar, beside what it says of itself."""
        self._bounds[party] = calendar

    def is_out(self, party: str, product: str, now: Instant) -> Opt | None:
        """The opt-out that holds for the product now."""
        held = (one for one in self.of(party).opts if not _is_over(one, now))
        return next((one for one in held if one.product in {"", product}), None)

    def is_available(self, party: str, product: str, interval: Interval) -> bool:
        """Whether the interval lies inside the party's availability, and what the owner allows."""
        calendars = (self._calendars.get(party), self._bounds.get(party))
        return all(one is None or one.covers(product, interval) for one in calendars)

    def refusal(
        self, party: str, product: str, intervals: Iterable[Interval], now: Instant
    ) -> Refused | None:
        """Why the party may not trade in these intervals, by its own word."""
        if party not in self._standings and party not in self._bounds:
            return None
        out = self.is_out(party, product, now)
        if out is not None:
            return _restricted(party, product, _told(party, out), "opt")
        for one in intervals:
            why = self.why_not(party, product, one, now)
            if why:
                return _restricted(party, product, why, "availabilitySchedule")
        return None

    def why_not(self, party: str, product: str, interval: Interval, now: Instant) -> str:
        """Why the party may not trade in the interval; empty: it may."""
        out = self.is_out(party, product, now)
        if out is not None:
            return _told(party, out)
        if self.is_available(party, product, interval):
            return ""
        bound = self._bounds.get(party)
        owners = bound is not None and not bound.covers(product, interval)
        whose = f"what this area allows {party}" if owners else f"the availability of {party}"
        return f"{rfc3339(interval.start)} is not wholly inside {whose}"

    async def kept(self) -> None:
        """Return when all that was said is on the disk."""
        if self._store is None:
            return
        async with self._saving:
            if self._stored == self._standings:
                return
            stored = dict(self._standings)
            content = text(_Kept(standings=stored))
            if self._threaded:
                await asyncio.to_thread(self._store.store, content)
            else:
                self._store.store(content)
            self._stored = stored

    def _keep(self, party: str, standing: Standing) -> None:
        self._standings[party] = standing
        if standing == Standing():
            del self._standings[party]

    def _load(self) -> None:
        content = "" if self._store is None else self._store.load()
        if not content:
            return
        try:
            self._standings = dict(from_json(_Kept, json.loads(content)).standings)
        except ValueError as error:
            self._log.error("standing.unreadable", reason=str(error))
        self._stored = dict(self._standings)
        for party, standing in self._standings.items():
            if standing.availability:
                self._understand(party, standing.availability)

    def _understand(self, party: str, calendar: str) -> None:
        try:
            self._calendars[party] = self._read(calendar)
        except WrongInput as error:
            self._log.error("availability.unreadable", party=party, reason=str(error))


def unread(_calendar: str) -> Availability:
    """Where no calendars are understood.

    Raises:
        WrongInput: always.
    """
    message = "calendars are not understood here"
    raise WrongInput(message)


def _told(party: str, out: Opt) -> str:
    ends = "it opts in" if out.until is None else rfc3339(out.until)
    return f"{party} opted out ({out.reason.value}) until {ends}"


def _is_over(opt: Opt, now: Instant) -> bool:
    return opt.until is not None and opt.until <= now


def _restricted(party: str, product: str, why: str, term: str) -> Refused:
    return Refused(
        party=party,
        product=product,
        code=ResponseCode.NOT_AUTHORIZED,
        detail=Detail.PARTY_RESTRICTED,
        description=why,
        term=term,
    )
