"""A write that a device refused, as it is remembered."""

from dataclasses import dataclass

from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The last write of a device, which it refused.

    Attributes:
        why: what it answered, for a person.
    """

    device: str
    at: Instant
    why: str
