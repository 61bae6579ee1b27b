"""What the broker holds in our name, and whether Home Assistant hears it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.adapters.mqtt_watch import Glance
from gateway.app.doctor.catalogue import Finding, found
from gateway.app.status import Door
from gateway.model.site import Site
from gateway.wire.home_assistant import ONLINE, ORIGIN
from gateway.wire.text import Unreadable, read
from gateway.wire.topics import ROOT, Topics

_REFUSALS: Final = ("not authori", "bad user", "identifier rejected", "banned")
_OFFLINE: Final = b"offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One look at a broker.

    Attributes:
        running: whether a gateway runs on this state folder.
    """

    door: Door
    glance: Glance
    site: Site
    running: bool

    @property
    def retained(self) -> Mapping[str, bytes]:
        """What stands there, by topic."""
        return self.glance.retained


def filters(site: Site) -> tuple[str, ...]:
    """What the doctor listens to."""
    prefix = site.home_assistant.prefix
    announced = (f"{prefix}/status", f"{prefix}/device/+/config")
    return (f"{Topics(site.area).base}/#", f"{ROOT}/+/status", *announced)


def of_broker(heard: Heard) -> Iterator[Finding]:
    """All that is found, from the connection to what stands there."""
    if heard.glance.lost:
        yield _lost(heard)
        return
    yield found("BROKER_FINE", "broker", door=heard.door)
    yield from _rules(heard)
    yield from _areas(heard)
    yield from _ghosts(heard)
    yield from _assistant(heard)


def _lost(heard: Heard) -> Finding:
    why = heard.glance.lost
    refused = any(word in why.lower() for word in _REFUSALS)
    code = "BROKER_REFUSES" if refused else "BROKER_UNREACHABLE"
    return found(code, "broker", door=heard.door, why=why)


def _rules(heard: Heard) -> Iterator[Finding]:
    base, user = Topics(heard.site.area).base, heard.door.username or "nobody in particular"
    if heard.glance.refused:
        refused = ", ".join(heard.glance.refused)
        yield found("ACL_REFUSES", "broker", user=user, filters=refused, base=base)
    elif heard.running and not any(topic.startswith(f"{base}/") for topic in heard.retained):
        yield found("ACL_WITHHOLDS", "broker", user=user, base=base)


def _areas(heard: Heard) -> Iterator[Finding]:
    own = heard.site.area
    for topic, payload in sorted(heard.retained.items()):
        match topic.removeprefix(f"{ROOT}/").split("/"):
            case [area, "status"] if topic.startswith(f"{ROOT}/"):
                online = _field(payload, "status") == "online"
            case _:
                continue
        if area != own and not online:
            yield found("GHOST_AREA", "broker", area=area, base=Topics(area).base)


def _ghosts(heard: Heard) -> Iterator[Finding]:
    """A running gateway has cleared them, so they are of somebody who still writes."""
    base = f"{Topics(heard.site.area).base}/d/"
    told = {topic.removeprefix(base).split("/")[0] for topic in heard.retained if base in topic}
    for device in sorted(told - {"gateway"} - _configured(heard.site)):
        yield found("GHOST_DEVICE", "broker", device=device)


def _configured(site: Site) -> frozenset[str]:
    return frozenset(item.device.id for item in site.devices)


def _assistant(heard: Heard) -> Iterator[Finding]:
    """Birth, announcements, and whether what they name is available."""
    settings = heard.site.home_assistant
    announced = dict(_announced(heard))
    expected = {f"D-{id_}": id_ for id_ in _configured(heard.site)} | {"G": "the gateway"}
    for what, (topic, _) in sorted(announced.items()):
        if what not in expected or not settings.discovery:
            yield found("HA_LEFT", "home assistant", topic=topic)
    if not settings.discovery:
        return
    yield _birth(f"{settings.prefix}/status", heard)
    if not heard.running:
        return
    if not announced and not heard.door.username:
        yield found("HA_HIDDEN", "home assistant", prefix=settings.prefix)
        return
    for what, name in sorted(expected.items()):
        if what not in announced:
            yield found("HA_MISSING", "home assistant", device=name, prefix=settings.prefix)
        elif why := _unavailable(heard, announced[what][1]):
            yield found("HA_UNAVAILABLE", "home assistant", device=name, why=why)


def _birth(topic: str, heard: Heard) -> Finding:
    said = heard.retained.get(topic)
    code = {ONLINE: "HA_ONLINE", _OFFLINE: "HA_OFFLINE"}.get(said or b"", "HA_UNHEARD")
    return found(code, "home assistant", topic=topic)


def _announced(heard: Heard) -> Iterator[tuple[str, tuple[str, object]]]:
    """Announcements of this area: what it is, its topic and its content."""
    own = f"{ORIGIN}-{heard.site.area}-"
    begin = f"{heard.site.home_assistant.prefix}/device/{own}"
    for topic, payload in heard.retained.items():
        if topic.startswith(begin) and topic.endswith("/config"):
            yield topic.removeprefix(begin).removesuffix("/config"), (topic, _read(payload))


def _unavailable(heard: Heard, announcement: object) -> str:
    """Which of its availability topics says no, and why; empty if all say yes."""
    entries = announcement.get("availability", ()) if isinstance(announcement, dict) else ()
    for entry in entries:
        topic = str(entry.get("topic")) if isinstance(entry, dict) else ""
        payload = heard.retained.get(topic)
        if payload is None:
            return f"nothing stands on {topic}"
        if "offline" in {_field(payload, "status"), _field(payload, "state")}:
            return f"{topic} says offline"
    return ""


def _field(payload: bytes, name: str) -> object:
    document = _read(payload)
    return document.get(name) if isinstance(document, dict) else None


def _read(payload: bytes) -> object:
    try:
        return read(payload)
    except Unreadable:
        return None
