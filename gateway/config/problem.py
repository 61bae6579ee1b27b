"""What is wrong in a configuration, where, and what would be right."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

Key = str | int
Path = tuple[Key, ...]

_LONGEST = 60


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text file, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake, as the operator reads it.

    Attributes:
        file: as it was named on the command line or in the configuration.
        line, column: counted from 1; line 0 where the file could not be read at all.
        path: keys from the top, ``devices.roof.limits.max_w``; empty for the whole file.
        found: what stands there; ``allowed``: what may stand there.
        hint: what was probably meant, empty if there is no good guess.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    allowed: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f"{self.path}: " if self.path else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}: {path}found {self.found}, allowed: {self.allowed}{hint}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem before its place is looked up.

    Attributes:
        path: of the value, or of the key if ``at_key``.
        at: the place itself, where the path alone does not tell it.
    """

    path: Path
    found: str
    allowed: str
    hint: str = ""
    at: Position | None = None
    at_key: bool = False


def dotted(path: Path) -> str:
    """Keys joined by dots, list indices in brackets: ``devices.roof.stages[2]``."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".")


def describe(value: object) -> str:
    """A value as the operator wrote it, shortened; text in quotes."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def closest(word: str, words: Iterable[str]) -> str:
    """A hint naming the known word that is most like ``word``, or an empty text."""
    likely = get_close_matches(word, [str(known) for known in words], n=1, cutoff=0.6)
    return f"did you mean {likely[0]!r}?" if likely else ""


def listed(words: Iterable[str]) -> str:
    """Words for a person: ``a, b, c``, or ``none`` without any."""
    return ", ".join(words) or "none"
