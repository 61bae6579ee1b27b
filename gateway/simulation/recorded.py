"""One's own recorded past as the series of a home: quarters of an hour out of ``history.sqlite``.

What was not recorded is taken from the same time of the day before, and said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.adapters.history import HistoryFile
from gateway.config.problem import Problem
from gateway.model.errors import GridtenderError
from gateway.model.forecast import Foreseen
from gateway.model.time import HOUR, MINUTE, Instant, rfc3339
from gateway.simulation.series import Series, Steps, Unreadable

_QUARTER: Final = 15 * MINUTE
_A_DAY: Final = 24 * HOUR
_MOST_DAYS_BACK: Final = 31
_PATH: Final = "--from-history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was found.

    Attributes:
        steps: from the first that was recorded whole to the last.
        filled: how many of them were taken from the day before, wholly or in part.
    """

    steps: Steps
    series: Series
    filled: int


def recorded(folder: Path, wanted: Steps) -> Recorded:
    """The recorded part of the wanted steps.

    Raises:
        Unreadable: nothing was recorded, or it cannot be read.
    """
    file = folder / "history.sqlite"
    if wanted.length % _QUARTER:
        raise _refused(file, "a step that is no multiple of 15min", "step: 15min, 30min, 1h …")
    if not file.exists():
        raise _refused(file, "no such file", "the state folder of a gateway that has run")
    load, sun = _past(folder, file, wanted)
    first = -(-(min(load) - wanted.start) // wanted.length)
    steps = replace(wanted, start=wanted.begin(max(0, first)))
    last = Instant(max(load) + _QUARTER)
    end = last if wanted.end is None else min(last, wanted.end)
    count = (end - steps.start) // steps.length
    if count < 1:
        found = f"records until {rfc3339(last)}"
        raise _refused(file, found, f"a whole step of them from {rfc3339(wanted.start)}")
    filled = {n for n in range(count) if any(at not in load for at in _quarters(steps, n))}
    return Recorded(
        steps=replace(steps, end=steps.begin(count)),
        series=Series(load_w=_means(load, steps, count), solar_w=_means(sun, steps, count)),
        filled=len(filled),
    )


def _past(
    folder: Path, file: Path, wanted: Steps
) -> tuple[dict[Instant, float], dict[Instant, float]]:
    """Load and sun by quarter; a site without a roof has no sun."""
    names = (Foreseen.LOAD.value, Foreseen.SUN.value)
    try:
        entries = HistoryFile(folder, read_only=True).past(names, wanted.start)
    except GridtenderError as fault:
        raise _refused(file, str(fault), "a readable history") from None
    load, sun = ({e.at: e.value for e in entries if e.series == name} for name in names)
    if not load:
        found = f"no load recorded since {rfc3339(wanted.start)}"
        raise _refused(file, found, "start: a day on which the gateway ran")
    return load, sun


def _quarters(steps: Steps, number: int) -> range:
    begin = steps.begin(number)
    return range(begin, begin + steps.length, _QUARTER)


def _means(values: Mapping[Instant, float], steps: Steps, count: int) -> tuple[float, ...]:
    return tuple(
        sum(quarters) / len(quarters)
        for quarters in (
            [_at(values, Instant(at)) for at in _quarters(steps, number)] for number in range(count)
        )
    )


def _at(values: Mapping[Instant, float], at: Instant) -> float:
    """The value of a quarter, else that of the day before, and so on; 0 W after a month of none."""
    for days in range(_MOST_DAYS_BACK):
        if (found := values.get(Instant(at - days * _A_DAY))) is not None:
            return max(0.0, found)
    return 0.0


def _refused(file: Path, found: str, allowed: str) -> Unreadable:
    return Unreadable(
        Problem(file=str(file), line=0, column=0, path=_PATH, found=found, allowed=allowed)
    )
