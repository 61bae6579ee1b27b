"""Registration of strangers: asked and answered under an MQTT client id, before there is a party.

A password travels towards the gateway only, except where the stranger asked to be given one;
then its client id has to be one that nobody guesses, for whoever connects with it may listen.
"""

import re
from typing import Final

from gateway.model.admittance import AskRegistration, ConsentGiven, RegistrationTold
from gateway.model.event import Detail, ResponseCode
from gateway.model.time import Instant
from gateway.wire.border import Border
from gateway.wire.message import Message
from gateway.wire.operations.operation import quoted, shaped
from gateway.wire.payloads_parties import (
    ConsentMessage,
    CreatedPartyRegistration,
    CreatePartyRegistration,
)
from gateway.wire.response import response
from gateway.wire.tenders import Refusal, invalid, unknown, violates
from gateway.wire.text import Unreadable, read, write
from gateway.wire.topics import is_foreign_id, is_name

MOST_BYTES: Final = 4096
_CLIENT: Final = re.compile(r"[A-Za-z0-9._~-]{1,64}")
_GUESSED: Final = 22  # characters of base64 that hold 128 bits
_LEAST_PASSWORD, _MOST_PASSWORD = 12, 128
_MOST_WORDS: Final = 120


def parse_registration(
    client: str, payload: bytes, border: Border, now: Instant
) -> AskRegistration | RegistrationTold:
    """What the stranger asks, or the refusal of it.  Never raises."""
    request_id, name = "", ""
    try:
        message = shaped(CreatePartyRegistration, _object(payload))
        name = message["registreePartyId"][:_MOST_WORDS]
        request_id = _request_id(message["requestId"])
        return _checked(client, message, border)
    except Refusal as refusal:
        return RegistrationTold(
            client=client,
            request_id=request_id,
            name=name,
            state="REFUSED",
            at=now,
            term=refusal.term or refusal.detail.value,
            description=refusal.description,
        )


def parse_consent(payload: bytes) -> ConsentGiven | str:
    """The owner's word, or why it is none."""
    try:
        message = shaped(ConsentMessage, _object(payload))
    except Refusal as refusal:
        return refusal.description
    return ConsentGiven(name=message["partyId"], consent=message["consent"])


def registration_message(border: Border, told: RegistrationTold) -> Message:
    """``reg/CLIENTID/created-party-registration``."""
    code, detail = ResponseCode.OK, Detail.SUCCESS
    if told.state == "REFUSED":
        code, detail = ResponseCode.RULES_VIOLATION, Detail.RULES_VIOLATION
    payload: CreatedPartyRegistration = {
        "v": 1,
        "inResponseTo": told.request_id or None,
        "registrarPartyId": border.area,
        "registreePartyId": told.name,
        "registrationState": told.state,  # type: ignore[typeddict-item]  # one of the three
        "response": response(
            told.request_id or None,
            told.at,
            code=code,
            detail=detail,
            description=told.description,
            term=told.term,
        ),
    }
    if told.password:
        payload["password"] = told.password
    return Message(border.topics.registered(told.client), write(payload))


def _object(payload: bytes) -> dict[str, object]:
    if len(payload) > MOST_BYTES:
        text = f"the payload has {len(payload)} bytes, at most {MOST_BYTES} are taken here"
        raise invalid(text)
    try:
        document = read(payload)
    except Unreadable as error:
        raise invalid(str(error)) from error
    if not isinstance(document, dict):
        text = "the payload is not a JSON object"
        raise invalid(text)
    return document


def _request_id(found: str) -> str:
    if not is_foreign_id(found):
        text = f"requestId {quoted(found)}: 1 to 64 of A-Z a-z 0-9 . _ ~ - are taken"
        raise invalid(text)
    return found


def _checked(client: str, message: CreatePartyRegistration, border: Border) -> AskRegistration:
    name, info = message["registreePartyId"], message.get("registrationInfo", {})
    if message.get("registrarPartyId", border.area) != border.area:
        text = f"registrarPartyId {quoted(message['registrarPartyId'])}: this is {border.area}"
        raise unknown(Detail.INVALID_MARKET, text)
    if not is_name(name):
        text = f"{quoted(name)} is not a name: 1 to 32 of a-z 0-9 _ -, first a letter or digit"
        raise violates(text, "registreePartyId")
    if name in border.taken:
        text = f"the name {name} is taken; propose another"
        raise violates(text, "registreePartyId")
    if not _CLIENT.fullmatch(client):
        text = f"client id {quoted(client)}: 1 to 64 of A-Z a-z 0-9 . _ ~ - are taken"
        raise violates(text, "clientId")
    password = _password(client, info.get("password", ""))
    what = "".join(c for c in info.get("name", "") if c.isprintable())[:_MOST_WORDS]
    return AskRegistration(
        client=client, request_id=message["requestId"], name=name, what=what, password=password
    )


def _password(client: str, proposed: str) -> str:
    if not proposed:
        if len(client) < _GUESSED:
            text = (
                f"to be given a password, connect with a random client id of at least {_GUESSED} "
                "characters, or propose a password"
            )
            raise violates(text, "clientId")
        return ""
    ascii_only = proposed.isascii() and proposed.isprintable() and proposed == proposed.strip()
    if not ascii_only or not _LEAST_PASSWORD <= len(proposed) <= _MOST_PASSWORD:
        text = f"password: {_LEAST_PASSWORD} to {_MOST_PASSWORD} printable ASCII characters"
        raise violates(text, "password")
    return proposed
