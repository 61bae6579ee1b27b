"""Whether a product's mechanism is there, knows its price rule and can serve what it is for."""

from collections.abc import Collection, Iterator, Mapping

from gateway.config.problem import Finding, Path, closest
from gateway.config.shapes_product import ProductShape
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.ports.mechanism import Matching, Mechanism

_DEFAULT_RULE = "midpoint"


def price_rule(shape: ProductShape, mechanisms: Mapping[str, Mechanism]) -> str:
    """As given, else the mechanism's own; one that needs none has the usual."""
    found = mechanisms.get(shape.mechanism)
    own = found.price_rules if found is not None else ()
    return shape.price_rule or (own[0] if own else _DEFAULT_RULE)


def check_mechanisms(
    products: Collection[Product],
    shapes: Mapping[str, ProductShape],
    parties: Collection[str],
    mechanisms: Mapping[str, Mechanism],
) -> Iterator[Finding]:
    """What is wrong with the choice of mechanisms; ``parties`` may post prices."""
    dispatched = next((p.id for p in products if p.resource == POWER), None)
    for product in products:
        path: Path = ("products", product.id)
        mechanism = mechanisms.get(product.mechanism)
        if mechanism is None:
            yield Finding(
                path=(*path, "mechanism"),
                found=repr(product.mechanism),
                allowed=", ".join(mechanisms),
                hint=closest(product.mechanism, tuple(mechanisms)),
            )
            continue
        yield from _price_rule(path, shapes[product.id], mechanism)
        yield from _maker(path, product, parties)
        if product.id == dispatched and mechanism.matching is not Matching.GATE:
            gated = (name for name, one in mechanisms.items() if one.matching is Matching.GATE)
            allowed = (
                f"{', '.join(gated)}: devices are dispatched by {product.id}, and their agents "
                "state whole requirements, which only a gate can clear"
            )
            yield Finding(path=(*path, "mechanism"), found=product.mechanism, allowed=allowed)


def _price_rule(path: Path, shape: ProductShape, mechanism: Mechanism) -> Iterator[Finding]:
    rule, known = shape.price_rule, mechanism.price_rules
    if rule is None or rule in known:
        return
    allowed = ", ".join(known) or f"none, {mechanism.name} needs no rule"
    yield Finding(
        path=(*path, "price_rule"), found=repr(rule), allowed=allowed, hint=closest(rule, known)
    )


def _maker(path: Path, product: Product, parties: Collection[str]) -> Iterator[Finding]:
    if not product.maker:
        return
    if product.mechanism != "posted-price":
        allowed = f"a maker with mechanism posted-price only, not {product.mechanism}"
        yield Finding(path=(*path, "maker"), found=product.maker, allowed=allowed)
    elif product.maker not in parties:
        allowed = f"one of the parties: {', '.join(parties) or 'there is none yet'}"
        hint = closest(product.maker, tuple(parties))
        yield Finding(path=(*path, "maker"), found=product.maker, allowed=allowed, hint=hint)
