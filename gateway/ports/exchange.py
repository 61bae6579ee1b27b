"""The exchange port: the one door for requests from outside parties and the owner."""

from typing import Protocol

from gateway.model.admittance import AskRegistration, ConsentGiven, RegistrationTold
from gateway.model.forecast import OutsideForecast, TakenBack
from gateway.model.request import (
    LimitRequest,
    OwnerRequest,
    PriceHeard,
    Reply,
    Request,
    WishRequest,
)


class Exchange(Protocol):
    """Implemented by the runtime; called by the MQTT adapter with parsed requests."""

    async def handle(self, request: Request) -> Reply:
        """Do it and return when the outcome is durable.

        The same (party, request_id) within 24 h gets its first answer again.
        """
        ...

    def withdraw(self, party: str) -> None:
        """Cancel all that a silent party tenders, SUPERVISORY."""
        ...

    def hear(self, party: str) -> None:
        """Something came from the party; whoever is silent may lose its tenders."""
        ...

    async def register(self, asked: AskRegistration) -> RegistrationTold:
        """A stranger asks to be a party; returns when the answer is durable."""
        ...

    async def consent(self, given: ConsentGiven) -> None:
        """The owner says yes or no to what waits under a name."""
        ...

    def acknowledge(self, party: str, push: str) -> None:
        """The party has taken note of what it was told."""
        ...

    def back(self, party: str) -> None:
        """The party says that it is there: what it may have missed is told again."""
        ...

    async def owner(self, request: OwnerRequest) -> None:
        """Change the owner's mode; kept in the state directory."""
        ...

    async def limit(self, request: LimitRequest) -> None:
        """Tighten or loosen a limit inside what is configured, or refuse it in the log."""
        ...

    async def wish(self, request: WishRequest) -> None:
        """Take what the owner wishes of a device, or refuse it in the log."""
        ...

    def foresee(self, told: OutsideForecast | TakenBack) -> None:
        """Somebody outside foresees load or sun, or takes it back."""
        ...

    def price(self, heard: PriceHeard) -> None:
        """Take a tariff price heard on a topic."""
        ...
