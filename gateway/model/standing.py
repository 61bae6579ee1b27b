"""Whether a party takes part now: opting out, and when it is available at all.

Source: OASIS Energy Interoperation 1.0, EiOpt and EiAvail; RFC 7953.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.time import Instant


class OptReason(StrEnum):
    """Tokens of EI optReason."""

    ECONOMIC = "economic"
    EMERGENCY = "emergency"
    MUST_RUN = "mustRun"
    NOT_PARTICIPATING = "notParticipating"
    OUTAGE_RUN_STATUS = "outageRunStatus"
    OVERRIDE_STATUS = "overrideStatus"
    PARTICIPATING = "participating"
    X_SCHEDULE = "x-schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opt:
    """A party takes no part for a while.

    Attributes:
        id: given by the party.
        product: that it takes no part in; empty: all of them.
        until: from when on it takes part again; None: until it says so.
    """

    id: str
    reason: OptReason
    product: str = ""
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a party said last about itself; it outlives a restart.

    Attributes:
        availability: its calendar as it came (iCalendar text); empty: always.
    """

    opts: tuple[Opt, ...] = ()
    availability: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOpt:
    """EiCreateOpt; ``opt`` None: the party opts in, out of every opt-out there was."""

    party: str
    request_id: str
    opt: Opt | None
    product: str = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOpt:
    """EiCancelOpt."""

    party: str
    request_id: str
    opt: str
    product: str = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAvailability:
    """EiCreateAvail: the calendar replaces the former one; empty: always available."""

    party: str
    request_id: str
    calendar: str
    product: str = "market"


StandingRequest = CreateOpt | CancelOpt | SetAvailability


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingTold:
    """What stands now; ``opt`` is the one that the request was about."""

    party: str
    opt: str = ""
    opted_out: bool = False
    available: bool = False
