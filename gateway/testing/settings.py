"""What is promised of a driver package before there is a device: parse, json_schema, open."""

import asyncio
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final

from gateway.model.errors import SettingsError
from gateway.testing.json_schema import Schema, accepts, mistakes, same
from gateway.testing.promises import Broken, Promise
from gateway.testing.specimen import Specimen
from gateway.testing.stage import on_virtual_time
from gateway.testing.trial import Trial

_ODD: Final[tuple[object, ...]] = (
    None, True, -1, 0, 1.5, 10**12, math.nan, math.inf, "", "\0", "no such thing", [], [[]], {},
    {"a": {"b": []}},
)  # fmt: skip
_WAYS_OUT: Final = frozenset({"connect", "connect_ex", "sendto", "bind", "open", "popen"})


@dataclass(frozen=True, slots=True)
class _Tried:
    """A mapping in which only ``key`` may be wrong, and what parse made of it."""

    own: Mapping[str, object]
    key: str
    errors: tuple[SettingsError, ...] | None

    @property
    def is_absent(self) -> bool:
        """Not there, or null, which may mean the same; then another key may be the wrong one."""
        return self.own.get(self.key) is None

    def __str__(self) -> str:
        return f"{self.key}: {self.own[self.key]!r}" if self.key in self.own else f"no {self.key}"


def check_settings(specimen: Specimen, own: Mapping[str, object], found: list[Broken]) -> None:
    """The keys as given, then each of them with everything that may stand in a file."""
    schema = specimen.package.json_schema()
    wrong = [f"{key}: {text}" for key, rule in schema.items() for text in mistakes(rule)]
    wrong += [f"{key} is not in it" for key in own if key not in schema]
    found.extend(Broken(Promise.SCHEMA, text) for text in wrong)
    for tried in () if wrong else _attempts(specimen, own, schema, found):
        rule: Any = schema[tried.key]
        found.extend(_badly_named(tried, {*own, *schema}))
        if not tried.is_absent:
            found.extend(_at_odds(tried, rule))


def check_open(specimen: Specimen, found: list[Broken]) -> None:
    """Opening asks nothing of the line and of nobody else, at once or a moment later."""
    went: set[str] = set()

    def watch(frame: FrameType, event: str, called: Any) -> None:  # noqa: ANN401, ARG001
        if event == "c_call" and called.__name__ in _WAYS_OUT:
            went.add(called.__qualname__)

    async def opened() -> None:
        profiler = sys.getprofile()
        sys.setprofile(watch)
        try:
            trial = Trial(specimen, found)
        finally:
            sys.setprofile(profiler)
        await asyncio.sleep(1)
        for asked in trial.line.asked:
            trial.broken(Promise.OPEN, f"it was {asked}")

    on_virtual_time(opened)
    found.extend(Broken(Promise.OPEN, f"it called {name}") for name in sorted(went))


def _attempts(
    specimen: Specimen, own: Mapping[str, object], schema: Schema, found: list[Broken]
) -> Iterator[_Tried]:
    for key, rule in schema.items():
        without = {name: value for name, value in own.items() if name != key}
        for changed in (without, *({**own, key: value} for value in (*_ODD, *_named(rule)))):
            try:
                parsed = specimen.package.parse(specimen.device, changed)
            except Exception as error:  # noqa: BLE001 - a driver on trial may raise anything
                found.append(Broken(Promise.SETTINGS, f"parse({changed}) raised {error!r}"))
                continue
            yield _Tried(changed, key, _errors(parsed))


def _errors(parsed: object) -> tuple[SettingsError, ...] | None:
    if not isinstance(parsed, tuple) or not parsed:
        return None
    errors = tuple(one for one in parsed if isinstance(one, SettingsError))
    return errors if len(errors) == len(parsed) else None


def _named(rule: Schema) -> Iterator[object]:
    """Values that the schema itself names."""
    yield from rule.get("enum", ())
    if "default" in rule:
        yield rule["default"]


def _badly_named(tried: _Tried, keys: set[str]) -> Iterator[Broken]:
    """Errors that do not lead a person to the key."""
    errors = tried.errors or ()
    paths = [error.path for error in errors]
    if errors and not tried.is_absent and tried.key not in {path[0] for path in paths if path}:
        yield Broken(Promise.SETTINGS, f"with {tried} the errors are of {paths}")
    for error in errors:
        if error.path and error.path[0] not in keys:
            yield Broken(Promise.SETTINGS, f"with {tried} an error is of the key {error.path[0]!r}")
        if not (error.found and error.allowed):
            yield Broken(Promise.SETTINGS, f"with {tried} it says not what is allowed: {error}")


def _at_odds(tried: _Tried, rule: Schema) -> Iterator[Broken]:
    """Where parse and json_schema differ."""
    value = tried.own[tried.key]
    if tried.errors is None and not accepts(rule, value):
        yield Broken(Promise.SCHEMA, f"it refuses {tried}, parse takes it")
    if tried.errors and any(same(value, one) for one in _named(rule)):
        yield Broken(Promise.SCHEMA, f"it names {tried}, parse refuses it: {tried.errors[0]}")
