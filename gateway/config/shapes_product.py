"""The keys of ``products.NAME``."""

from collections.abc import Mapping
from typing import Annotated, Final

from gateway.config.scalars import Choice, Flag, Real, Span, Text, Whole
from gateway.config.shape import Shape, key
from gateway.config.shapes_forward import ForwardShape
from gateway.config.shapes_ledger import SettlementShape
from gateway.config.terms import Bounds, Forced, Words
from gateway.model.terms import OtherTerms, Streams
from gateway.model.time import SECOND, Duration

STREAMS: Final = {
    "prohibited": Streams.PROHIBITED,
    "permitted": Streams.PERMITTED,
    "required": Streams.REQUIRED,
}


_WORD: Final = r"[a-z0-9][a-z0-9_-]{0,31}"


class RulesShape(Shape):
    """Rule sets by purpose: each names terms, and where it bounds them the bound."""

    minimum: Annotated[Mapping[str, float | int], Bounds()] = key({}, "less than this is refused")
    maximum: Annotated[Mapping[str, float | int], Bounds()] = key({}, "more than this is refused")
    force: Annotated[Mapping[str, float | int], Forced()] = key({}, "overwrites what is asked")
    must_understand: Annotated[tuple[str, ...], Words(what="terms")] = key(
        [], "terms that are refused where they are not understood"
    )
    ignore: Annotated[tuple[str, ...], Words(what="terms")] = key([], "terms that are dropped")


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
    mechanism: Annotated[str, Text(what="uniform-price, order-book, ...", pattern=_WORD)] = key(
        "uniform-price", "how the price is made"
    )
    price_rule: Annotated[str, Text(what="midpoint, low, high, ...", pattern=_WORD)] | None = key(
        None, "which price of a range is taken; default the mechanism's own"
    )
    maker: Annotated[str, Text(what="a party", pattern=_WORD)] | None = key(
        None, "the party that posts the price, with mechanism posted-price; default the sellers"
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
    gate_lead: Annotated[Duration, Span()] | None = key(
        None, "tenders close so long before delivery; default that of `dispatch`"
    )
    offset: Annotated[Duration, Span(step=SECOND, step_text="whole seconds")] = key(
        "0s", "of the intervals from the full hour"
    )
    min_quantity: Annotated[float, Real(above=0)] | None = key(
        None, "least of one tender from outside; default one lot"
    )
    max_quantity: Annotated[float, Real(above=0)] | None = key(
        None, "most of one tender from outside; default no bound"
    )
    warrants: Annotated[tuple[str, ...], Words(what="warrants such as renewable, local")] = key(
        [], "claims that a SELL may carry and a BUY may ask for"
    )
    streams: Annotated[str, Choice(words=tuple(STREAMS))] = key(
        "permitted", "tenders for several contiguous intervals"
    )
    execution_instructions: (
        Annotated[str, Text(what="codes: G (all or none), 6 (only wait)", pattern="G?6?")] | None
    ) = key(None, "codes that a tender may carry; default none")
    negotiations: Annotated[bool, Flag()] = key(
        default=False, text="whether quotes are taken beside tenders"
    )
    publish: Annotated[tuple[str, ...], Words(what="book, session, ticks")] = key(
        [], "what is public beside tenders and clearings"
    )
    other_terms: Annotated[str, Choice(words=tuple(OtherTerms))] = key(
        "reject", "terms of a tender that are not understood and not named by a rule"
    )
    rules: RulesShape = key({}, "what tenders from outside keep")
    settlement: SettlementShape = key({}, "who stands opposite, and what a deviation costs")
    forward: ForwardShape = key({}, "how far ahead it is traded by the house itself")
