"""A party's side of the exchange: a client shell for apps, in asyncio.

    async with Party("anna", url="mqtt://gateway.lan", password="…", area="home") as anna:
        async for session in anna.sessions("power"):
            await anna.consume("power", 500, at_most=0.25)

It needs nothing of the daemon; any other client that speaks MQTT does as well.
"""

from gateway.model.tender import Side
from gateway.model.time import Instant, Interval
from gateway.party.errors import NoAnswer, NotAdmitted, PartyError, Refused, Unknown
from gateway.party.heard import Clearing, Position, Session, Transaction, Withdrawn
from gateway.party.offers import Created, Offer
from gateway.party.party import Party
from gateway.party.terms import Real, Terms

__all__ = [
    "Clearing",
    "Created",
    "Instant",
    "Interval",
    "NoAnswer",
    "NotAdmitted",
    "Offer",
    "Party",
    "PartyError",
    "Position",
    "Real",
    "Refused",
    "Session",
    "Side",
    "Terms",
    "Transaction",
    "Unknown",
    "Withdrawn",
]
