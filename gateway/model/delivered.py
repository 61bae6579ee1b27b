"""What a party asks of its own meter, and the answer."""

from dataclasses import dataclass

from gateway.model.settlement import DeliveryQuality
from gateway.model.time import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDelivery:
    """EiRequestDelivery; a party sees only what its own meter measured.

    Attributes:
        meter: as the party names it, None = the one it has.
        injection: in which direction the answer counts positive, None = as it flowed.
    """

    party: str
    request_id: str
    product: str
    interval: Interval
    meter: str | None = None
    injection: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a party's meter measured: mean flow of each interval (BUY +), the product's integers.

    Attributes:
        quality: the least good of the time asked for.
    """

    party: str
    product: str
    meter: str
    interval: Interval
    quantities: tuple[int, ...]
    quality: DeliveryQuality
