"""JSON Schema as far as drivers describe their keys with it (draft 2020-12)."""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]


def accepts(schema: Schema, value: object) -> bool:
    """Whether the value is one of the schema's; words that are not known here allow anything."""
    return all(_RULES[word](limit, value) for word, limit in schema.items() if word in _RULES) and (
        not isinstance(value, dict) or _object(schema, value)
    )


def mistakes(schema: object) -> Iterator[str]:
    """What makes it no schema, for a person."""
    if not isinstance(schema, Mapping):
        yield f"{schema!r} is no schema"
        return
    try:
        json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError) as error:
        yield f"it is not JSON: {error}"
        return
    types = schema.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if name not in _TYPES:
            yield f"type {name!r} is none of {', '.join(_TYPES)}"
            return
    for inner in _inside(schema):
        yield from mistakes(inner)
    if "default" in schema and not accepts(schema, schema["default"]):
        yield f"it refuses its own default {schema['default']!r}"


def _inside(schema: Schema) -> Iterator[object]:
    for word in ("anyOf", "oneOf", "allOf"):
        yield from schema.get(word, ())
    yield from schema.get("properties", {}).values()
    for word in ("items", "additionalProperties"):
        if word in schema and not isinstance(schema[word], bool):
            yield schema[word]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    whole = isinstance(value, float) and math.isfinite(value) and value.is_integer()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


def same(one: object, other: object) -> bool:
    """Equal as JSON: true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _object(schema: Schema, value: Mapping[str, object]) -> bool:
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    if any(key not in value for key in schema.get("required", ())):
        return False
    for key, inner in value.items():
        rule = known.get(key, other)
        if rule is False or (isinstance(rule, Mapping) and not accepts(rule, inner)):
            return False
    return True


_TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole,
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}

# A rule holds for values of its own type only, as the standard says.
_RULES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "type": lambda names, value: any(
        _TYPES[name](value) for name in (names if isinstance(names, list) else [names])
    ),
    "enum": lambda allowed, value: any(same(value, one) for one in allowed),
    "const": lambda only, value: same(value, only),
    "minimum": lambda least, value: not _is_number(value) or value >= least,
    "maximum": lambda most, value: not _is_number(value) or value <= most,
    "exclusiveMinimum": lambda bound, value: not _is_number(value) or value > bound,
    "exclusiveMaximum": lambda bound, value: not _is_number(value) or value < bound,
    "minLength": lambda least, value: not isinstance(value, str) or len(value) >= least,
    "maxLength": lambda most, value: not isinstance(value, str) or len(value) <= most,
    "pattern": lambda form, value: not isinstance(value, str) or bool(re.search(form, value)),
    "minItems": lambda least, value: not isinstance(value, list) or len(value) >= least,
    "maxItems": lambda most, value: not isinstance(value, list) or len(value) <= most,
    "items": lambda item, value: (
        not isinstance(value, list) or all(accepts(item, one) for one in value)
    ),
    "anyOf": lambda ways, value: any(accepts(way, value) for way in ways),
    "oneOf": lambda ways, value: sum(accepts(way, value) for way in ways) == 1,
    "allOf": lambda ways, value: all(accepts(way, value) for way in ways),
}
