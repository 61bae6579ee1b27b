"""Transcripts of docs/transcripts: what is typed, what must come, and how the two are compared.

``<id:NAME>`` is any id; below, ``$NAME`` stands for it.
"""

import json
import re
import shlex
from dataclasses import dataclass, field

_BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CAUGHT = re.compile(r"<id:([A-Z]+)>")
_PLACEHOLDERS = {
    "<id>": r"[A-Za-z0-9._~-]{1,64}",
    "<instant>": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
}


@dataclass
class Step:
    """A line that is typed, and the lines below it."""

    typed: str
    comes: list = field(default_factory=list)

    def words(self, logins, known):
        """The command; ``$NAME`` replaced by what is known, logins by several words."""
        return [put_in(word, known) for word in shlex.split(put_in(self.typed, logins))]

    @property
    def is_comment(self):
        return self.typed.startswith("#")

    def expected(self, known):
        """(who hears it, operation or None, payload) of each line below."""
        for line in self.comes:
            head, brace, payload = line.partition("{")
            who, _, name = head.strip().rpartition(": ")
            yield who or "anna", name or None, json.loads(put_in(brace + payload, known))


def put_in(text, known):
    return re.sub(r"\$([A-Z]+)", lambda found: known.get(found[1], found[0]), text)


def caught(expected, found):
    """What ``<id:NAME>`` stood for, by name."""
    if isinstance(expected, dict):
        pairs = [(value, found[key]) for key, value in expected.items()]
    elif isinstance(expected, list):
        pairs = list(zip(expected, found, strict=True))
    else:
        name = _CAUGHT.fullmatch(expected) if isinstance(expected, str) else None
        return {name[1]: found} if name else {}
    return {name: value for pair in pairs for name, value in caught(*pair).items()}


def steps_of(page):
    """The steps of all blocks of a page, in order."""
    steps = []
    for block in _BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            else:
                steps[-1].comes.append(line)
    return steps


def differences(expected, found, path=""):
    """Where what came is not what the page says; fields that the page leaves out may be there."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key in found:
                yield from differences(value, found[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is missing"
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif not _is(expected, found):
        yield f"{path}: the page says {expected!r}, found {found!r}"


def _is(expected, found):
    if expected == "<number>":
        return isinstance(found, int | float) and not isinstance(found, bool)
    if isinstance(expected, str) and _CAUGHT.fullmatch(expected):
        expected = "<id>"
    if isinstance(expected, str) and expected in _PLACEHOLDERS:
        return isinstance(found, str) and re.fullmatch(_PLACEHOLDERS[expected], found) is not None
    return expected == found and type(expected) is type(found)
