"""Wishes on MQTT, ``owner/wish/D`` in and ``d/D/wish`` out; ``d/D/opt-out``."""

from typing import NotRequired

from typing_extensions import TypedDict

from gateway.model.errors import SettingsError
from gateway.model.event import WishChanged
from gateway.model.opt_out import OptOutChanged
from gateway.model.request import WishRequest
from gateway.model.time import rfc3339
from gateway.model.wish import wish_of
from gateway.wire.payloads import InstantText, Version
from gateway.wire.text import Unreadable, read

_LONGEST = 512  # bytes of the words


class WishPayload(TypedDict):
    """``d/D/wish``: what is wished of a device, and what of it is still to be done."""

    v: Version
    deviceId: str
    at: InstantText
    wish: str
    since: InstantText
    start: NotRequired[InstantText]
    by: NotRequired[InstantText]
    left_wh: NotRequired[int]


def wish_payload(changed: WishChanged) -> WishPayload | None:
    """None where nothing is wished any more."""
    errand = changed.errand
    if errand is None:
        return None
    payload: WishPayload = {
        "v": 1,
        "deviceId": changed.device,
        "at": rfc3339(changed.at),
        "wish": str(errand.wish),
        "since": rfc3339(errand.made),
    }
    if errand.start is not None:
        payload["start"] = rfc3339(errand.start)
    if errand.by is not None:
        payload["by"] = rfc3339(errand.by)
    if errand.left_wh is not None:
        payload["left_wh"] = round(errand.left_wh)
    return payload


class OptOutPayload(TypedDict):
    """``d/D/opt-out``: the device is left alone; cleared when that ends."""

    v: Version
    deviceId: str
    at: InstantText
    reason: str
    until: NotRequired[InstantText]


def opt_out_payload(changed: OptOutChanged) -> OptOutPayload | None:
    """None where it is not left alone any more."""
    opt_out = changed.opt_out
    if opt_out is None:
        return None
    payload: OptOutPayload = {
        "v": 1,
        "deviceId": changed.device,
        "at": rfc3339(opt_out.at),
        "reason": opt_out.reason,
    }
    if opt_out.until is not None:
        payload["until"] = rfc3339(opt_out.until)
    return payload


def parse_wish(device: str, payload: bytes) -> WishRequest | str:
    """What the owner wishes, from an object, plain words or nothing; else why it is no wish."""
    if len(payload) > _LONGEST:
        return f"a wish has at most {_LONGEST} bytes"
    said: object = payload.decode(errors="replace").strip()
    if not said:
        return WishRequest(device=device, wish=None)
    if payload.lstrip()[:1] in {b"{", b'"'}:
        try:
            said = read(payload)
        except Unreadable as error:
            return str(error)
    try:
        return WishRequest(device=device, wish=wish_of(said))
    except SettingsError as error:
        return str(error)
