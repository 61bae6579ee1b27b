"""Positions as payloads: the exact steps, and the CTS stream of equal intervals."""

from itertools import pairwise
from math import gcd
from typing import Final, NotRequired

from typing_extensions import TypedDict

from gateway.model.position import Position, PositionStep
from gateway.model.product import Product
from gateway.model.time import Duration, Interval, iso_duration, rfc3339
from gateway.wire.payloads import IntervalPayload, PositionStepPayload, Stream
from gateway.wire.tenders import encode_interval

MAX_STREAM: Final = 1000


class PositionFields(TypedDict):
    """What a retained position and a reply have in common."""

    segmentId: str
    resourceDesignator: str
    quantityScale: int
    boundingInterval: NotRequired[IntervalPayload]
    steps: list[PositionStepPayload]
    positions: NotRequired[Stream]


def position_fields(
    position: Position, product: Product, within: Interval | None
) -> PositionFields:
    """Steps and stream of a position; ``within`` None = there is nothing to bound."""
    fields: PositionFields = {
        "segmentId": product.id,
        "resourceDesignator": product.resource,
        "quantityScale": product.quantity_scale,
        "steps": [
            {**encode_interval(step.interval), "quantity": step.quantity} for step in position.steps
        ],
    }
    if within is not None:
        fields["boundingInterval"] = encode_interval(within)
        equal = stream(position.steps, within)
        if equal is not None:
            fields["positions"] = equal
    return fields


def bounding(steps: tuple[PositionStep, ...]) -> Interval | None:
    """From the first start to the last end; None without steps."""
    if not steps:
        return None
    return Interval(steps[0].interval.start, steps[-1].interval.end)


def stream(steps: tuple[PositionStep, ...], within: Interval) -> Stream | None:
    """Equal intervals over ``within``, gaps filled with 0; None where it takes over 1000."""
    start, end = within.start, within.end
    clipped = [
        (max(start, step.interval.start), min(end, step.interval.end), step.quantity)
        for step in steps
        if step.interval.start < end and start < step.interval.end
    ]
    edges = sorted({start, end, *(edge for step in clipped for edge in step[:2])})
    length = gcd(*(after - before for before, after in pairwise(edges)))
    if (end - start) // length > MAX_STREAM:
        return None
    quantities = [0] * ((end - start) // length)
    for since, until, quantity in clipped:
        for index in range((since - start) // length, (until - start) // length):
            quantities[index] += quantity
    return {
        "streamStart": rfc3339(start),
        "streamIntervalDuration": iso_duration(Duration(length)),
        "streamIntervals": [
            {"streamUid": uid, "streamIntervalQuantity": quantity, "streamIntervalPrice": 0}
            for uid, quantity in enumerate(quantities)
        ],
    }
