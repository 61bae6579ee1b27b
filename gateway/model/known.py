"""What is remembered of a device over restarts."""

from dataclasses import dataclass

from gateway.model.device import Description
from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A device as it was when it last answered.

    Attributes:
        at: when this was noted.
        description: what a connect found, without its notes.
        slept_at: when it was heard to sleep; None: it was awake when it was last heard.
    """

    device: str
    at: Instant
    description: Description
    slept_at: Instant | None = None
