"""What a whole look at a SunSpec device means for its owner."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from gateway.app.doctor.catalogue import Finding, found
from gateway.app.inspection_page import named
from gateway.model.device import Device, Role
from gateway.model.inspection import FoundModel, FoundPoint, Inspection
from gateway.model.time import HOUR, MINUTE, SECOND, Instant

_CONTROLS: Final = frozenset({123, 124, 704})
_LOCAL: Final = 1  # LocRemCtl
_EPOCH: Final = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * SECOND
# A device may keep local time, which is at most this far from UTC.
_ZONES: Final = 14 * HOUR
_DRIFT: Final = 10 * MINUTE
# The grid meter and other meters are found by the same models.
_AS_METER: Final = frozenset({Role.GRID, Role.METER, Role.LOAD, Role.HEAT, Role.EV})
_STEERED: Final = frozenset({Role.SOLAR, Role.STORAGE, Role.GENERATOR})


def of_inspection(device: Device, seen: Inspection, now: Instant) -> Iterator[Finding]:
    """All there is to say, the good first."""
    role = _played(device.role, seen)
    if role is not None:
        what = f"{named(seen.identity)}, {len(seen.models)} models at unit {seen.unit}"
        yield found("DEVICE_FINE", device.id, what=what)
    else:
        yield _unfit(device, seen)
    yield from _chain(device.id, seen)
    yield from _control(device, seen, role)
    yield from _clock(device.id, seen, now)


def _played(role: Role, seen: Inspection) -> Role | None:
    """The role of the inspection that shows whether it can be what it is configured as."""
    if role in _AS_METER and Role.METER in seen.parts:
        return Role.METER
    as_source = role in {Role.SOLAR, Role.GENERATOR} or role in _AS_METER - {Role.GRID, Role.METER}
    if as_source and Role.SOLAR in seen.parts:
        return Role.SOLAR
    return role if role in seen.parts else None


def _unfit(device: Device, seen: Inspection) -> Finding:
    models = ", ".join(str(model.id) for model in seen.models) or "none"
    fits = ", ".join(role.value for role in seen.parts) or "nothing that is known"
    return found("ROLE_UNFIT", device.id, role=device.role.value, models=models, fits=fits)


def _chain(device: str, seen: Inspection) -> Iterator[Finding]:
    ends = {model.address + 2 + model.length for model in seen.models}
    for problem in seen.problems:
        broken = problem.model is None and "breaks" in problem.text
        where = "" if problem.model is None else f"model {problem.model}: "
        text = problem.text if problem.text.startswith("model") else f"{where}{problem.text}"
        at_end = problem.model is None and problem.address in ends and not broken
        if not at_end:  # how a chain ends without an end model matters to nobody
            yield found("CHAIN_BROKEN" if broken else "CHAIN_ODD", device, what=text)


def _control(device: Device, seen: Inspection, role: Role | None) -> Iterator[Finding]:
    """Whether it would take setpoints, judged by what can be read."""
    part = None if role is None else seen.parts[role]
    if device.role not in _STEERED or part is None:
        return
    refused = [model for model in seen.models if model.id in _CONTROLS and _is_refused(model)]
    for model in refused:
        texts = [one.text for one in seen.problems if one.model == model.id]
        why = texts[0].partition(";")[0] if texts else "not answered"
        yield found("CONTROL_REFUSED", device.id, model=model.id, why=why)
    if not refused and part.steered_by is None and part.why:
        yield found("NOT_STEERED", device.id, why="; ".join(part.why))
    for model in seen.models:
        for point in model.body.points:
            if point.name == "LocRemCtl" and point.value == _LOCAL:
                yield found("CONTROL_LOCAL", device.id, point=f"{model.id}.LocRemCtl")


def _is_refused(model: FoundModel) -> bool:
    words = [word for point in model.body.points for word in point.words]
    return bool(words) and None in words


def _clock(device: str, seen: Inspection, now: Instant) -> Iterator[Finding]:
    """122 Tms: seconds since 2000, in UTC or, with many, in local time."""
    for point in _points(seen, 122, "Tms"):
        if not isinstance(point.value, int) or point.value <= 0:
            continue
        shown = _EPOCH + point.value * SECOND
        if abs(shown - now) > _ZONES + _DRIFT:
            date = datetime.fromtimestamp(shown // SECOND, UTC)
            days = abs(shown - now) / (24 * HOUR)
            off = f"{days:.1f} days"
            yield found("DEVICE_CLOCK", device, shown=f"{date:%d %b %Y %H:%M}", off=off)


def _points(seen: Inspection, model: int, name: str) -> Iterator[FoundPoint]:
    for one in seen.models:
        if one.id == model:
            yield from (point for point in one.body.points if point.name == name)
