"""The calendar port: what a party's calendar says of when it is available."""

from typing import Protocol

from gateway.model.programme import Programme
from gateway.model.time import Instant, Interval


class Availability(Protocol):
    """One calendar, understood."""

    @property
    def products(self) -> frozenset[str]:
        """Those that it names."""
        ...

    def covers(self, product: str, interval: Interval) -> bool:
        """Whether the interval lies wholly inside availability for the product."""
        ...


class ReadCalendar(Protocol):
    """Understands calendars of strangers."""

    def __call__(self, text: str, /) -> Availability:
        """The calendar in iCalendar text.

        Raises:
            WrongInput: it cannot be understood, or is beyond what is worked out here.
        """
        ...


class StandingStore(Protocol):
    """Keeps what parties said of themselves over restarts."""

    def load(self) -> str:
        """The text last stored; empty: none."""
        ...

    def store(self, text: str) -> None:
        """Replace it; it is on the disk when this returns."""
        ...


class PriceCalendar(Protocol):
    """A tariff out of a calendar, worked out as far as it is asked for."""

    @property
    def dearest(self) -> float:
        """The highest real price it can ever tell."""
        ...

    def at(self, instant: Instant, /) -> float | None:
        """The real price; None where nobody knows it."""
        ...

    def steps(self, interval: Interval, /) -> tuple[tuple[Instant, float | None], ...]:
        """Prices from the interval's start to its end, each from when it begins."""
        ...


class ReadEvents(Protocol):
    """Understands calendars of the house."""

    def __call__(self, text: str, zone: str, /) -> tuple[tuple[str, str], ...]:
        """Events that are not understood, and why; ``zone`` is of days.

        Raises:
            WrongInput: the whole cannot be understood, or is beyond what is worked out here.
        """
        ...


class ReadProgramme(Protocol):
    """Understands templates of programmes."""

    def __call__(self, text: str, /) -> Programme:
        """The programme in iCalendar text.

        Raises:
            WrongInput: it cannot be understood, or is beyond what is worked out here.
        """
        ...


class ReadPrices(Protocol):
    """Understands tariffs."""

    def __call__(self, text: str, zone: str, default: float | None, /) -> PriceCalendar:
        """The tariff in iCalendar text; ``zone`` is of days, and of times without one.

        Raises:
            WrongInput: it cannot be understood, or is beyond what is worked out here.
        """
        ...
