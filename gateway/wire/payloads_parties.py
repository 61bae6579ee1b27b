"""Payloads of registration and enrolment: who is a party, and what it may trade."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from gateway.wire.payloads import InstantText, ResponsePayload, Version

EnrollmentState = Literal["ENROLLED", "WAITING", "NOT_ENROLLED"]


class RegistrationInfo(TypedDict):
    """What a stranger says of itself; ``password`` is what it will log in with."""

    name: NotRequired[str]
    password: NotRequired[str]


class CreatePartyRegistration(TypedDict):
    """EiCreatePartyRegistration; ``registreePartyId`` is the party id it proposes."""

    v: NotRequired[int]
    requestId: str
    registrarPartyId: NotRequired[str]
    registreePartyId: str
    registrationInfo: NotRequired[RegistrationInfo]


class CreatedPartyRegistration(TypedDict):
    """EiCreatedPartyRegistration; ``password`` once, and only to whom proposed none."""

    v: Version
    inResponseTo: str | None
    registrarPartyId: str
    registreePartyId: str
    registrationState: Literal["REGISTERED", "WAITING", "REFUSED"]
    password: NotRequired[str]
    response: ResponsePayload


class RequestPartyRegistration(TypedDict):
    """EiRequestPartyRegistration of a party about itself."""

    v: NotRequired[int]
    requestId: str
    requestorPartyId: str
    registreePartyId: NotRequired[str]


class BudgetPayload(TypedDict):
    """What the owner allows a party; a key that is missing is not limited."""

    maxOpenTenders: int
    messagesPerMinute: NotRequired[int]
    moneyPerDay: NotRequired[float]
    energyPerDay: NotRequired[float]
    silence: NotRequired[str]


class EnrollmentPayload(TypedDict):
    """Where a party stands with a product."""

    segmentId: str
    enrollmentState: EnrollmentState


class RegistrationPayload(TypedDict):
    """EiRegistrationType."""

    registreePartyId: str
    registrarPartyId: str
    registeredSince: NotRequired[InstantText]
    registrationInfo: RegistrationInfo
    enrollments: list[EnrollmentPayload]
    budget: BudgetPayload


class ReplyPartyRegistration(TypedDict):
    """EiReplyPartyRegistration."""

    v: Version
    inResponseTo: str
    requestorPartyId: str
    registrations: list[RegistrationPayload]
    response: ResponsePayload


class CancelPartyRegistration(TypedDict):
    """EiCancelPartyRegistration: the party goes for good."""

    v: NotRequired[int]
    requestId: str
    registreePartyId: str
    registrarPartyId: NotRequired[str]


class CanceledPartyRegistration(TypedDict):
    """EiCanceledPartyRegistration."""

    v: Version
    inResponseTo: str
    registreePartyId: str
    registrarPartyId: str
    response: ResponsePayload


class CreateEnrollment(TypedDict):
    """EiCreateEnrollment; ``acceptsRulesHash`` quotes the rules that the party agrees to."""

    v: NotRequired[int]
    requestId: str
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str
    acceptsRulesHash: NotRequired[str]


class RequestEnrollment(TypedDict):
    """EiRequestEnrollment."""

    v: NotRequired[int]
    requestId: str
    partyId: str
    counterPartyId: str
    marketId: str
    segmentId: str


class CancelEnrollment(RequestEnrollment):
    """EiCancelEnrollment: no more of the product; its tenders are withdrawn."""


class CreatedEnrollment(TypedDict):
    """EiCreatedEnrollment: the state, and the terms and the budget in force."""

    v: Version
    inResponseTo: str | None
    partyId: str
    counterPartyId: str
    segmentId: str
    enrollmentState: EnrollmentState
    rulesHash: str
    budget: BudgetPayload
    response: ResponsePayload


class ReplyEnrollment(CreatedEnrollment):
    """EiReplyEnrollment."""


class CanceledEnrollment(CreatedEnrollment):
    """EiCanceledEnrollment."""


class ConsentMessage(TypedDict):
    """``owner/consent``: the owner's word on what waits under the party id."""

    v: NotRequired[int]
    partyId: str
    consent: bool
