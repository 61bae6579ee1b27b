"""A device's own countdown: what it was told lapses unless it is told again."""

from math import inf


class Countdown:
    """Runs in the house's seconds.

    Attributes:
        ends_s: when it ends; never while it is infinite.
    """

    def __init__(self) -> None:
        self.ends_s = inf

    @property
    def running(self) -> bool:
        """Whether it will end."""
        return self.ends_s < inf

    def restart(self, seconds: float | None, now_s: float) -> None:
        """Count from now; 0 or None means never."""
        self.ends_s = now_s + seconds if seconds else inf

    def ended(self, now_s: float) -> bool:
        """Return True once when the time is over."""
        if now_s < self.ends_s:
            return False
        self.ends_s = inf
        return True
