"""What is handed to the MQTT client."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One publication.

    Attributes:
        payload: empty clears a retained topic.
        expiry_s: MQTT 5 message expiry, real seconds; None = never.
        correlation: MQTT 5 Correlation Data of the request that this answers; empty = none.
    """

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    expiry_s: int | None = None
    correlation: bytes = b""
