"""What is rationed: some at once, then one in so long."""

from dataclasses import dataclass
from typing import Final

from gateway.model.time import SECOND, Duration, Instant

_BUCKET: Final = 3
_REFILL: Final = Duration(5 * SECOND)


@dataclass(slots=True)
class TokenBucket:
    """Three at once, then one in five seconds."""

    tokens: int = _BUCKET
    at: Instant = Instant(0)

    def take(self, now: Instant) -> bool:
        """One token, refilled over time; a clock that is set back refills none."""
        if refill := (now - self.at) // _REFILL:
            self.tokens, self.at = min(_BUCKET, self.tokens + max(refill, 0)), now
        if self.tokens == 0:
            return False
        self.tokens -= 1
        return True
