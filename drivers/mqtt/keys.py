"""Keys of the YAML read strictly: each one known, each value of its kind, every error told."""

import math
from collections.abc import Collection, Mapping
from typing import Final

from gateway.model.errors import SettingsError
from gateway.model.time import Duration, parse_duration

MOST: Final = 1e9
_LONGEST_TOPIC: Final = 250
_LONGEST_TEXT: Final = 2000


class Keys:
    """One mapping on the way to settings; errors of all of them gather in one list."""

    def __init__(
        self,
        mapping: Mapping[str, object],
        path: tuple[str | int, ...] = (),
        errors: list[SettingsError] | None = None,
    ) -> None:
        self._mapping = mapping
        self._path = path
        self.errors = [] if errors is None else errors

    def __contains__(self, key: str) -> bool:
        return self._mapping.get(key) is not None

    def refuse(self, key: str, found: str, allowed: str) -> None:
        """Note an error at the key."""
        path = (*self._path, *key.split(".")) if key else self._path
        self.errors.append(SettingsError(path=path, found=found, allowed=allowed))

    def only(self, known: Collection[str]) -> None:
        """Refuse every key that is not known."""
        for key in self._mapping:
            if key not in known:
                self.refuse("", f"an unknown key {key!r}", ", ".join(known))

    def section(self, key: str) -> "Keys | None":
        """The mapping at the key, None where there is none."""
        value = self._mapping.get(key)
        if value is None:
            return None
        if isinstance(value, Mapping):
            return Keys(value, (*self._path, key), self.errors)
        self.refuse(key, repr(value), "a mapping")
        return None

    def names(self) -> tuple[str, ...]:
        """Its keys."""
        return tuple(str(key) for key in self._mapping)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a plain number, true or false is taken as it is written in JSON."""
        value = self._mapping.get(key, default)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT and "\0" not in value:
            return value
        found = "nothing" if value is None else repr(value)[:60]
        self.refuse(key, found, f"a text of at most {_LONGEST_TEXT} characters")
        return ""

    def steps(self, key: str) -> str:
        """A path into a payload, empty where there is none; an index may be a plain number."""
        value = self._mapping.get(key)
        if value is None or isinstance(value, str) or type(value) is int:
            return self.text(key, "")
        self.refuse(key, repr(value)[:60], "keys and indices with dots, such as ENERGY.Power")
        return ""

    def topic(self, key: str) -> str:
        """A topic without wildcards."""
        value = self._mapping.get(key)
        short = isinstance(value, str) and 0 < len(value) <= _LONGEST_TOPIC
        if isinstance(value, str) and short and value.isprintable() and not set(value) & set("+#"):
            return value
        found = "nothing" if value is None else repr(value)[:60]
        self.refuse(key, found, "an MQTT topic without + and #")
        return ""

    def choice(self, key: str, words: Collection[str], default: str) -> str:
        """One of the words."""
        value = self._mapping.get(key, default)
        if isinstance(value, str) and value in words:
            return value
        self.refuse(key, repr(value)[:60], ", ".join(words))
        return default

    def number(self, key: str, default: float, *, least: float = -MOST) -> float:
        """A finite number."""
        value = self._mapping.get(key, default)
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if plain and math.isfinite(value) and least <= value <= MOST:  # type: ignore[arg-type,operator]
            return float(value)  # type: ignore[arg-type]
        self.refuse(key, repr(value)[:60], f"a number from {least:g} to {MOST:g}")
        return default

    def duration(self, key: str, default: Duration, most: Duration) -> Duration:
        """A duration above nothing, as ``90s`` or ``10min``."""
        value = self._mapping.get(key)
        if value is None:
            return default
        try:
            found = parse_duration(value) if isinstance(value, str) else Duration(0)
        except ValueError:
            found = Duration(0)
        if 0 < found <= most:
            return found
        longest = int(most // 1_000_000_000)
        self.refuse(key, repr(value)[:60], f"a duration such as 30s or 10min, at most {longest} s")
        return default
