"""Values of the house as canonical JSON: one value, one text, on every machine.

Only integers are written: a float is written in thousandths, rounded half to even.  What a
number means is told by the type hint of its field, so a field typed ``float`` reads back as
integer / 1000.  A union of dataclasses is tagged ``{"_": "ClassName", ...}``.  A field that
is empty (None, false, zero, no text, nothing in it) is left out where its absence reads the
same.  Mappings are written by sorted key.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Any,
    NamedTuple,
    NewType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

T = TypeVar("T")

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_AS_THEY_ARE = frozenset({str, int, bool, NoneType})
_TAG = "_"
_THOUSAND = 1000
# Below this x * 1000 as a float errs by less than half a thousandth.
_EXACT_PRODUCT = float(2**40)


def to_json(value: object) -> Json:
    """The value as JSON of integers, strings, lists and dicts with sorted keys.

    Raises:
        ValueError: a float is NaN or infinite.
        TypeError: something that has no canonical form.
    """
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return cast("Json", value)
    if is_dataclass(kind):
        return _of(kind).write(value)
    return _plain(value)


def from_json(cls: type[T], data: Json) -> T:
    """The inverse of ``to_json``, guided by the type hints of ``cls``.

    Keys that the class does not know are ignored; missing ones take the field's default.

    Raises:
        ValueError: the data does not fit; the text names class and field.
    """
    return cast("T", _of(cls).read(data))


def text(value: object) -> str:
    """Canonical JSON text: sorted keys, no spaces, ASCII, integers only."""
    return encoded(to_json(value))


def encoded(data: Json) -> str:
    """The text of what ``to_json`` gave."""
    return _ENCODER.encode(data)


def quantise(value: T) -> T:
    """The value as it will be read back from its text, so that live and replay see one value."""
    return from_json(type(value), to_json(value))


def kept(number: float | None) -> float | None:
    """``quantise`` of a measurement.

    Raises:
        ValueError: NaN or infinite.
    """
    return None if number is None else thousandths(number) / _THOUSAND


def thousandths(number: float) -> int:
    """The number in thousandths, rounded half to even.

    Raises:
        ValueError: NaN or infinite.
    """
    if isinstance(number, int):
        return number * _THOUSAND
    if -_EXACT_PRODUCT < number < _EXACT_PRODUCT:
        return round(number * _THOUSAND)
    if not math.isfinite(number):
        message = f"{number} is not a number that can be kept; a missing value is None"
        raise ValueError(message)
    numerator, denominator = number.as_integer_ratio()
    return _divide_half_even(numerator * _THOUSAND, denominator)


def _divide_half_even(numerator: int, denominator: int) -> int:
    whole, rest = divmod(numerator, denominator)
    odd = whole % 2
    return whole + (2 * rest + odd > denominator)


@dataclass(frozen=True, slots=True)
class _Codec:
    """How values of one type hint are written and read.

    Attributes:
        kind: values exactly of this type are written and read as they are; None: none are.
    """

    write: Callable[[Any], Json]
    read: Callable[[Any], object]
    kind: type[Any] | None = None


def _plain(value: object) -> Json:
    """JSON by what the value is, where no type hint says more."""
    match value:
        case Enum():
            return _plain(value.value)
        case None | bool() | int() | str():
            return value
        case float():
            return thousandths(value)
        case dict() | Mapping():
            return {key: to_json(value[key]) for key in sorted(map(_key, value))}
        case list() | Sequence() if not isinstance(value, bytes | bytearray):
            # A dump is lists of lists of these, which are as they are.
            if type(value) is list and _AS_THEY_ARE.issuperset(map(type, value)):
                return [*value]
            return [to_json(item) for item in value]
        case _:
            message = f"{type(value).__name__} has no canonical form: {value!r}"
            raise TypeError(message)


def _key(key: object) -> str:
    if isinstance(key, str):
        return key
    message = f"keys of a mapping are strings, not {key!r}"
    raise TypeError(message)


def _of(cls: Any) -> _Codec:  # noqa: ANN401  mypy takes a type variable for unhashable
    return _codec(cls)


@cache
def _codec(hint: Any) -> _Codec:  # noqa: ANN401  a type hint can be anything
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return _union(get_args(hint))
    if origin is tuple:
        return _tuple(get_args(hint))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(get_args(hint)[1])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint)
    message = f"no canonical form for values typed {hint!r}"
    raise TypeError(message)


def _exactly(kind: type) -> _Codec:
    def same(value: object) -> Json:
        if type(value) is kind or (kind is str and isinstance(value, str)):
            return cast("Json", value)
        message = f"expected {kind.__name__}, found {value!r}"
        raise ValueError(message)

    return _Codec(same, same, kind)


def _read_float(data: object) -> float:
    if type(data) is int:
        return data / _THOUSAND
    message = f"expected an integer of thousandths, found {data!r}"
    raise ValueError(message)


_SCALARS: Mapping[object, _Codec] = {
    NoneType: _exactly(NoneType),
    bool: _exactly(bool),
    int: _exactly(int),
    str: _exactly(str),
    float: _Codec(thousandths, _read_float),
    object: _Codec(to_json, lambda data: data),  # JSON that somebody else gave a meaning
}


def _enum(cls: type[Enum]) -> _Codec:
    """A member by its value; both ways are a look-up, since some stand in every row."""
    written = {member: _plain(member.value) for member in cls}
    known: dict[object, Enum] = {member.value: member for member in cls}

    def write(member: Enum) -> Json:
        return written[member] if member in written else _plain(cls(member).value)

    def read(data: object) -> object:
        member = known.get(data) if isinstance(data, str | int) else None
        return cls(data) if member is None else member

    return _Codec(write, read)


def _tuple(items: tuple[Any, ...]) -> _Codec:
    if len(items) == 2 and items[1] is Ellipsis:  # noqa: PLR2004  tuple[X, ...]
        item = _codec(items[0])
        return _Codec(
            lambda value: [item.write(part) for part in value],
            lambda data: tuple([item.read(part) for part in _list(data)]),
        )
    parts = tuple(_codec(part) for part in items)
    return _Codec(
        lambda value: [part.write(v) for part, v in zip(parts, value, strict=True)],
        lambda data: tuple([part.read(d) for part, d in zip(parts, _list(data), strict=True)]),
    )


def _list(data: object) -> list[Json]:
    if isinstance(data, list):
        return data
    message = f"expected a list, found {data!r}"
    raise ValueError(message)


def _object(data: object) -> dict[str, Json]:
    if isinstance(data, dict):
        return data
    message = f"expected an object, found {data!r}"
    raise ValueError(message)


def _mapping(hint: Any) -> _Codec:  # noqa: ANN401  a type hint can be anything
    value_of = _codec(hint)
    return _Codec(
        lambda value: {key: value_of.write(value[key]) for key in sorted(map(_key, value))},
        lambda data: {key: value_of.read(item) for key, item in sorted(_object(data).items())},
    )


def _union(hints: tuple[Any, ...]) -> _Codec:
    some = tuple(hint for hint in hints if hint is not NoneType)
    if len(some) == 1:
        inner = _codec(some[0])
    elif all(is_dataclass(hint) for hint in some):
        inner = _tagged(some)
    else:
        inner = _either(some)
    if len(some) == len(hints):
        return inner
    return _Codec(
        lambda value: None if value is None else inner.write(value),
        lambda data: None if data is None else inner.read(data),
        inner.kind,
    )


def _tagged(classes: tuple[type, ...]) -> _Codec:
    """One of several dataclasses; the class name tells which."""
    by_name = {cls.__name__: _codec(cls) for cls in classes}

    def write(value: object) -> Json:
        name = type(value).__name__
        if name not in by_name:
            message = f"expected one of {', '.join(sorted(by_name))}, found {name}"
            raise ValueError(message)
        return {_TAG: name} | cast("dict[str, Json]", by_name[name].write(value))

    def read(data: object) -> object:
        name = _object(data).get(_TAG)
        if not isinstance(name, str) or name not in by_name:
            message = f"expected one of {', '.join(sorted(by_name))}, found {name!r}"
            raise ValueError(message)
        return by_name[name].read(data)

    return _Codec(write, read)


def _either(kinds: tuple[type, ...]) -> _Codec:
    """One of several scalars.  Where a float may stand, whole thousands read back as int."""
    if unknown := set(kinds) - {bool, int, float, str}:
        message = f"no canonical form for a union with {sorted(map(str, unknown))}"
        raise TypeError(message)
    floats = float in kinds

    def write(value: object) -> Json:
        if floats and isinstance(value, int | float) and not isinstance(value, bool):
            return thousandths(value)
        return _plain(value)

    def read(data: object) -> object:
        if floats and type(data) is int:
            return data / _THOUSAND if data % _THOUSAND else data // _THOUSAND
        if isinstance(data, kinds):
            return data
        message = f"expected {' or '.join(kind.__name__ for kind in kinds)}, found {data!r}"
        raise ValueError(message)

    return _Codec(write, read)


def _record(cls: Any) -> _Codec:  # noqa: ANN401  a dataclass has no common type
    """A dataclass; its fields' codecs are looked up once, on first use (classes may nest)."""

    @cache
    def plan() -> tuple[_Field, ...]:
        hints = get_type_hints(cls)
        return tuple(_Field.of(field, _codec(hints[field.name])) for field in fields(cls))

    return _Codec(
        lambda value: _write_fields(plan(), value),
        lambda data: cls(**_read_fields(cls, plan(), data)),
    )


def _write_fields(plan: "tuple[_Field, ...]", value: object) -> Json:
    written: dict[str, Json] = {}
    name = ""
    try:
        for name, kind, write, _, default, absent, _ in plan:
            item: Any = getattr(value, name)
            if item is default or (item is None and absent is None):
                continue
            part: Json = item if type(item) is kind else write(item)
            if part or part != absent:
                written[name] = part
    except (ValueError, TypeError) as error:
        raise _located(type(value), name, error) from error
    return written


def _read_fields(cls: type, plan: "tuple[_Field, ...]", data: object) -> dict[str, object]:
    given = _object(data)
    values: dict[str, object] = {}
    name = ""
    try:
        for name, kind, _, read, _, _, required in plan:
            if name in given:
                item = given[name]
                values[name] = item if type(item) is kind else read(item)
            elif required:
                values[name] = read(None)
    except (ValueError, TypeError) as error:
        raise _located(cls, name, error) from error
    return values


class _Field(NamedTuple):
    """How one field of a dataclass is written and read.

    Attributes:
        kind: of values that are written and read as they are; None for others.
        default: an empty value, left out; ``_NOTHING`` where there is none.
        absent: what absence means, as it would be written; None for a required field.
    """

    name: str
    kind: type[Any] | None
    write: Callable[[Any], Json]
    read: Callable[[Any], object]
    default: object
    absent: Json
    required: bool

    @classmethod
    def of(cls, field: Field[object], codec: _Codec) -> "_Field":
        """Looked up once per class."""
        required = _is_required(field)
        absent = _absent(field, codec)
        default = _NOTHING if absent or field.default is MISSING else field.default
        kind, write, read = codec.kind, codec.write, codec.read
        return cls(field.name, kind, write, read, default, absent, required)


_NOTHING = object()


def _is_required(field: Field[object]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _absent(field: Field[object], codec: _Codec) -> Json:
    """What the absence of a field means, as it would be written; None of a required one."""
    if field.default_factory is not MISSING:
        return codec.write(field.default_factory())
    if field.default is MISSING:
        return None
    return codec.write(field.default)


def _located(cls: type, name: str, error: Exception) -> ValueError:
    """The error, telling of which field."""
    return ValueError(f"{cls.__name__}.{name}: {error}")
