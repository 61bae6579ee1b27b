"""A device as a document: its chain, its registers, what it refuses or leaves unanswered.

The form is that of a register map: ``registers`` by address, and what is in none answers
exception 2.  ``exceptions`` tells other codes and the holes inside models, ``silent`` what is
not answered at all, ``timings`` how long answers take.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from drivers.sunspec.choice import identity
from drivers.sunspec.codec import layout
from drivers.sunspec.discovery import COMMON
from drivers.sunspec.redaction import redact
from drivers.sunspec.survey import Hole, Survey, Surveyor
from gateway.model.device import Device
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable
from gateway.ports.line import Line

ILLEGAL_ADDRESS: Final = 2
_STEP_MS = 10  # shorter differences are the network's, not the device's
_SOURCE = "recorded by gridtender"
_KEPT = "serial numbers are replaced, accounts and places emptied; other texts are as found"


async def record(device: Device, line: Line) -> dict[str, object]:
    """Read the whole device, every hole to its edges; writes nothing.

    Raises:
        DeviceUnavailable: it does not answer, or stopped answering on the way.
        DeviceMisbehaves: it answers, but there is no SunSpec map.
    """
    survey = await Surveyor(device, line, deep=True).survey()
    words, replaced = redact(survey.words, survey.headers)
    holes = _Range.of(_told(survey), words)
    return {
        "source": _SOURCE,
        "device": _name(survey, words),
        "kind": "sunspec",
        "unit": device.unit,
        "base": survey.chain.base,
        "note": _KEPT,
        "redacted": list(replaced),
        "chain": [
            {"id": header.model, "address": header.address, "length": header.length}
            for header in survey.headers
        ],
        "exceptions": [
            {"address": one.address, "count": one.count, "code": one.code}
            for one in holes
            if one.code is not None
        ],
        "silent": [
            {"address": one.address, "count": one.count} for one in holes if one.code is None
        ],
        "timings": _timings(survey.answers_s),
        "registers": {str(address): word for address, word in words.items()},
    }


async def record_night(device: Device, line: Line, day: Mapping[str, object]) -> dict[str, object]:
    """The recording of a day with what is different now, when the device sleeps.

    Raises:
        DeviceMisbehaves: it is another device.
    """
    try:
        now = await record(device, line)
    except DeviceUnavailable:
        return {**day, "night": {"answers": False}}
    if (now["device"], now["unit"]) != (day.get("device"), day.get("unit")):
        message = (
            f"this is {now['device']}, unit {now['unit']}; the recording by day is of "
            f"{day.get('device')}, unit {day.get('unit')}"
        )
        raise DeviceMisbehaves(message)
    there, stands = _mapping(day["registers"]), _mapping(now["registers"])
    changed: dict[str, object] = {
        at: stands.get(at)
        for at in sorted({*there, *stands}, key=int)
        if there.get(at) != stands.get(at)
    }
    kept = ("chain", "exceptions", "silent", "timings")
    night = {"answers": True, **{key: now[key] for key in kept}, "registers": changed}
    return {**day, "night": night}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _told(survey: Survey) -> Iterator[Hole]:
    """Holes that a reader could not guess: outside models, exception 2 goes without saying."""
    yield from survey.holes
    for hole in survey.outside:
        if hole.code != ILLEGAL_ADDRESS:
            yield hole


@dataclass(frozen=True, slots=True)
class _Range:
    """Registers side by side that fail alike."""

    address: int
    count: int
    code: int | None

    @classmethod
    def of(cls, holes: Iterable[Hole], words: Mapping[int, int]) -> "list[_Range]":
        """Merged and in order, without what could be read in another request."""
        every = {at: h.code for h in holes for at in range(h.span.address, h.span.end)}
        codes = {at: code for at, code in every.items() if at not in words}
        merged: list[_Range] = []
        for at in sorted(codes):
            last = merged[-1] if merged else None
            if last and at == last.address + last.count and codes[at] == last.code:
                merged[-1] = cls(last.address, last.count + 1, last.code)
            else:
                merged.append(cls(at, 1, codes[at]))
        return merged


def _name(survey: Survey, words: Mapping[int, int]) -> str:
    for header in survey.headers:
        if header.model == COMMON and all(at in words for at in range(header.address, header.end)):
            found = [words[at] for at in range(header.address, header.end)]
            told = identity(layout(COMMON, header.length).decode(found))
            return f"{told.maker} {told.model}".strip()
    return ""


def _timings(answers_s: Sequence[float]) -> dict[str, int]:
    """Milliseconds: of the usual answer, and of the slowest."""
    usual, slowest = median(answers_s), max(answers_s)
    return {
        "answer_ms": int(1000 * usual) // _STEP_MS * _STEP_MS,
        "slowest_ms": int(1000 * slowest) // _STEP_MS * _STEP_MS,
    }
