"""What levers share whose points lie in one stretch of one model."""

from dataclasses import dataclass, replace
from typing import ClassVar, Self

from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span
from drivers.sunspec.raw import Raw, Words
from drivers.sunspec.recipes import USUAL, Manner
from gateway.model.device import Timer

LONGEST_TIMER_S = 0xFFFE


@dataclass(frozen=True, slots=True, kw_only=True)
class OneWindow:
    """The larger part of a ``Lever``: a percentage of ``base_w`` under a timer that only ends.

    Attributes:
        base_w: 100 %.
        start: what stood before the first write; ``now``: what stands.
    """

    TIMER: ClassVar[str]
    FACTOR: ClassVar[str]

    base_w: float
    start: Raw
    now: Raw
    manner: Manner = USUAL

    @property
    def header(self) -> Header:
        """The model."""
        return self.now.header

    @property
    def windows(self) -> tuple[Span, ...]:
        """The one stretch."""
        return (self.now.span,)

    @property
    def words(self) -> Words:
        """What stands now."""
        return self.now.words

    @property
    def origin(self) -> Words:
        """What stood before the first write."""
        return self.start.words

    @property
    def timer(self) -> Timer | None:
        """Its end is the device's own rule."""
        if not self.now.has(self.TIMER):
            return None
        return Timer(max_s=self.manner.longest_s(LONGEST_TIMER_S))

    @property
    def countdown(self) -> str | None:
        """These models do not show what is left."""
        return None

    @property
    def resolution_w(self) -> float:
        """One step of the percentage."""
        return 10.0**self._power * self.base_w / 100.0

    def renewed(self, words: Words) -> Self:
        """The same lever with what stands now."""
        return replace(self, now=self.now.renewed(words))

    def begun(self, words: Words) -> Self:
        """The same lever with what stood before the first write."""
        return replace(self, start=self.start.renewed(words))

    @property
    def _power(self) -> int:
        return self.now.power(self.FACTOR) or 0
