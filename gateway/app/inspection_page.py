"""What a look at a device found, for a person: every point, what is odd, what it could be."""

from collections.abc import Iterator
from itertools import groupby

from gateway.model.device import Capabilities, Control, Identity
from gateway.model.inspection import FoundGroup, FoundModel, FoundPoint, Inspection, Part
from gateway.model.reading import PointValue, Quality

_ADDRESS, _VALUE, _UNIT, _QUALITY = 7, 20, 11, 8
_SAME = 3  # equal words in a row that are written once
_PER_LINE = 8  # raw words
_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


def page(url: str, found: Inspection) -> Iterator[str]:
    """Lines of text."""
    yield f"{url}, unit {found.unit}: SunSpec map from register {found.base}"
    for number, identity in enumerate(found.identities, 1):
        which = f"device {number} in the chain: " if len(found.identities) > 1 else ""
        yield f"{which}{named(identity)}"
    yield from _parts(found)
    yield from found.quirks
    for model in found.models:
        yield ""
        yield from _model(model)
    yield ""
    yield from _problems(found)


def named(identity: Identity) -> str:
    """Maker, model, version and serial number as far as they are told."""
    told = (
        identity.maker,
        identity.model,
        identity.version and f"version {identity.version}",
        identity.serial and f"serial {identity.serial}",
    )
    return ", ".join(filter(None, told)) or "it does not say who made it"


def _parts(found: Inspection) -> Iterator[str]:
    for role, part in found.parts.items():
        yield f"role {role.value}: {_told(part)}"
    if not found.parts:
        yield "role: none; it has no model of an inverter, a battery, a meter or sensors"


def _told(part: Part) -> str:
    if part.steered_by is None:
        return f"reading only{_sizes(part.capabilities)}" + "".join(f"; {w}" for w in part.why)
    told = part.capabilities
    what = "a limit" if told.control is Control.LIMIT else "a power to hold"
    timer = "no timer of its own" if told.timer is None else f"own timer to {told.timer.max_s} s"
    return f"takes {what} by model {part.steered_by}, {timer}{_sizes(told)}"


def _sizes(told: Capabilities) -> str:
    sizes = {
        "rated {:g} W": told.rating_w,
        "charges {:g} W": told.charge_w,
        "discharges {:g} W": told.discharge_w,
        "holds {:g} Wh": told.capacity_wh,
    }
    return "".join(f", {text.format(size)}" for text, size in sizes.items() if size is not None)


def _model(model: FoundModel) -> Iterator[str]:
    again = f", no. {model.index} of its kind" if model.index > 1 else ""
    name = model.name or "of a vendor"
    yield f"model {model.id} {name}: register {model.address}, {model.length} long{again}"
    if model.raw is not None:
        for start in range(0, len(model.raw), _PER_LINE):
            words = " ".join(map(_word, model.raw[start : start + _PER_LINE]))
            yield f"  {model.address + start:<{_ADDRESS}}{words}"
        return
    rows = list(_rows(model.body, ""))
    width = max((len(name) for name, _ in rows), default=0)
    for name, point in rows:
        yield f"  {name:<{width}}  {_point(point)}".rstrip()


def _rows(group: FoundGroup, prefix: str) -> Iterator[tuple[str, FoundPoint]]:
    """Every point with its whole name."""
    for point in group.points:
        yield prefix + point.name, point
    for name, repeated in group.groups.items():
        for number, one in enumerate(repeated, 1):
            which = f"{name}[{number}]" if len(repeated) > 1 else name
            yield from _rows(one, f"{prefix}{which}.")


def _point(point: FoundPoint) -> str:
    value = _value(point.value)
    if point.meaning:
        value += f" {' '.join(point.meaning)}"
    quiet = point.framing and point.quality is not Quality.SUSPECT
    quality = "" if quiet else point.quality.value
    note = f" · {point.note}" if point.quality is Quality.SUSPECT else ""
    return (
        f"{value:<{_VALUE}} {point.unit:<{_UNIT}} {quality:<{_QUALITY}}{_words(point.words)}{note}"
    )


def _value(value: PointValue) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return "".join(
            letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value
        )
    return str(value)


def _words(words: tuple[int | None, ...]) -> str:
    """In hexadecimal; what repeats is written once, with how often."""
    shown: list[str] = []
    for word, run in groupby(words):
        count = len(list(run))
        text = _word(word)
        shown += [f"{text}x{count}"] if count > _SAME else [text] * count
    return " ".join(shown)


def _word(word: int | None) -> str:
    return "----" if word is None else f"{word:04X}"


def _problems(found: Inspection) -> Iterator[str]:
    if not found.problems:
        yield "nothing odd"
        return
    yield f"{len(found.problems)} odd things:" if len(found.problems) > 1 else "1 odd thing:"
    for problem in found.problems:
        where = "" if problem.model is None else f"model {problem.model}: "
        if problem.text.startswith(f"model {problem.model}"):
            where = ""
        yield f"  {where}{problem.text}"
