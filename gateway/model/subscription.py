"""What a party asks about where public data are told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A CTS subscription request; over MQTT its answer is what to subscribe to.

    Attributes:
        product: ``market`` where it is about no product.
        operation: the name it was asked by.
        action: SubscriptionActionType as it was asked.
        listen: the topic filter below which the data are told.
        ticker: TickerType, empty for all else.
    """

    party: str
    request_id: str
    product: str
    operation: str
    action: str
    listen: str
    ticker: str = ""
