"""Write ``docs/lessons.md``: what happened to others in the field, and the test that holds it here.

``python scripts/lessons_docs.py`` writes the file from the tests' names and docstrings and from
``tests/lessons/not_applicable.toml``; a test compares it.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LESSONS = ROOT / "tests" / "lessons"
DOCUMENT = ROOT / "docs" / "lessons.md"

GROUPS = {
    "Decoding": range(1, 19),
    "Discovery and the chain of models": range(19, 43),
    "Connections": range(43, 67),
    "Night, availability and counters": range(67, 75),
    "MQTT": range(75, 86),
    "Control": range(86, 114),
}
NUMBERS = range(1, 114)

_NAME = re.compile(r"test_lesson_(\d{3})_\w+")

INTRODUCTION = """\
# Lessons from the field

Others have connected such devices before and told what went wrong. Each row is one such story in a
sentence, and the test that fails as soon as this gateway would repeat it; the test's name says what
holds instead. A story that cannot happen here has a reason in its place.

This page is written by `scripts/lessons_docs.py` from the tests themselves.
"""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One test: its number, the first sentence of its docstring, and where it is."""

    number: int
    story: str
    test: str


def lessons() -> tuple[Lesson, ...]:
    """Every test of a lesson, by number."""
    found = [lesson for path in sorted(LESSONS.glob("test_*.py")) for lesson in _of(path)]
    return tuple(sorted(found, key=lambda lesson: lesson.number))


def not_applicable() -> Mapping[int, str]:
    """Why a lesson has no test, by number."""
    text = (LESSONS / "not_applicable.toml").read_text("utf-8")
    return {int(number): reason for number, reason in tomllib.loads(text).items()}


def document() -> str:
    """The whole page."""
    tests = {lesson.number: lesson for lesson in lessons()}
    reasons = not_applicable()
    parts = [INTRODUCTION]
    for title, numbers in GROUPS.items():
        rows = [_row(number, tests.get(number), reasons.get(number)) for number in numbers]
        parts.append(
            "\n".join([f"## {title}\n", "| | what happened | test |", "|---|---|---|", *rows, ""])
        )
    return "\n".join(parts)


def _row(number: int, lesson: Lesson | None, reason: str | None) -> str:
    if lesson is not None:
        return f"| {number} | {lesson.story} | `{lesson.test}` |"
    return f"| {number} | | {f'not applicable: {reason}' if reason else 'none yet'} |"


def _of(path: Path) -> Iterator[Lesson]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if match := _NAME.fullmatch(node.name):
            story = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
            where = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
            yield Lesson(int(match[1]), story.rstrip(".").replace("|", "\\|"), where)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
    told = {lesson.number for lesson in lessons()} | set(not_applicable())
    missing = [number for number in NUMBERS if number not in told]
    sys.stdout.write(f"wrote {DOCUMENT}; without test or reason: {missing or 'none'}\n")
