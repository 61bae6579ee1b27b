"""One tender of a book: kept with all that is known of it, or refused with what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm

from gateway.app.what_if.terms import Terms, Wrong
from gateway.market.point_list import PointList
from gateway.model.tender import Side

_KEYS = {"id", "party", "side", "price", "quantity", "allOrNone", "sequence", "curve"}
_POINT = 2  # price and quantity


@dataclass(frozen=True, slots=True)
class Kept:
    """A tender that takes part.

    Attributes:
        side: of a single tender; None for a curve.
        demand: places and lots.
        sequence: as the document says, None without.
    """

    id: str
    party: str
    side: Side | None
    demand: PointList
    all_or_none: bool = False
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A tender that does not, and why."""

    id: str | None
    why: str


def read_tender(entry: object, terms: Terms) -> Kept:
    """A tender under the terms.

    Raises:
        Wrong: it breaks one; says which.
    """
    if not isinstance(entry, Mapping):
        message = f"found {entry!r}, expected an object"
        raise Wrong(message)
    if unknown := sorted(set(entry) - _KEYS):
        message = f"unknown key {unknown[0]!r}; allowed: {', '.join(sorted(_KEYS))}"
        raise Wrong(message)
    who = _text(entry, "id"), _text(entry, "party")
    sequence = entry.get("sequence")
    if sequence is not None and (isinstance(sequence, bool) or not isinstance(sequence, int)):
        message = f"sequence: found {sequence!r}, expected a whole number"
        raise Wrong(message)
    if "curve" in entry:
        if extra := sorted({"side", "price", "quantity", "allOrNone"} & set(entry)):
            message = f"a curve has no {extra[0]!r} of its own"
            raise Wrong(message)
        return Kept(*who, None, _curve(entry["curve"], terms), sequence=sequence)
    return _single(entry, who, sequence, terms)


def _single(
    entry: Mapping[str, object], who: tuple[str, str], sequence: int | None, terms: Terms
) -> Kept:
    side = entry.get("side")
    if side not in ("BUY", "SELL"):  # a list has no hash
        message = f"side: found {side!r}, allowed: BUY, SELL"
        raise Wrong(message)
    lots = terms.lots(entry.get("quantity"))
    if lots <= 0 or lots.denominator != 1:
        message = f"quantity {entry.get('quantity')} is not one or more whole lots"
        raise Wrong(message)
    whole = entry.get("allOrNone", False)
    if not isinstance(whole, bool):
        message = f"allOrNone: found {whole!r}, allowed: true, false"
        raise Wrong(message)
    side = Side(str(side))
    demand = PointList.step(side, terms.place(entry.get("price")), int(lots))
    return Kept(*who, side, demand, whole, sequence)


def _curve(points: object, terms: Terms) -> PointList:
    if not isinstance(points, Sequence) or isinstance(points, str) or not points:
        message = "curve: expected a list of [price, quantity], at least one"
        raise Wrong(message)
    places: list[int] = []
    quantities: list[Fraction] = []
    for point in points:
        if not isinstance(point, list) or len(point) != _POINT:
            message = f"curve: found {point!r}, expected [price, quantity]"
            raise Wrong(message)
        places.append(terms.place(point[0]))
        quantities.append(terms.lots(point[1]))
    if any(after < before for before, after in pairwise(places)):
        message = "curve: its prices fall; they may only rise"
        raise Wrong(message)
    if any(after > before for before, after in pairwise(quantities)):
        message = "curve: its quantity rises with the price; demand may only fall"
        raise Wrong(message)
    parts = lcm(*(lots.denominator for lots in quantities))
    return PointList(tuple(places), tuple(int(lots * parts) for lots in quantities), parts)


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.isprintable() or not value:
        message = f"{key}: found {value!r}, expected a text that can be printed"
        raise Wrong(message)
    return value
