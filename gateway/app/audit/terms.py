"""The terms of products as a journal knows them."""

from collections.abc import Iterable

from gateway.model.product import Product
from gateway.ports.journal import Row
from gateway.runtime.rows import Checkpoint, read_body


def terms_of(checkpoints: Iterable[Row]) -> dict[str, Product]:
    """By id, from checkpoint rows."""
    starts = (read_body(Checkpoint, row).start for row in checkpoints)
    return {product.id: product for start in starts for product in start.products}
