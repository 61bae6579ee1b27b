"""The modules of model 160: strings of panels, and on hybrids the battery's two directions."""

from collections.abc import Sequence
from functools import cache

from drivers.sunspec.codec import layout
from drivers.sunspec.discovery import Header
from drivers.sunspec.roles import MPPT, STORAGE, Points, Shape


def modules_of(shape: Shape) -> tuple[str, ...]:
    """Prefixes of model 160's modules, where a storage may be one of them."""
    header = shape.headers.get(MPPT) if shape.has(STORAGE) else None
    return () if header is None else modules(header)


@cache
def modules(header: Header) -> tuple[str, ...]:
    """``160.1.``, ``160.2.`` and so on, as many as the device's model 160 has."""
    points = layout(header.model, header.length).points
    names = (f"{header.model}.{point.name}" for point in points if point.name.endswith(".IDStr"))
    return tuple(name.removesuffix("IDStr") for name in names)


def module(points: Points, prefixes: Sequence[str], kind: str) -> str | None:
    """The prefix of the module whose name begins with ``kind``."""
    return next((p for p in prefixes if str(points.get(p + "IDStr")).startswith(kind)), None)
