"""An intertie in words, for ``gridtender check``."""

from collections.abc import Iterator
from typing import Final

from gateway.model.intertie import WHOLE, Bounds, Contract, IntertieSettings, OnBreach
from gateway.model.product import Product
from gateway.model.site import Site
from gateway.model.time import MINUTE, Duration, rfc3339, short_duration

_BREACH: Final = {
    OnBreach.HALT: "nothing is traded",
    OnBreach.STANDING: "it trades on standing terms",
}


def tie_texts(site: Site) -> Iterator[tuple[str, str]]:
    """(label, sentence) of every intertie; a label of nothing goes on with the one before."""
    products = {product.id: product for product in site.products}
    for one in site.interties:
        product = products[one.contract.product]
        label = one.contract.tie
        for text in _sentences(one, product, site):
            yield label, text
            label = ""


def _sentences(one: IntertieSettings, product: Product, site: Site) -> Iterator[str]:
    contract = one.contract
    per = f"{product.currency}/{product.price_unit}"
    yield (
        f"{contract.product} is {contract.parent_product} of {contract.parent} at {one.url}, as "
        f"{one.username}; it stands for the grid: the tariff under grid is not traded with"
    )
    yield f"{_bounds(contract.bounds, product)}; {_price_terms(contract, product, per)}"
    for window in contract.schedule:
        begin, end = _clock(window.start), _clock(window.end)
        yield f"from {begin} until {end} UTC {_bounds(window.bounds, product)}"
    if contract.valid_from is not None or contract.valid_until is not None:
        begin = "always" if contract.valid_from is None else rfc3339(contract.valid_from)
        end = "no end" if contract.valid_until is None else rfc3339(contract.valid_until)
        yield f"in force from {begin} to {end}; outside it nothing passes"
    buys, sells = map(product.real_price, (contract.standing_import, contract.standing_export))
    yield f"without an answer: standing terms, import {buys:f}, export {sells:f} {per}"
    yield (
        f"more than {site.dispatch.deviation_w:g} W beyond the award for "
        f"{short_duration(contract.notice)} is a breach: {_BREACH[contract.on_breach]} until the "
        "flow is back"
    )
    lead = short_duration(product.gate_lead)
    yield (
        f"the aggregate goes up {short_duration(contract.ahead)} before the parent's gate, which "
        f"has to close more than {lead} before delivery: the gate here closes then"
    )


def _bounds(bounds: Bounds, product: Product) -> str:
    imports, exports = map(product.real_quantity, (bounds.imports, bounds.exports))
    return f"import at most {imports:g} {product.unit}, export at most {exports:g} {product.unit}"


def _price_terms(contract: Contract, product: Product, per: str) -> str:
    low, high = contract.collar_min, contract.collar_max
    parts = [
        f"fee {product.real_price(contract.fee):f} {per}",
        f"of what is sent {100 * contract.loss_ppm / WHOLE:g} % arrives",
    ]
    if low is not None:
        parts.append(f"no trade below {product.real_price(low):f}")
    if high is not None:
        parts.append(f"no trade above {product.real_price(high):f}")
    return ", ".join(parts)


def _clock(time: Duration) -> str:
    hours, minutes = divmod(time // MINUTE, 60)
    return f"{hours:02d}:{minutes:02d}"
