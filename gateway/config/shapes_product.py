"""The keys of ``products.NAME``."""

from typing import Annotated

from gateway.config.scalars import Choice, Real, Span, Text, Whole
from gateway.config.shape import Shape, key
from gateway.model.time import SECOND, Duration


class ProductShape(Shape):
    """What a market trades."""

    resource: Annotated[str, Text(what="POWER, WATER_FLOW, ... or an x-NAME of your own")] = key(
        "POWER", "CTS resource designator"
    )
    unit: Annotated[str, Text(what="a unit", pattern=r"[^\s\x00-\x1f\x7f]{1,16}")] | None = key(
        None, "of quantities; default by resource, W for POWER"
    )
    interval: Annotated[Duration, Span(minimum=SECOND, step=SECOND, step_text="whole seconds")] = (
        key("10s", "length of delivery")
    )
    mechanism: Annotated[str, Choice(words=("uniform-price",))] = key(
        "uniform-price", "how the price is made"
    )
    price_rule: Annotated[str, Choice(words=("midpoint", "low", "high"))] = key(
        "midpoint", "which price of the range of equilibrium prices"
    )
    price_scale: Annotated[int, Whole(minimum=-9, maximum=0)] = key(
        -4, "exponent of ten of the market's integer price"
    )
    quantity_scale: Annotated[int, Whole(minimum=-9, maximum=9)] = key(
        0, "exponent of ten of the market's integer quantity"
    )
    tick: Annotated[float, Real(above=0)] | None = key(
        None, "prices are multiples of it; default one unit of the scale"
    )
    lot: Annotated[float, Real(above=0)] | None = key(
        None, "quantities are multiples of it; default one unit of the scale"
    )
    price_floor: Annotated[float, Real()] = key(-1.0, "lowest price, per price unit")
    price_cap: Annotated[float, Real()] = key(2.0, "highest price, per price unit")
