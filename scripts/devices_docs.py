"""Write the tables of ``docs/devices.md`` from the recorded devices and the register maps.

``python scripts/devices_docs.py`` writes what stands between the markers of the page and leaves
the text around them; a test compares it.
"""

import asyncio
import json
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path

from drivers.modbus import RegisterMap, load
from drivers.sunspec import package
from drivers.transport import MemLine, RegisterMemory
from gateway.adapters.clock import WallClock
from gateway.model.device import Device, Identity, Role, Timer
from gateway.model.inspection import Inspection, Part
from gateway.model.reading import Reading
from gateway.model.time import seconds, short_duration

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "devices.md"
RECORDED = ROOT / "tests" / "fixtures" / "register_maps"
MAPS = ROOT / "config" / "maps"
LESSONS = ROOT / "tests" / "lessons" / "not_applicable.toml"
_BLOCK = re.compile(
    r"(<!-- written by scripts/devices_docs.py: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)
_MEASURED = {
    "power_w": "power",
    "soc_pct": "charge",
    "available_w": "available power",
    "counted_in_wh": "energy in",
    "counted_out_wh": "energy out",
}
_POINT_ROLES = {
    "power": "power",
    "soc": "charge",
    "energy_in": "energy in",
    "energy_out": "energy out",
    "energy": "energy",
    "temperature": "temperature",
    "state": "state",
}


def document(page: str) -> str:
    """The page with every block written anew."""
    blocks: dict[str, Callable[[], str]] = {
        "recorded": lambda: asyncio.run(_recorded()),
        "maps": _maps,
        "lessons": _lessons,
    }
    return _BLOCK.sub(lambda match: f"{match[1]}\n{blocks[match[2]]()}\n{match[3]}", page)


async def _recorded() -> str:
    """A table of the recorded devices, and what is odd about each."""
    rows, odd = [], []
    for path in sorted(RECORDED.glob("*.json")):
        found, line = await _inspected(json.loads(path.read_text("utf-8"))["registers"])
        rows.append([row async for row in _rows(found, line)])
        odd.append((_name(found.identity), [*_problems(found), *found.quirks]))
    head = ("device", "firmware", "models", "as", "what is read", "steered by")
    table = _table(
        head, [row for device in sorted(rows, key=lambda r: r[0][0].lower()) for row in device]
    )
    lists = [
        _list(name, sentences) for name, sentences in sorted(odd, key=lambda one: one[0].lower())
    ]
    return "\n".join([table, "\nWhat is odd about them, and which quirks are in force:\n", *lists])


async def _inspected(registers: Mapping[str, int | None]) -> tuple[Inspection, MemLine]:
    words = {int(at): word for at, word in registers.items() if word is not None}
    line = MemLine(RegisterMemory({1: words}), WallClock())
    return await package.inspect(_device(Role.SOLAR), line), line


async def _rows(found: Inspection, line: MemLine) -> AsyncIterator[tuple[str, ...]]:
    """One row for each role that the device can play."""
    device = (_name(found.identity), found.identity.version, _numbers(m.id for m in found.models))
    if not found.parts:
        yield (*device, "", "", "")
    for role, part in found.parts.items():
        driver = package.open(_device(role), package.parse(_device(role), {}), line)
        await driver.connect()
        yield (*device, role.value, _read(await driver.read()), _steered(part))
        device = ("", "", "")


def _device(role: Role) -> Device:
    return Device(id="x", role=role, driver="sunspec", connection="mem://x", line="mem://x")


def _name(identity: Identity) -> str:
    return f"{identity.maker} {identity.model}".strip()


def _numbers(models: Iterable[int]) -> str:
    return ", ".join(map(str, models))


def _read(reading: Reading) -> str:
    told = [name for field, name in _MEASURED.items() if getattr(reading, field) is not None]
    points = sum(value is not None for value in reading.points.values())
    return f"{', '.join(told) or 'nothing'}; {points} points"


def _steered(part: Part) -> str:
    if part.steered_by is None:
        return "; ".join(part.why) or "-"
    timer = part.capabilities.timer
    return f"model {part.steered_by}, {part.capabilities.control.value}; {_timer(timer)}"


def _timer(timer: Timer | None) -> str:
    if timer is None:
        return "no timer"
    end = "a chosen level" if timer.reaches_level else "its own rule"
    return f"timer to {end}"


def _problems(found: Inspection) -> Iterator[str]:
    for problem in found.problems:
        where = (
            "" if problem.model is None or "model" in problem.text else f"model {problem.model}: "
        )
        yield f"{where}{problem.text}"


def _list(name: str, sentences: list[str]) -> str:
    if not sentences:
        return f"- {name}: nothing"
    return "\n".join([f"- {name}", *(f"  - {sentence}" for sentence in sentences)])


def _maps() -> str:
    """A table of the register maps."""
    head = ("map", "device", "roles", "what is read", "steered by", "facts", "source")
    return _table(head, [_map_row(path) for path in sorted(MAPS.glob("*.yaml"))])


def _map_row(path: Path) -> tuple[str, ...]:
    known = load(path.name)
    if not isinstance(known, RegisterMap):
        raise known[0]
    where, _, which = known.source.partition(" ")
    source = f"[read]({where}) {which}".strip() if "://" in where else known.source
    return (
        f"[`{path.name}`](../config/maps/{path.name})",
        f"{known.maker} {known.model}".strip(),
        ", ".join(known.roles),
        _points(known),
        _control(known),
        known.facts,
        source,
    )


def _points(known: RegisterMap) -> str:
    roles = [_POINT_ROLES.get(point.role or "", "") for point in known.points.values()]
    named = list(dict.fromkeys(role for role in roles if role))
    return f"{', '.join(named)}; {len(known.points)} points"


def _control(known: RegisterMap) -> str:
    control = known.control
    if control is None:
        return "-"
    stages = [f"{watts:g}" for watts in control.stages_w or ()]
    what = f"{control.kind} {' / '.join(stages)} W" if stages else control.kind
    if control.timer is not None:
        end = "a chosen level" if control.reaches_level else "its own rule"
        return f"{what}; timer to {end}"
    if control.watchdog_s is not None:
        after = short_duration(seconds(control.watchdog_s))
        return f"{what}; to its own rule {after} after the last write"
    return f"{what}; no timer"


def _lessons() -> str:
    """The lessons that have a reason instead of a test."""
    reasons = tomllib.loads(LESSONS.read_text("utf-8"))
    return "\n".join(f"- {number}: {reason}" for number, reason in reasons.items()) or "None."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document(DOCUMENT.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"wrote {DOCUMENT}\n")
