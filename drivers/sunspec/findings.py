"""What is odd about a device's models, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from drivers.sunspec.anatomy import Anatomy
from drivers.sunspec.codec import HEADER
from drivers.sunspec.discovery import Header
from drivers.sunspec.survey import Hole, Survey
from gateway.model.inspection import FoundGroup, FoundPoint, Problem
from gateway.model.reading import Quality

_SHOWN = 8  # names in one sentence


def of_chain(survey: Survey) -> Iterator[Problem]:
    """What the walk itself showed."""
    for note in survey.chain.notes:
        yield Problem(text=note, address=survey.chain.broken_at)
    if not survey.headers and survey.chain.broken_at is None:
        yield Problem(
            text="the map is empty: no model follows its marker", address=survey.chain.base
        )
    if survey.end:
        yield Problem(text=survey.end, address=survey.headers[-1].end)


def of_holes(header: Header, holes: Sequence[Hole]) -> Iterator[Problem]:
    """What could not be read, where, and what stood there instead."""
    for hole in holes:
        first, last = hole.span.address, hole.span.end - 1
        where = f"register {first}" if first == last else f"registers {first} to {last}"
        why = "are not answered" if hole.code is None else f"are refused: exception {hole.code}"
        yield Problem(
            text=f"{where} {why}; the rest of the model is read",
            address=first,
            model=header.model,
        )


def of_vendor(header: Header, *, why: str = "") -> Problem:
    """A model that is shown raw."""
    reason = why or "there is no public definition of it"
    return Problem(
        text=f"model {header.model} ({header.length} registers) is shown raw: {reason}",
        address=header.address,
        model=header.model,
    )


def of_model(header: Header, anatomy: Anatomy, body: FoundGroup) -> Iterator[Problem]:
    """What a model whose definition is known shows."""
    for text in (
        *_length(header, anatomy),
        *_repeats(anatomy.definition, body),
        *_points(anatomy, body),
    ):
        yield Problem(text=text, address=header.address, model=header.model)


def _length(header: Header, anatomy: Anatomy) -> Iterator[str]:
    absent = anatomy.absent()
    if absent:
        yield (
            f"it is {header.length} registers long and ends before {_listed(absent)}; "
            "what fits is decoded"
        )
    over = anatomy.registers - anatomy.described
    if over:
        yield f"its last {over} of {header.length} registers are in no definition"


def _repeats(group: Mapping[str, Any], body: FoundGroup) -> Iterator[str]:
    """Where a count point says other than the length."""
    numbers = {point.name: point.value for point in body.points}
    for below in group.get("groups", ()):
        count, there = below.get("count"), len(body.groups.get(below["name"], ()))
        count = "N" if count == 0 else count  # 160: as often as there is room
        if isinstance(count, str) and numbers.get(count) not in {None, there}:
            yield f"{count} says {numbers[count]}, but its length has room for {there}"


def _points(anatomy: Anatomy, body: FoundGroup) -> Iterator[str]:
    notes: dict[str, list[str]] = {}
    for name, point in _every(body, ""):
        if point.quality is Quality.SUSPECT:
            notes.setdefault(point.note, []).append(name)
    for note, names in notes.items():
        yield f"{_listed(names)}: {note}"
    empty = [
        entry["name"]
        for entry in anatomy.definition["points"]
        if entry.get("mandatory") == "M" and _is_empty(body, entry["name"])
    ]
    if empty:
        yield f"mandatory, but not implemented: {_listed(empty)}"


def _is_empty(body: FoundGroup, name: str) -> bool:
    return any(
        point.name == name
        and point.value is None
        and None not in point.words
        and point.quality is Quality.MISSING
        and not point.framing
        for point in body.points
    )


def _every(group: FoundGroup, prefix: str) -> Iterator[tuple[str, FoundPoint]]:
    for point in group.points:
        yield prefix + point.name, point
    for name, repeated in group.groups.items():
        for number, one in enumerate(repeated, 1):
            yield from _every(one, f"{prefix}{name}[{number}].")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def is_variant(header: Header, anatomy: Anatomy) -> str:
    """Why a definition does not describe a vendor's model of the same id; empty if it does."""
    fixed = HEADER + sum(entry["size"] for entry in anatomy.definition["points"])
    groups = anatomy.definition.get("groups", ())
    if header.length + HEADER == fixed or groups:
        return ""
    bad = anatomy.bad_factors()
    if not bad:
        return ""
    return (
        f"its length is not that of the definition ({fixed - HEADER}), and what should be "
        f"powers of ten ({_listed(bad)}) is none"
    )
