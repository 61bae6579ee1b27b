"""A scenario file becomes a ``Scenario``, or the list of everything wrong with it."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Final

from gateway.agents.value import Store
from gateway.config.document import Document, read
from gateway.config.prices import read_table
from gateway.config.problem import Finding, Problem
from gateway.config.validation import validate
from gateway.model.site import PriceTable
from gateway.model.time import HOUR, Instant, rfc3339
from gateway.simulation.recorded import recorded
from gateway.simulation.scenario import HomeBattery, Scenario, SimulatedHome, YearTariff
from gateway.simulation.scenario_shape import (
    HOME_ID,
    BatteryShape,
    ScenarioShape,
    TariffShape,
)
from gateway.simulation.series import Series, Steps, Unreadable, read_series

_A_LIST: Final = 3
"""More prices, all as far apart, are a list of every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedScenario:
    """A scenario, or why there is none; ``filled`` of its steps were not recorded."""

    scenario: Scenario | None
    problems: tuple[Problem, ...] = ()
    filled: int = 0


def load_scenario(file: Path, history: Path | None = None) -> LoadedScenario:
    """Read the file and the series it names; those stand beside it or where it says.

    With ``history``, a state folder, its only home is the one that was recorded there.
    """
    document = read(file)
    findings = list(document.findings)
    shape = None
    if document.root is not None and not findings:
        shape, found = validate(ScenarioShape, document.root.value())
        findings += found
    if shape is not None:
        findings += _checked(shape)
        findings += _checked_series(shape, recorded=history is not None)
    if shape is None or findings:
        return LoadedScenario(scenario=None, problems=_told(document, findings))
    reading = _Reading(document, shape, file.parent, history)
    scenario = reading.scenario()
    problems = tuple(reading.problems)
    return LoadedScenario(
        scenario=None if problems else scenario, problems=problems, filled=reading.filled
    )


def _told(document: Document, findings: list[Finding]) -> tuple[Problem, ...]:
    return tuple(document.problem(finding) for finding in findings)


def _checked(shape: ScenarioShape) -> Iterator[Finding]:
    """What no single value can tell."""
    if 24 * HOUR % shape.step:
        yield Finding(
            path=("step",),
            found="a step that does not divide a day",
            allowed="a part of a day such as 5min, 15min, 30min or 1h",
        )
    if shape.end is not None and (
        shape.end <= shape.start or (shape.end - shape.start) % shape.step
    ):
        allowed = f"a whole number of steps after {rfc3339(shape.start)}"
        yield Finding(path=("end",), found=rfc3339(shape.end), allowed=allowed)
    if not shape.homes:
        yield Finding(path=("homes",), found="no home", allowed="at least one")
    for home in shape.homes:
        if not re.fullmatch(HOME_ID, home):
            allowed = "1 to 64 of A-Z, a-z, 0-9, ., _ and -, beginning with a letter or digit"
            yield Finding(
                path=("homes", home), found=f"the id {home[:40]!r}", allowed=allowed, at_key=True
            )
    yield from _checked_tariff(shape.tariff)


def _checked_series(shape: ScenarioShape, *, recorded: bool) -> Iterator[Finding]:
    if recorded and len(shape.homes) > 1:
        allowed = "one home, the recorded one"
        yield Finding(path=("homes",), found=f"{len(shape.homes)} homes", allowed=allowed)
    for home, one in shape.homes.items():
        if one.series is None and not recorded:
            allowed = "a CSV file, or --from-history"
            yield Finding(path=("homes", home, "series"), found="nothing", allowed=allowed)


def _checked_tariff(tariff: TariffShape) -> Iterator[Finding]:
    allowed = "either series, or import_price and export_price"
    numbers = [tariff.import_price, tariff.export_price]
    if tariff.series is not None and numbers != [None, None]:
        yield Finding(path=("tariff",), found="a series and a number", allowed=allowed)
    elif tariff.series is None and None in numbers:
        yield Finding(path=("tariff",), found="not both prices", allowed=allowed)


class _Reading:
    """The files that a scenario names."""

    def __init__(
        self, document: Document, shape: ScenarioShape, folder: Path, history: Path | None
    ) -> None:
        self._document = document
        self._shape = shape
        self._folder = folder
        self._steps = Steps(start=shape.start, length=shape.step, end=shape.end)
        self._history = history
        self.problems: list[Problem] = []
        self.filled = 0

    def scenario(self) -> Scenario | None:
        """All of it; None if there is a problem."""
        series = self._all_series()
        if self.problems:
            return None
        count = len(next(iter(series.values())).load_w)
        tariff = self._tariff(count)
        if tariff is None:
            return None
        homes = tuple(
            SimulatedHome(
                id=home,
                load_w=series[home].load_w,
                solar_w=series[home].solar_w,
                battery=_battery(self._shape.homes[home].battery),
            )
            for home in self._shape.homes
        )
        return Scenario(
            start=self._steps.start,
            step=self._shape.step,
            homes=homes,
            tariff=tariff,
            community=self._shape.community,
        )

    def _all_series(self) -> dict[str, Series]:
        series: dict[str, Series] = {}
        for home, shape in self._shape.homes.items():
            path = f"homes.{home}.series"
            try:
                if self._history is not None:
                    series[home] = self._recorded(self._history)
                else:
                    series[home] = read_series(self._folder / str(shape.series), self._steps, path)
            except Unreadable as refused:
                self.problems.append(refused.problem)
        self.problems += map(self._document.problem, self._of_one_length(series))
        return series

    def _recorded(self, history: Path) -> Series:
        """The recorded past; the simulation begins where that does."""
        found = recorded(history, self._steps)
        self._steps, self.filled = found.steps, found.filled
        return found.series

    def _of_one_length(self, series: dict[str, Series]) -> Iterator[Finding]:
        lengths = {home: len(one.load_w) for home, one in series.items()}
        for home, length in lengths.items():
            if length != (least := min(lengths.values())):
                yield Finding(
                    path=("homes", home, "series"),
                    found=f"{length} steps, where another home has {least}",
                    allowed="series of one length",
                    hint=f"end: {rfc3339(self._steps.begin(least))}",
                )

    def _tariff(self, count: int) -> YearTariff | None:
        tariff = self._shape.tariff
        if tariff.series is None:
            buys, sells = tariff.import_price or 0.0, tariff.export_price or 0.0
            return YearTariff(import_price=(buys,) * count, export_price=(sells,) * count)
        columns = []
        for column in ("import_price", "export_price"):
            found = read_table(self._folder / tariff.series, column, "tariff.series")
            self.problems += [one for one in found.problems if one not in self.problems]
            if found.table is not None:
                columns.append(self._spread(found.table, count))
        if self.problems:
            return None
        return YearTariff(import_price=columns[0], export_price=columns[1])

    def _spread(self, table: PriceTable, count: int) -> tuple[float, ...]:
        """The price of every step; one holds until the next begins."""
        steps = self._steps
        begins = [at for at, _ in table.steps]
        if begins[0] > steps.start:
            found = f"no price before {rfc3339(begins[0])}"
            self._refuse_tariff(found, f"a price at {rfc3339(steps.start)}")
        for (_, before), (at, price) in pairwise(table.steps):
            inside = steps.start < at < steps.begin(count) and (at - steps.start) % steps.length
            if inside and price != before:
                found = f"a price that begins at {rfc3339(at)}, inside a step"
                self._refuse_tariff(found, "prices that begin with a step")
        self._reaches_the_end(begins, count)
        places = (bisect_right(begins, steps.begin(number)) - 1 for number in range(count))
        return tuple(table.steps[place][1] for place in places)

    def _reaches_the_end(self, begins: list[Instant], count: int) -> None:
        """A list of evenly spaced prices that ends early is too short, not a price that lasts."""
        spans = {after - before for before, after in pairwise(begins)}
        end = self._steps.begin(count)
        if len(begins) > _A_LIST and len(spans) == 1 and begins[-1] + min(spans) < end:
            found = f"no price after {rfc3339(begins[-1])}"
            self._refuse_tariff(found, f"prices up to {rfc3339(end)}, or an earlier end:")

    def _refuse_tariff(self, found: str, allowed: str) -> None:
        finding = Finding(path=("tariff", "series"), found=found, allowed=allowed)
        problem = self._document.problem(finding)
        if problem not in self.problems:
            self.problems.append(problem)


def _battery(shape: BatteryShape | None) -> HomeBattery | None:
    if shape is None or not shape.capacity_wh:
        return None
    eta = sqrt(shape.round_trip_efficiency)
    store = Store(
        capacity_wh=shape.capacity_wh,
        charge_w=shape.charge_w,
        discharge_w=shape.discharge_w,
        eta_charge=eta,
        eta_discharge=eta,
        wear=shape.wear,
    )
    stored_wh = shape.initial_soc_pct / 100 * shape.capacity_wh
    return HomeBattery(store=store, stored_wh=stored_wh)
