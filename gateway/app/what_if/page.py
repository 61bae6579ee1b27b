"""The outcome of a clearing as people read it."""

from collections.abc import Mapping
from typing import Any


def page(outcome: Mapping[str, Any]) -> str:
    """Price, volume, who got what at which price, and what was refused."""
    price = "no price" if outcome["price"] is None else f"price {outcome['price']:g}"
    lines = [f"{outcome['type']}: {price}, {outcome['quantity']:g} traded"]
    if outcome["marginal"]:
        lines.append(f"at the margin: {', '.join(outcome['marginal'])}")
    lines += [
        f"  {one['id']:<20} {'buys' if one['quantity'] > 0 else 'sells':<5} "
        f"{abs(one['quantity']):>12g} at {one['price']:g}"
        for one in outcome["awards"]
    ]
    lines += [f"refused {one['id'] or '(no id)'}: {one['why']}" for one in outcome["refused"]]
    return "\n".join(lines)
