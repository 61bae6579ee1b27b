"""The party store port: the party book on the disk, which commands change as well."""

from collections.abc import Callable
from typing import Protocol

from gateway.model.membership import PartyBook


class PartyStore(Protocol):
    """One book; every change of it is whole."""

    @property
    def stamp(self) -> object:
        """Another whenever the book on the disk is another."""
        ...

    def load(self) -> PartyBook:
        """What is on the disk.

        Raises:
            GridtenderError: it cannot be understood or read.
        """
        ...

    def change(self, change: Callable[[PartyBook], PartyBook]) -> PartyBook:
        """Make a new book of the newest one, durable when this returns.

        Raises:
            GridtenderError: nothing was changed.
        """
        ...
