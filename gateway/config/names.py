"""Ids: one namespace for the area, its devices, products and parties."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from gateway.config.problem import Finding, Path

RESERVED: Final = frozenset(
    {"gateway", "market", "must-run", "owner", "guest", "utility", "devices"}
)
ID_PATTERN: Final = "[a-z0-9][a-z0-9_-]{0,31}"

_ID = re.compile(ID_PATTERN)
_ALLOWED: Final = "1 to 32 of a-z, 0-9, _ and -, beginning with a letter or digit"


def check_names(area: str, sections: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    """What is wrong with the ids of the sections; an id belongs to who names it first."""
    yield from _check_word(area, ("area",), at_key=False)
    owners = {area: "the area"}
    for section, ids in sections.items():
        for name in ids:
            path = (section, name)
            yield from _check_word(name, path, at_key=True)
            if name in owners:
                found = f"the id {name!r}, which is {owners[name]}"
                allowed = "an id that no device, product, party or area has"
                yield Finding(path=path, found=found, allowed=allowed, at_key=True)
            owners.setdefault(name, f"also in {section}")


def _check_word(name: str, path: Path, *, at_key: bool) -> Iterator[Finding]:
    if name in RESERVED:
        found, allowed = f"the reserved id {name!r}", "an id of your own"
        yield Finding(path=path, found=found, allowed=allowed, at_key=at_key)
    elif not _ID.fullmatch(name):
        found = f"the id {name[:40]!r}"
        yield Finding(path=path, found=found, allowed=_ALLOWED, hint=_hint(name), at_key=at_key)


def _hint(name: str) -> str:
    plain = re.sub("[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:32]
    return f"did you mean {plain!r}?" if plain else ""
