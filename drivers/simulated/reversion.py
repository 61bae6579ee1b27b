"""A control of model 704: what it holds lapses to a chosen state unless it is enabled again."""

from collections.abc import Collection
from math import ceil

from drivers.simulated.countdown import Countdown
from drivers.sunspec.bank import Bank


class Reversion:
    """``WMaxLimPct`` or ``WSet``: only writing the enable restarts the timer.

    Args:
        values: points that take their reversion values when the timer has ended.
    """

    def __init__(self, bank: Bank, name: str, values: Collection[str]) -> None:
        self._bank = bank
        self._prefix = f"704.{name}"
        self._values = [f"704.{value}" for value in values]
        self._timer = Countdown()

    @property
    def enabled(self) -> bool:
        """Whether its value is in force."""
        return self._bank.get(f"{self._prefix}Ena") == 1

    @property
    def counting(self) -> bool:
        """Whether it will lapse."""
        return self._timer.running

    def written(self, names: Collection[str], now_s: float) -> None:
        """Points were written."""
        if f"{self._prefix}Ena" in names:
            seconds = self._bank.get(f"{self._prefix}RvrtTms") if self.enabled else 0
            self._timer.restart(seconds, now_s)

    def step(self, now_s: float) -> None:
        """Take the reversion values when the time is over."""
        if self._timer.ended(now_s):
            for value in self._values:
                self._bank.put(value, self._bank.get(f"{value}Rvrt"))
            self._bank.put(f"{self._prefix}Ena", self._bank.get(f"{self._prefix}EnaRvrt"))

    def measure(self, now_s: float) -> None:
        """Show what is left of the timer."""
        left_s = self._timer.ends_s - now_s if self.counting else 0.0
        self._bank.put(f"{self._prefix}RvrtRem", ceil(max(0.0, left_s)))
