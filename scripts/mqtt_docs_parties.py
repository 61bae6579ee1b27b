"""Examples of registration and enrolment, for ``docs/mqtt.md``."""

from gateway.model.admittance import (
    AskMembership,
    AskRegistration,
    Enrol,
    EnrolmentTold,
    LeaveMarket,
    LeaveProduct,
    Membership,
    RegistrationTold,
)
from gateway.model.membership import Allowance, Enrolled
from gateway.model.request import Outcome, Request
from gateway.model.time import Instant
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.newcomers import parse_registration, registration_message
from gateway.wire.text import write

TEXT = """\
### Registration and enrolment

With `registration: consent` or `open` a client that is no party yet asks to be one on
`reg/CLIENTID/create-party-registration`, CLIENTID being its MQTT client id, and is answered on
`reg/CLIENTID/created-party-registration`, which it alone can read: `registrationState` is
`REGISTERED`, `WAITING` for the owner's consent, or `REFUSED`. It proposes the party id and the
password it will log in with. Who proposes no password is given one in the first answer, once, and
needs a random client id of at least 22 characters. The owner decides on `owner/consent` or by
`gridtender party accept anna`; then the answer is told again with the new state.

A party that is registered enrols in each product it wants to trade. Tenders for others are
answered 403 PARTY_RESTRICTED. Requests about the registration itself are about no product:
`market` stands in its place in the topic. How all this is bounded:
[Let a party in](how-to/let-a-party-in.md).
"""

BUDGET = Allowance(max_open_tenders=50, money_per_day=5.0, enrolled=())


def registration(border: Border, now: Instant) -> tuple[tuple[str, bytes], tuple[Message, ...]]:
    """What a stranger publishes, and what it hears."""
    client = "boiler-7f3a"
    document = {
        "v": 1,
        "requestId": "reg-1",
        "registrarPartyId": "home",
        "registreePartyId": "boiler",
        "registrationInfo": {"name": "Boiler in the cellar", "password": "a-long-password"},
    }
    asked = parse_registration(client, write(document), border, now)
    if not isinstance(asked, AskRegistration):
        raise TypeError(asked)
    told = (
        RegistrationTold(client=client, request_id="reg-1", name="boiler", state=state, at=now)
        for state in ("WAITING", "REGISTERED")
    )
    answers = tuple(registration_message(border, one) for one in told)
    return (border.topics.registration(client), write(document)), answers


def exchanges(
    now: Instant,
) -> list[tuple[str, str, dict[str, object], Request, tuple[Outcome, ...]]]:
    """Each operation with its product, payload, the request it is and its outcomes."""
    waiting, gone = (
        EnrolmentTold(party="guest", product="power", state=state, allowance=BUDGET, at=now)
        for state in (Enrolled.WAITING, Enrolled.NO)
    )
    member = Membership(
        party="guest",
        since=now,
        what="Boiler in the cellar",
        allowance=BUDGET,
        products=(("power", Enrolled.WAITING),),
    )
    ids = {"requestorPartyId": "guest", "registreePartyId": "guest"}
    leaving = {"registreePartyId": "guest", "registrarPartyId": "home"}
    return [
        (
            "power",
            "create-enrollment",
            _about_power("r-30"),
            Enrol(party="guest", request_id="r-30", product="power"),
            (waiting,),
        ),
        (
            "power",
            "cancel-enrollment",
            _about_power("r-31"),
            LeaveProduct(party="guest", request_id="r-31", product="power"),
            (gone,),
        ),
        (
            "market",
            "request-party-registration",
            {"v": 1, "requestId": "r-32", **ids},
            AskMembership(party="guest", request_id="r-32", product="market"),
            (member,),
        ),
        (
            "market",
            "cancel-party-registration",
            {"v": 1, "requestId": "r-33", **leaving},
            LeaveMarket(party="guest", request_id="r-33", product="market"),
            (member,),
        ),
    ]


def _about_power(request_id: str) -> dict[str, object]:
    return {
        "v": 1,
        "requestId": request_id,
        "partyId": "guest",
        "counterPartyId": "home",
        "marketId": "home",
        "segmentId": "power",
    }
