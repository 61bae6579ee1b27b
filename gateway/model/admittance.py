"""What strangers and parties ask about being a party here, and what they are told."""

from dataclasses import dataclass, field

from gateway.model.membership import Allowance, Enrolled
from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRegistration:
    """EiCreatePartyRegistration of somebody who is no party yet.

    Attributes:
        client: MQTT client id, under which it is answered.
        name: the party id it proposes; ``what``: what it says that it is.
        password: it will log in with; empty = it is given one.
    """

    client: str
    request_id: str
    name: str
    what: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskMembership:
    """EiRequestPartyRegistration: how a party itself stands."""

    party: str
    request_id: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveMarket:
    """EiCancelPartyRegistration: a party goes for good."""

    party: str
    request_id: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """EiCreateEnrollment in a product; the terms quoted were found to be those in force."""

    party: str
    request_id: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEnrolment:
    """EiRequestEnrollment in a product."""

    party: str
    request_id: str
    product: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveProduct:
    """EiCancelEnrollment: no more of a product."""

    party: str
    request_id: str
    product: str


Admittance = AskMembership | LeaveMarket | Enrol | AskEnrolment | LeaveProduct
"""What a party asks of the reception."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """How a party stands.

    Attributes:
        since: None for one of the configuration.
        products: where it stands with each product, in the order of the configuration.
    """

    party: str
    since: Instant | None
    what: str
    allowance: Allowance
    products: tuple[tuple[str, Enrolled], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentTold:
    """Where a party stands with a product, as an answer or as the owner decided it.

    Attributes:
        pushed: nobody asked for it now.
    """

    party: str
    product: str
    state: Enrolled
    allowance: Allowance
    at: Instant
    pushed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationTold:
    """What became of a stranger's request, told under its client id only.

    Attributes:
        state: REGISTERED, WAITING or REFUSED.
        password: told once to whom asked for one; empty else.
        term: what was wrong where it was refused, ``description`` as a sentence.
    """

    client: str
    request_id: str
    name: str
    state: str
    at: Instant
    password: str = field(default="", repr=False)
    term: str = ""
    description: str = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """The owner says yes or no to what waits under a name."""

    name: str
    consent: bool
