"""What parties say of themselves: opting out and in, and when they are available.

Source: OASIS Energy Interoperation 1.0, EiOpt and EiAvail; RFC 7953, RFC 7265.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from gateway.wire.payloads import ForeignId, InstantText, ResponsePayload, Version

ReasonText = Literal[
    "economic",
    "emergency",
    "mustRun",
    "notParticipating",
    "outageRunStatus",
    "overrideStatus",
    "participating",
    "x-schedule",
]
Product = Annotated[str, Field(max_length=32)]
Calendar = Annotated[
    str | list[Any], Field(description="iCalendar text, or jCal, with VAVAILABILITY; empty: always")
]


class CreateOpt(TypedDict):
    """EiCreateOpt, on ``u/U/req/market/create-opt``.

    ``optIn`` ends every opt-out; ``marketContext`` names one product, left out: all of them;
    ``until`` ends it by itself.
    """

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    optId: NotRequired[ForeignId]
    optType: Literal["optIn", "optOut"]
    optReason: NotRequired[ReasonText]
    marketContext: NotRequired[Product]
    until: NotRequired[InstantText | None]


class OptPayload(TypedDict):
    """On ``u/U/opt``: as create-opt; an empty payload opts in."""

    v: NotRequired[Version]
    requestId: NotRequired[ForeignId]
    partyId: NotRequired[str]
    optId: NotRequired[ForeignId]
    optType: Literal["optIn", "optOut"]
    optReason: NotRequired[ReasonText]
    marketContext: NotRequired[Product]
    until: NotRequired[InstantText | None]


class CancelOpt(TypedDict):
    """EiCancelOpt, on ``u/U/req/market/cancel-opt``."""

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    optId: ForeignId


class CreateAvail(TypedDict):
    """EiCreateAvail, on ``u/U/req/market/create-avail``: replaces what was said before."""

    v: NotRequired[Version]
    requestId: ForeignId
    partyId: str
    availability: Calendar


class StandingAnswer(TypedDict):
    """On ``u/U/in/created-opt``, ``canceled-opt`` and ``created-avail``: what holds now."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    optId: NotRequired[str]
    optedOut: NotRequired[bool]
    hasAvailability: NotRequired[bool]
    response: ResponsePayload
