"""How a wish becomes one under way: when it begins, and its deadline as an instant."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.model.device import Device
from gateway.model.time import HOUR, Duration, Instant, parse_rfc3339
from gateway.model.wish import NOW, Undertaking, Wish, clock_of, wish_of

NextTime = Callable[[tuple[int, int], Instant], Instant]
"""The next moment after an instant at which the area's clocks show an hour and a minute."""

_STANDS_FOR: Final = Duration(12 * HOUR)


class Undertakings:
    """Makes them, by the clocks of the area."""

    def __init__(self, next_time: NextTime) -> None:
        self._next_time = next_time

    def of(
        self, device: Device, wish: Wish, now: Instant, *, said: bool, had_wh: float | None
    ) -> Undertaking:
        """Of a device that had taken so much; a start has the deadline of which it is the latest.

        ``said``: for once.
        """
        by = self._moment(wish.by, now) if wish.by else None
        start = self._moment(wish.start, now) if wish.start else None
        if start is not None and device.programme is not None:
            by = Instant(start + device.programme.takes)
        return Undertaking(
            device=device.id,
            words=str(wish),
            made=now,
            by=by,
            start=start,
            said=said,
            from_wh=had_wh,
        )

    def after(self, ended: Undertaking | None, device: Device, one: Undertaking) -> Undertaking:
        """The configured one: a run that was said stands for that of the next half day."""
        programme, wish = device.programme, wish_of(one.words)
        if programme is None or ended is None or not ended.said or ended.started is None:
            return one
        if one.by is None or one.by - one.made > _STANDS_FOR:
            return one
        if one.start is not None:
            start = self._moment(wish.start, one.start)
            return replace(one, start=start, by=Instant(start + programme.takes))
        return replace(one, by=self._moment(wish.by, one.by))

    def refusal(self, device: Device, wish: Wish, now: Instant) -> str:
        """Why the wish cannot be had; empty: it can."""
        if not wish.start:
            return f"the deadline {wish.by} is past" if is_past(wish, now) else ""
        if device.programme is None:
            return f"{device.id} has no programme to start; wish an amount, or now"
        if self._moment(wish.start, now) + device.programme.takes <= now:
            return f"the start {wish.start} is past"
        return ""

    def _moment(self, said: str, now: Instant) -> Instant:
        """When that is, from now on."""
        if said == NOW:
            return now
        clock = clock_of(said)
        return parse_rfc3339(said) if clock is None else self._next_time(clock, now)


def is_past(wish: Wish, now: Instant) -> bool:
    """Whether its deadline was a moment, and is over."""
    once = wish.by and not clock_of(wish.by)
    return bool(once) and parse_rfc3339(wish.by) <= now
