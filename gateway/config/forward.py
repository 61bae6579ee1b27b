"""Products that the house trades ahead: what they need beside the dispatched one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from gateway.config.problem import Finding, Path
from gateway.config.shapes_forward import ForwardShape
from gateway.model.ahead import Ahead
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.time import MINUTE, Duration, short_duration
from gateway.ports.mechanism import Matching, Mechanism

LEAD: Final = Duration(MINUTE)
"""Before delivery its gate closes, if nothing else is said: before those of dispatch do."""
SHORTEST: Final = Duration(15 * MINUTE)
"""Of its intervals: outlooks tell no shorter steps."""


def ahead_of(shape: ForwardShape, quantity_scale: int) -> Ahead | None:
    """None where no horizon was given."""
    if shape.horizon is None:
        return None
    least = round(shape.least * 10**-quantity_scale)
    return Ahead(horizon=shape.horizon, every=shape.every, least=least)


def check_forward(
    products: Sequence[Product], mechanisms: Mapping[str, Mechanism], *, ties: bool
) -> Iterator[Finding]:
    """The first product of power is dispatched; another may be traded ahead of it."""
    dispatched = next((one for one in products if one.resource == POWER), None)
    for product in products:
        if product.ahead is None:
            continue
        path: Path = ("products", product.id, "forward")
        for found, allowed in _wrong(product, dispatched, mechanisms):
            yield Finding(path=path, found=found, allowed=allowed)
        if ties:
            allowed = "not beside interties: the prices of the market above are not known ahead"
            yield Finding(path=path, found="a horizon", allowed=allowed)


def _wrong(
    product: Product, dispatched: Product | None, mechanisms: Mapping[str, Mechanism]
) -> Iterator[tuple[str, str]]:
    if product.resource != POWER:
        yield f"a horizon, resource {product.resource}", "only with resource POWER"
    if dispatched is None or product.id == dispatched.id:
        yield (
            "a horizon of the dispatched product",
            "only of a further product of POWER, with a longer interval",
        )
        return
    if product.interval < SHORTEST:
        found = f"a horizon, interval {short_duration(product.interval)}"
        yield found, f"an interval of {short_duration(SHORTEST)} or more"
    if product.gate_lead <= dispatched.gate_lead:
        found = f"a horizon, gate_lead {short_duration(product.gate_lead)}"
        least = short_duration(dispatched.gate_lead)
        yield found, f"a gate_lead above {least}, that of {dispatched.id}, which nets against it"
    mechanism = mechanisms.get(product.mechanism)
    if mechanism is not None and mechanism.matching is not Matching.GATE:
        yield f"a horizon, mechanism {product.mechanism}", "one that clears at gates: uniform-price"
