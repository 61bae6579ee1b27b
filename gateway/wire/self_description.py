"""What a party says of itself on its own retained topics, as the request that says the same.

``u/U/opt`` and ``u/U/avail`` need no envelope: the topic tells who speaks.
"""

from gateway.wire.text import MAX_BYTES, Unreadable, read, write

OPTING_IN = {"requestId": "opt-in", "optType": "optIn"}


def as_opt(party: str, payload: bytes) -> bytes:
    """The payload of create-opt for one of ``u/U/opt``; an empty one opts in."""
    if not payload.strip():
        return write({**OPTING_IN, "partyId": party})
    try:
        document = read(payload)
    except Unreadable:
        return payload
    if not isinstance(document, dict):
        return payload
    named = {"requestId": document.get("optId", "opt"), "partyId": party}
    return write({**named, **document})


def as_availability(party: str, payload: bytes) -> bytes:
    """The payload of create-avail for one of ``u/U/avail``: iCalendar text, jCal, or nothing."""
    head = {"requestId": "avail", "partyId": party}
    if not payload.strip():
        return write({**head, "availability": ""})
    if payload.lstrip()[:1] in {b"[", b"{"}:
        try:
            document = read(payload)
        except Unreadable:
            return payload
        if isinstance(document, dict):
            return write({**head, **document})
        return write({**head, "availability": document})
    if len(payload) > MAX_BYTES:
        return payload
    return write({**head, "availability": payload.decode(errors="replace")})
