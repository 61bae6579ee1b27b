"""A situation: a simulated house, what happens to it, and the site that the gateway is given.

Source of the format: docs/scenarios.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from gateway.config.document import read
from gateway.config.problem import Problem
from gateway.config.shape import Shape, key
from gateway.config.validation import validate
from gateway.model.time import Instant
from gateway.simulation.scenario_shape import Moment


class SituationShape(Shape):
    """A situation file."""

    start: Annotated[Instant, Moment()] = key(..., "when it begins")
    house: dict[str, Any] = key({}, "settings of the simulated house")
    site: dict[str, Any] = key({}, "sections of the configuration, over those of the demo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the file says.

    Attributes:
        house: settings of the simulated house.
        site: sections of a configuration; of ``devices`` only what differs, None = without it.
    """

    start: Instant
    house: Mapping[str, Any]
    site: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSituation:
    """A situation, or why there is none."""

    situation: Situation | None
    problems: tuple[Problem, ...] = ()


def load_situation(file: Path) -> LoadedSituation:
    """Read the file; house and site are checked by those who are given them."""
    document = read(file)
    findings = list(document.findings)
    shape = None
    if document.root is not None and not findings:
        shape, found = validate(SituationShape, document.root.value())
        findings += found
    if shape is None or findings:
        problems = tuple(document.problem(finding) for finding in findings)
        return LoadedSituation(situation=None, problems=problems)
    site = dict(shape.site)
    if "grid" in site:
        site["grid"] = _found_from(file.parent, site["grid"])
    return LoadedSituation(situation=Situation(start=shape.start, house=shape.house, site=site))


def _found_from(folder: Path, grid: Any) -> Any:  # noqa: ANN401 - as it was written
    """The section with its price files named from the situation's folder."""
    if not isinstance(grid, Mapping):
        return grid
    return {key: _file_from(folder, value) for key, value in grid.items()}


def _file_from(folder: Path, price: Any) -> Any:  # noqa: ANN401 - as it was written
    if not isinstance(price, Mapping):
        return price
    files = {"csv", "ics"}
    return {k: str((folder / v).resolve()) if k in files else v for k, v in price.items()}


def site_with(site: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The site with the situation's sections; a device keeps the keys that are not named."""
    devices = dict(site["devices"])
    for name, more in changes.get("devices", {}).items():
        if more is None:
            devices.pop(name, None)
        else:
            devices[name] = {**devices.get(name, {}), **more}
    return {**site, **changes, "devices": devices}
