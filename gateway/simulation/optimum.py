"""Perfect foresight: the least a home can pay, knowing every load, sun and price to come.

The worth of stored energy is concave and piecewise linear, so a step backward merges two falling
lists of slopes, exactly: no grid, no rounding.  What is left at the end is worth nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from gateway.agents.value import Store

_EMPTY_WH = 1e-9


class Piece(NamedTuple):
    """So much energy in store at one worth: money per kWh stored, Wh."""

    worth: float
    energy_wh: float


class Moment(NamedTuple):
    """One step as it will be: what is drawn without the battery, Wh, and the prices per kWh."""

    residual_wh: float
    buys: float
    sells: float


def best_flows(
    moments: Sequence[Moment], store: Store, hours: float, stored_wh: float
) -> Iterator[float]:
    """What the battery takes in each step for the least cost of all, Wh at its terminals."""
    after: list[list[Piece]] = [[Piece(0.0, store.capacity_wh)]]
    for moment in reversed(moments):
        after.append(_before(moment, store, hours, after[-1]))
    after.pop()
    for moment in moments:
        moved_wh = _move(moment, store, hours, after.pop(), stored_wh)
        stored_wh = min(max(stored_wh + moved_wh, 0.0), store.capacity_wh)
        yield moved_wh / store.eta_charge if moved_wh > 0 else moved_wh * store.eta_discharge


def _exchange(moment: Moment, store: Store, hours: float) -> tuple[Piece, ...]:
    """What moving energy out of the store earns and into it costs, dearest first.

    From as much out as it can give, to as much in as it can take.
    """
    takes_wh = store.charge_w * hours * store.eta_charge
    gives_wh = store.discharge_w * hours / store.eta_discharge
    own_wh = min(max(moment.residual_wh, 0.0) / store.eta_discharge, gives_wh)
    free_wh = min(max(-moment.residual_wh, 0.0) * store.eta_charge, takes_wh)
    sells = min(moment.sells, moment.buys)
    return (
        Piece(store.taken(moment.buys), takes_wh - free_wh),
        Piece(store.taken(sells), free_wh),
        Piece(store.given(moment.buys), own_wh),
        Piece(store.given(sells), gives_wh - own_wh),
    )


def _before(moment: Moment, store: Store, hours: float, after: list[Piece]) -> list[Piece]:
    """The slopes of the store's worth one step earlier.

    Position 0 of the merged list is a store that lacks all it can take; its first ``capacity``
    from there on is what a store can hold.
    """
    at_wh = -store.charge_w * hours * store.eta_charge
    merged = sorted((*after, *_exchange(moment, store, hours)), reverse=True)
    pieces: list[Piece] = []
    for worth, energy_wh in merged:
        begin_wh, at_wh = max(at_wh, 0.0), at_wh + energy_wh
        inside_wh = min(at_wh, store.capacity_wh) - begin_wh
        if inside_wh > _EMPTY_WH:
            pieces.append(Piece(worth, inside_wh))
    return list(_joined(pieces))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    held: Piece | None = None
    for piece in pieces:
        if held is not None and held.worth == piece.worth:
            held = Piece(held.worth, held.energy_wh + piece.energy_wh)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _move(
    moment: Moment, store: Store, hours: float, after: list[Piece], stored_wh: float
) -> float:
    """How much goes into the store (out: negative), Wh in the cells.

    What is there and what could be taken in goes to its best use, dearest first: that part of
    it which the store itself values is what it holds afterwards.
    """
    exchange = _exchange(moment, store, hours)
    uses = [(piece.worth, 0, piece.energy_wh) for piece in after]
    uses += [(piece.worth, -1, piece.energy_wh) for piece in exchange]
    uses.sort(key=lambda use: (-use[0], use[1]))
    left_wh = stored_wh + store.charge_w * hours * store.eta_charge
    held_wh = 0.0
    for _, kind, energy_wh in uses:
        part_wh = min(energy_wh, left_wh)
        left_wh -= part_wh
        if kind == 0:
            held_wh += part_wh
        if left_wh <= 0:
            break
    return held_wh - stored_wh
