"""JSON as bytes: what is accepted from strangers, and how the gateway writes."""

import json
import math
from collections.abc import Mapping
from typing import Final, NoReturn

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 16
_DECIMALS = 3
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class Unreadable(ValueError):
    """The bytes are not a document this gateway takes; the text says why."""


def read(payload: bytes) -> object:
    """The document in the bytes.

    Raises:
        Unreadable: over 64 KiB, not UTF-8, not JSON, NaN or infinite, deeper than 16.
    """
    if len(payload) > MAX_BYTES:
        message = f"the payload has {len(payload)} bytes, at most {MAX_BYTES} are taken"
        raise Unreadable(message)
    try:
        document: object = json.loads(
            payload.decode(), parse_constant=_refuse_constant, parse_float=_finite
        )
    except Unreadable:
        raise
    except UnicodeDecodeError as error:
        message = f"the payload is not UTF-8: byte {error.start}"
        raise Unreadable(message) from error
    except RecursionError as error:
        raise Unreadable(_TOO_DEEP) from error
    except ValueError as error:
        message = f"the payload is not JSON: {error}"
        raise Unreadable(message) from error
    if _deeper(document, MAX_DEPTH):
        raise Unreadable(_TOO_DEEP)
    return document


def write(payload: Mapping[str, object]) -> bytes:
    """Compact JSON with the keys in the order given.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return _ENCODER.encode(payload).encode(errors="replace")


def encoded(value: float | str | None) -> str:
    """The JSON text of one value.

    Raises:
        ValueError: it is NaN or infinite.
    """
    return _ENCODER.encode(value)


def number(value: float | None) -> int | float | None:
    """A measurement for the wire: at most three decimals; None if it is missing or not finite."""
    if value is None or isinstance(value, int):
        return value
    rounded = round(value, _DECIMALS)
    if rounded.is_integer():
        return int(rounded)
    return rounded if math.isfinite(rounded) else None


_TOO_DEEP = f"the payload is nested deeper than {MAX_DEPTH}"


def _refuse_constant(word: str) -> NoReturn:
    message = f"the payload holds {word}, which is no number"
    raise Unreadable(message)


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_constant(text)


def _deeper(document: object, depth: int) -> bool:
    level = [document]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(inner, dict | list) for inner in level)
