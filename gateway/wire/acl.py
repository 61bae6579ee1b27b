"""Who may read and write what, as data: for mosquitto's file and for the in-process broker.

The same rules serve both.  Subscribing is never refused as such: what a client may not read
is not delivered to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from gateway.wire.filters import covers, overlap
from gateway.wire.topics import Topics

DISCOVERY = "homeassistant"
"""The prefix that Home Assistant looks under unless it is told otherwise."""


DEVICES = "devices"
"""The user of devices that speak MQTT, and of the gateway when it speaks with them."""


class Access(StrEnum):
    """The words of mosquitto's ACL file."""

    READ = "read"
    WRITE = "write"
    READWRITE = "readwrite"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Rule:
    """One grant; what no rule grants is refused.  A user's DENY takes back what patterns grant.

    Attributes:
        user: who it is for; None = a pattern for every client, ``%u`` standing for its user
            name and ``%c`` for its client id.  A pattern without ``%u`` serves anonymous clients as
            well.
        topic: a topic filter.
    """

    user: str | None
    access: Access
    topic: str


def acl(
    area: str,
    *,
    gateway: str = "gateway",
    price_topics: Iterable[str] = (),
    discovery: str = DISCOVERY,
    devices: Iterable[str] = (),
    registration: bool = False,
    neighbours: Iterable[str] = (),
) -> tuple[Rule, ...]:
    """The rules of an area.

    ``gateway`` is the user name of the gateway itself.  ``price_topics`` are the tariff topics
    of the configuration: the owner may write them.  ``discovery`` is where Home Assistant looks.
    ``devices`` are the topic filters of devices that speak MQTT.  ``neighbours`` are the users of
    markets above: each reads the aggregate that is meant for it, and nothing else.
    """
    base = Topics(area).base
    own = (f"{base}/u/%u/{leaf}" for leaf in ("req/#", "ack/#", "status", "avail", "opt"))
    public = (f"{base}/{leaf}" for leaf in ("status", "dir", "m/#", "p/#", "d/#", "f/#"))
    return (
        Rule(gateway, Access.READWRITE, "#"),
        Rule("owner", Access.WRITE, f"{base}/owner/control"),
        Rule("owner", Access.WRITE, f"{base}/owner/consent"),
        Rule("owner", Access.WRITE, f"{base}/owner/limit/#"),
        Rule("owner", Access.WRITE, f"{base}/owner/wish/#"),
        Rule("owner", Access.WRITE, f"{base}/owner/forecast/#"),
        # Home Assistant comes as the owner.
        Rule("owner", Access.READ, f"{discovery}/#"),
        Rule("owner", Access.WRITE, f"{discovery}/status"),
        *(Rule("owner", Access.WRITE, topic) for topic in price_topics),
        *(Rule(DEVICES, Access.READWRITE, topic) for topic in devices),
        *(rule for name in neighbours for rule in _neighbour(Topics(area), name)),
        *(Rule(None, Access.WRITE, topic) for topic in own),
        Rule(None, Access.READ, f"{base}/u/%u/#"),
        # A child area brings its aggregate here, itself or by a bridge.
        Rule(None, Access.WRITE, Topics("%u").tie(area, "pos")),
        *(Rule(None, Access.READ, topic) for topic in public),
        *(_strangers(Topics(area)) if registration else ()),
    )


def _neighbour(topics: Topics, name: str) -> Iterable[Rule]:
    """A market above, as the user of a bridge: its aggregate, and nothing that is public here."""
    yield Rule(name, Access.READ, topics.tie(name, "pos"))
    for leaf in ("status", "dir", "m/#", "p/#", "d/#", "f/#", f"u/{name}/#"):
        yield Rule(name, Access.DENY, f"{topics.base}/{leaf}")


def _strangers(topics: Topics) -> tuple[Rule, ...]:
    """Each asks to be a party, and hears the answer, under its own client id."""
    return (
        Rule(None, Access.WRITE, topics.registration("%c")),
        Rule(None, Access.READ, topics.registered("%c")),
    )


def allowed(
    rules: Iterable[Rule], user: str | None, access: Access, topic: str, *, client: str = ""
) -> bool:
    """Whether the rules grant the access to the topic, or to *every* topic of a filter.

    ``user`` is None for an anonymous client; ``access`` is READ or WRITE; ``client`` is the MQTT
    client id.
    """
    return any(covers(granted, topic) for granted in _granted(rules, user, access, client))


def reachable(rules: Iterable[Rule], user: str | None, topic_filter: str) -> bool:
    """Whether a subscription to the filter could ever be delivered anything."""
    return any(overlap(granted, topic_filter) for granted in _granted(rules, user, Access.READ))


def mosquitto_acl(
    area: str,
    *,
    gateway: str = "gateway",
    price_topics: Iterable[str] = (),
    discovery: str = DISCOVERY,
    devices: Iterable[str] = (),
    registration: bool = False,
    neighbours: Iterable[str] = (),
) -> str:
    """The rules as the text of mosquitto's ``acl_file``."""
    lines: list[str] = []
    user: str | None = None
    rules = acl(
        area,
        gateway=gateway,
        price_topics=price_topics,
        discovery=discovery,
        devices=devices,
        registration=registration,
        neighbours=neighbours,
    )
    for rule in rules:
        if rule.user is not None and rule.user != user:
            lines.append(f"user {rule.user}")
        user = rule.user
        word = "pattern" if rule.user is None else "topic"
        lines.append(f"{word} {rule.access} {rule.topic}")
    return "\n".join(lines) + "\n"


def _granted(
    rules: Iterable[Rule], user: str | None, access: Access, client: str = ""
) -> Iterable[str]:
    rules = tuple(rules)
    denied = [one.topic for one in rules if one.access is Access.DENY and one.user == user]
    for rule in rules:
        if rule.access not in {access, Access.READWRITE} or rule.user not in {None, user}:
            continue
        topic = rule.topic
        if rule.user is None:
            for mark, name in (("%u", user), ("%c", client)):
                if mark in topic:
                    topic = topic.replace(mark, name) if _is_plain(name) else ""
        if topic and not (rule.user is None and any(covers(one, topic) for one in denied)):
            yield topic


def _is_plain(name: str | None) -> TypeGuard[str]:
    """One with a wildcard or a slash would reach into others' topics."""
    return bool(name) and not set(name or "") & set("+#/")
