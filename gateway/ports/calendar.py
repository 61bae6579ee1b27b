"""The calendar port: what a party's calendar says of when it is available."""

from typing import Protocol

from gateway.model.time import Interval


class Availability(Protocol):
    """One calendar, understood."""

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
