"""Recurrence rules by day: whether a rule that began on one day meets another.

Each day is judged by itself, so a rule costs the same however long ago it began, and one that
never meets a day costs nothing but the days asked for.

Source: RFC 5545, section 3.3.10.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

_DAYS: Final = {name: n for n, name in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_PARTS: Final = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"}
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_MOST_COUNTED: Final = 20_000
_MOST_WALKED: Final = 8000  # days
_MOST_ORDINAL: Final = 5
_WEEK: Final = 7


class RuleUnusable(ValueError):
    """The rule is not one that is worked out here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recurrence rule, without its time of day.

    Attributes:
        days: (ordinal, weekday); ordinal 0: every one.
        last: the day it happens last; None: without end.
    """

    frequency: str
    start: date
    interval: int = 1
    last: date | None = None
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    week_start: int = 0

    def happens(self, day: date) -> bool:
        """Whether the rule meets the day."""
        within = self.start <= day and (self.last is None or day <= self.last)
        return within and self._meets(day)

    def counted(self, count: int) -> "Rule":
        """The rule, happening so many times; 0: without end.

        Raises:
            RuleUnusable: that takes more days than are walked.
        """
        if not count:
            return self
        for days in range(_MOST_WALKED):
            one = self.start + timedelta(days=days)
            count -= self._meets(one)
            if not count:
                return replace(self, last=one)
        message = f"COUNT reaches beyond {_MOST_WALKED} days; say UNTIL"
        raise RuleUnusable(message)

    def _meets(self, day: date) -> bool:
        return (
            self._periods(day) % self.interval == 0
            and (not self.months or day.month in self.months)
            and self._is_month_day(day)
            and self._is_weekday(day)
        )

    def _periods(self, day: date) -> int:
        start = self.start
        match self.frequency:
            case "DAILY":
                return (day - start).days
            case "WEEKLY":
                return (self._week(day) - self._week(start)).days // _WEEK
            case "MONTHLY":
                return (day.year - start.year) * 12 + day.month - start.month
            case _:
                return day.year - start.year

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % _WEEK)

    def _is_month_day(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        return not self.month_days or bool({day.day, day.day - length - 1} & set(self.month_days))

    def _is_weekday(self, day: date) -> bool:
        if not self.days:
            return True
        length = monthrange(day.year, day.month)[1]
        ordinals = {0, (day.day - 1) // _WEEK + 1, -((length - day.day) // _WEEK + 1)}
        return any(day.weekday() == weekday and n in ordinals for n, weekday in self.days)


def read_rule(parts: Mapping[str, Sequence[object]], start: date) -> Rule:
    """The rule that begins on ``start``; what it leaves out follows from that day.

    Raises:
        RuleUnusable: its frequency is below a day, or it has parts not worked out here.
    """
    named = {name.upper(): [str(one) for one in value] for name, value in parts.items()}
    if odd := sorted(set(named) - _PARTS):
        message = f"{odd[0]} is not worked out here; taken are {', '.join(sorted(_PARTS))}"
        raise RuleUnusable(message)
    frequency = named.get("FREQ", [""])[0].upper()
    if frequency not in _FREQUENCIES:
        message = f"FREQ {frequency}: taken are {', '.join(_FREQUENCIES)}"
        raise RuleUnusable(message)
    days = tuple(sorted({_weekday(one) for one in named.get("BYDAY", ())}))
    months = _numbers(named, "BYMONTH", 12, least=1)
    month_days = _numbers(named, "BYMONTHDAY", 31, least=-31)
    if any(n for n, _ in days) and not (frequency == "MONTHLY" or months):
        message = "BYDAY with an ordinal is taken with FREQ=MONTHLY or BYMONTH"
        raise RuleUnusable(message)
    if not days and not month_days:
        if frequency == "WEEKLY":
            days = ((0, start.weekday()),)
        elif frequency in {"MONTHLY", "YEARLY"}:
            month_days = (start.day,)
    rule = Rule(
        frequency=frequency,
        start=start,
        interval=_number(named, "INTERVAL", 1),
        days=days,
        month_days=month_days,
        months=months or ((start.month,) if frequency == "YEARLY" else ()),
        week_start=_weekday(named.get("WKST", ["MO"])[0])[1],
    )
    if not rule.happens(start):
        message = f"DTSTART {start} does not meet its own rule"
        raise RuleUnusable(message)
    return rule.counted(_number(named, "COUNT", 0))


def _weekday(text: str) -> tuple[int, int]:
    ordinal, name = text[:-2], text[-2:].upper()
    plain = not ordinal or ordinal.lstrip("+-").isdecimal()
    if name in _DAYS and plain and abs(int(ordinal or 0)) <= _MOST_ORDINAL:
        return int(ordinal or 0), _DAYS[name]
    message = f"{text!r} is no weekday"
    raise RuleUnusable(message)


def _number(named: Mapping[str, list[str]], part: str, default: int) -> int:
    found = named.get(part, [str(default)])[0]
    if found.isdigit() and (int(found) or part == "COUNT") and int(found) <= _MOST_COUNTED:
        return int(found)
    message = f"{part} {found}: taken is 1 to {_MOST_COUNTED}"
    raise RuleUnusable(message)


def _numbers(
    named: Mapping[str, list[str]], part: str, most: int, *, least: int
) -> tuple[int, ...]:
    found = tuple(int(one) for one in named.get(part, ()) if one.lstrip("+-").isdigit())
    if len(found) == len(named.get(part, ())) and all(least <= n <= most and n for n in found):
        return tuple(sorted(set(found)))
    message = f"{part}: taken is {least} to {most}"
    raise RuleUnusable(message)
