"""The catalogue at run time: products open, change and close without a restart."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from gateway.app.mechanisms import mechanisms
from gateway.app.together import share_positions
from gateway.market import Market
from gateway.market.checkpoint import terms
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.runtime.marketplace import Marketplace
from gateway.runtime.rows import Start

if TYPE_CHECKING:
    from gateway.market.checkpoint import Dump

Load = Callable[[Product, Start, object], Market]


def revised(products: Iterable[Product], dumps: Mapping[str, object]) -> tuple[Product, ...]:
    """The products, each with the revision after that of other terms it stood under."""
    return tuple(_revised(product, dumps.get(product.id)) for product in products)


def _revised(product: Product, dump: object) -> Product:
    if dump is None:
        return product
    before, *rest = cast("Dump", dump)["terms"]
    same = rest == terms(product)[1:]
    return replace(product, revision=int(before) + (not same))


def tag_of(product: Product, products: Sequence[Product]) -> str:
    """What ends the ids of a product's market: nothing for the area's first."""
    return "" if product.id == products[0].id else product.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """What became of a changed catalogue.

    Attributes:
        changed: ids of products that opened, closed or stand under other terms.
        waiting: ids of those that take a restart: devices are dispatched by them.
    """

    changed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


class Catalogue:
    """Brings the markets of a running gateway in line with the configured products."""

    def __init__(self, marketplace: Marketplace, load: Load) -> None:
        self._marketplace = marketplace
        self._load = load
        self._closed: dict[str, object] = {}

    def renew(self, wanted: Sequence[Product], rules: Mapping[str, str]) -> Renewed:
        """Do what can be done live.

        Args:
            wanted: the configured products.
            rules: of each, as the journal names them.
        """
        running = {product.id: product for product in self._marketplace.products}
        fixed = next(one.id for one in running.values() if one.resource == POWER)
        catalogue = {p.id: _next_revision(p, running.get(p.id)) for p in wanted}
        waiting = tuple({fixed} if catalogue.get(fixed) != running[fixed] else ())
        catalogue[fixed] = running[fixed]
        ordered = {fixed: catalogue.pop(fixed)} | catalogue
        changed = [id_ for id_ in {**running, **ordered} if running.get(id_) != ordered.get(id_)]
        if changed:
            self._apply(tuple(ordered.values()), changed, rules)
        return Renewed(changed=tuple(changed), waiting=waiting)

    def _apply(
        self, products: tuple[Product, ...], changed: Sequence[str], rules: Mapping[str, str]
    ) -> None:
        place = self._marketplace
        standing = [product.id for product in place.products]
        for id_ in changed:
            if id_ in standing:
                place.withdraw_all(id_)
        dumps = {id_: place.market(id_).dump() for id_ in standing}
        start = place.start.of_products(products, rules)
        markets = {
            product.id: self._opened(product, start, {**self._closed, **dumps})
            if product.id in changed
            else place.market(product.id)
            for product in products
        }
        share_positions(markets, dumps, self._closed)
        self._closed |= {id_: dumps[id_] for id_ in standing if id_ not in markets}
        place.trade(markets, start)

    def _opened(self, product: Product, start: Start, dumps: Mapping[str, object]) -> Market:
        if product.id in dumps:
            return self._load(product, start, dumps[product.id])
        return Market(
            product,
            area=start.area,
            epoch=start.epoch,
            parties=start.parties,
            tag=tag_of(product, start.products),
            mechanisms=mechanisms(),
        )


def _next_revision(product: Product, running: Product | None) -> Product:
    """The product as it is to run: the one that runs, unless its terms are other ones."""
    if running is None:
        return product
    same = replace(product, revision=running.revision)
    return same if same == running else replace(product, revision=running.revision + 1)
