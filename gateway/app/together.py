"""Products of one resource hold their positions in common.

What a party traded ahead then stands in every dispatch interval inside it, and is dispatched.
"""

from collections.abc import Mapping
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from gateway.market import Market

if TYPE_CHECKING:
    from gateway.market.checkpoint import Dump


def share_positions(
    markets: Mapping[str, Market],
    dumps: Mapping[str, object],
    closed: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Let the markets of each resource share; before any of them is called.

    Args:
        markets: by product id.
        dumps: what those that stood before were loaded from, by product id.
        closed: the same of those that closed some time ago: others went on since.
    """
    by_resource = sorted(markets.values(), key=lambda market: market.product.resource)
    for _, group in groupby(by_resource, key=lambda market: market.product.resource):
        # One that stood before holds what was traded; one that is new holds nothing.
        first, *others = sorted(group, key=lambda market: market.product.id not in dumps)
        first.share() if others else first.hold_alone()
        for other in others:
            if not _shared({**closed, **dumps}.get(other.product.id)):
                first.positions.absorb(other.positions)
            other.share(first)


def _shared(dump: object) -> bool:
    """Whether the dumped positions were those of all products of the resource."""
    positions = None if dump is None else cast("Dump", dump)["positions"]
    return positions is not None and bool(positions.get("shared"))
