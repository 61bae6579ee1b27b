"""A picture of a clearing: who buys and who sells at which price, and where the two meet."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gateway.app.what_if import Book
from gateway.model.tender import Side
from gateway.simulation.plot import drawable

# Beyond the volume one looks so much further to the right; a grid sells more than fits.
_ASIDE: Final = 1.9
_TITLE: Final = "price {price:g}, {quantity:g} traded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stair:
    """One step of a side's curve.

    Attributes:
        price: real.
        quantity: its own; the curve before it ends at ``begin``.
    """

    party: str
    price: float
    begin: float
    quantity: float


def stairs(book: Book, side: Side) -> tuple[Stair, ...]:
    """The steps of all parties in merit order: the dearest buyer first, the cheapest seller."""
    found = [
        (place, one.party, float(lots * book.terms.lot))
        for one in book.kept
        for where, place, lots in one.demand.pieces(book.terms.cap)
        if where is side
    ]
    found.sort(key=lambda step: step[0], reverse=side is Side.BUY)
    row: list[Stair] = []
    begin = 0.0
    for place, party, quantity in found:
        price = float(book.terms.price(place))
        row.append(Stair(party=party, price=price, begin=begin, quantity=quantity))
        begin += quantity
    return tuple(row)


def draw_book(book: Book, outcome: Mapping[str, Any], file: Path) -> None:
    """Write the picture; its kind by the file's name.

    Raises:
        WrongInput: a kind that cannot be drawn.
    """
    drawable(file)
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    widest = _widest(book, outcome["quantity"])
    low, high = _seen(book)
    axes.set_xlim(0, widest)
    axes.set_ylim(low, high)
    _curve(axes, stairs(book, Side.BUY), "tab:blue", "buyers")
    _curve(axes, stairs(book, Side.SELL), "tab:orange", "sellers")
    if outcome["price"] is not None:
        axes.axhline(outcome["price"], color="tab:red", linestyle=":", linewidth=1)
        axes.axvline(outcome["quantity"], color="tab:red", linestyle=":", linewidth=1)
        axes.plot(outcome["quantity"], outcome["price"], "o", color="tab:red")
        axes.set_title(_TITLE.format(**outcome))
    axes.set_xlabel("quantity")
    axes.set_ylabel("price")
    axes.legend(loc="upper right")
    figure.savefig(file, dpi=110)


def _widest(book: Book, volume: float) -> float:
    most = max(
        (row[-1].begin + row[-1].quantity for side in Side if (row := stairs(book, side))),
        default=1.0,
    )
    return min(most, volume * _ASIDE) if volume else most


def _seen(book: Book) -> tuple[float, float]:
    """The prices shown: who trades at any price would leave no room for the others."""
    ends = {float(book.terms.price(0)), float(book.terms.price(book.terms.cap))}
    every = [one.price for side in Side for one in stairs(book, side)]
    inside = [price for price in every if price not in ends] or every or [0.0]
    room = 0.15 * (max(inside) - min(inside) or 1.0)
    return min(inside) - room, max(inside) + room


def _curve(axes: Axes, row: tuple[Stair, ...], color: str, label: str) -> None:
    """A stair for a side, the party's name at each step that can be seen."""
    (_, widest), (low, high) = axes.get_xlim(), axes.get_ylim()
    above = label == "sellers"
    edges = [0.0, *(one.begin + one.quantity for one in row)]
    axes.stairs([one.price for one in row], edges, baseline=None, color=color, label=label)
    for before, one in pairwise((None, *row)):
        if one is None or one.begin >= widest or (before and before.party == one.party):
            continue
        axes.annotate(
            one.party,
            (one.begin, min(max(one.price, low), high)),
            xytext=(4, 4 if above else -12),
            textcoords="offset points",
            color=color,
        )
