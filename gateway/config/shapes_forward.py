"""The keys of ``products.NAME.forward``."""

from typing import Annotated

from gateway.config.scalars import Real, Span
from gateway.config.shape import Shape, key
from gateway.model.product import AHEAD
from gateway.model.time import HOUR, MINUTE, Duration


class ForwardShape(Shape):
    """How a product is traded ahead; without a horizon it is not."""

    horizon: Annotated[Duration, Span(minimum=Duration(24 * HOUR), maximum=AHEAD)] | None = key(
        None, "how far ahead of now its intervals are cleared; default not at all"
    )
    every: Annotated[Duration, Span(minimum=MINUTE, maximum=HOUR)] = key(
        "15min", "how often they are cleared again"
    )
    least: Annotated[float, Real(minimum=0)] = key(
        100.0, "a position that would move by no more is left as it is"
    )
