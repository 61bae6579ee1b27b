"""Series of a home in a CSV file: means of load and sun over each step, in order of time."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.config.problem import Problem, describe, listed
from gateway.model.time import Duration, Instant, parse_rfc3339, rfc3339

_COLUMNS: Final = ("time", "load_w", "solar_w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps that are wanted: from a start, each of one length, to an end if there is one."""

    start: Instant
    length: Duration
    end: Instant | None = None

    def begin(self, number: int) -> Instant:
        """When a step begins."""
        return Instant(self.start + number * self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Means over each step from the start on, W."""

    load_w: tuple[float, ...]
    solar_w: tuple[float, ...]


class Unreadable(Exception):
    """The series cannot be used; says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_series(file: Path, steps: Steps, path: str) -> Series:
    """What is wanted of a file; rows before and after it are passed over.

    Args:
        file: UTF-8, the first line names the columns ``time,load_w,solar_w`` in any order.
        steps: each needs its row.
        path: the key that names the file, for the error.

    Raises:
        Unreadable: with the first thing wrong.
    """
    reader = _Rows(str(file), path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise reader.refusal(0, f"no readable file ({reason})", "a CSV file in UTF-8") from None
    load_w: list[float] = []
    solar_w: list[float] = []
    for line, at, load, solar in reader.rows(text):
        due = steps.begin(len(load_w))
        if at < steps.start:
            continue
        if steps.end is not None and due >= steps.end:
            break
        if at != due:
            allowed = f"{rfc3339(due)}, as every step has its row"
            raise reader.refusal(line, rfc3339(at), allowed)
        load_w.append(load)
        solar_w.append(solar)
    due = steps.begin(len(load_w))
    if not load_w or (steps.end is not None and due < steps.end):
        raise reader.refusal(0, f"no row at {rfc3339(due)}", "a row for every step")
    return Series(load_w=tuple(load_w), solar_w=tuple(solar_w))


class _Rows:
    def __init__(self, file: str, path: str) -> None:
        self._file = file
        self._path = path

    def refusal(self, line: int, found: str, allowed: str) -> Unreadable:
        """What is wrong in a line, 0 for the whole file."""
        problem = Problem(
            file=self._file,
            line=line,
            column=1 if line else 0,
            path=self._path,
            found=found,
            allowed=allowed,
        )
        return Unreadable(problem)

    def rows(self, text: str) -> Iterator[tuple[int, Instant, float, float]]:
        """Line, instant, load and sun of each row that is not empty."""
        rows = csv.reader(io.StringIO(text, newline=""))
        try:
            names = [name.strip() for name in next(rows, [])]
            if not set(_COLUMNS) <= set(names):
                raise self.refusal(1, f"the columns {listed(names)}", listed(_COLUMNS))
            places = [names.index(name) for name in _COLUMNS]
            for row in rows:
                if any(row):
                    yield rows.line_num, *self._row(rows.line_num, row, places)
        except csv.Error as error:
            found = f"no valid CSV ({error})"
            raise self.refusal(rows.line_num, found, "values separated by commas") from None

    def _row(self, line: int, row: list[str], places: list[int]) -> tuple[Instant, float, float]:
        if len(row) <= max(places):
            raise self.refusal(line, f"{len(row)} values", f"at least {max(places) + 1}")
        time, load, solar = (row[place].strip() for place in places)
        try:
            at = parse_rfc3339(time)
        except (ValueError, OverflowError):
            allowed = "an instant such as 2026-06-21T12:00:00+02:00"
            raise self.refusal(line, describe(time), allowed) from None
        return at, self._power(line, load), self._power(line, solar)

    def _power(self, line: int, text: str) -> float:
        try:
            power_w = float(text)
        except ValueError:
            power_w = math.nan
        if not abs(power_w) <= _MOST_W:
            allowed = f"a mean power in W, at most {_MOST_W:.0e} either way"
            raise self.refusal(line, describe(text), allowed)
        return power_w


_MOST_W: Final = 1e8
"""More than any home draws: a mistaken unit."""
