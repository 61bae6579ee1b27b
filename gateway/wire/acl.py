"""Who may read and write what, as data: for mosquitto's file and for the in-process broker.

The same rules serve both.  Subscribing is never refused as such: what a client may not read
is not delivered to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.wire.topics import Topics, covers, overlap

DISCOVERY = "homeassistant"
"""The prefix that Home Assistant looks under unless it is told otherwise."""


DEVICES = "devices"
"""The user of devices that speak MQTT, and of the gateway when it speaks with them."""


class Access(StrEnum):
    """The words of mosquitto's ACL file."""

    READ = "read"
    WRITE = "write"
    READWRITE = "readwrite"


@dataclass(frozen=True, slots=True)
class Rule:
    """One grant; what no rule grants is refused.

    Attributes:
        user: who it is for; None = a pattern for every client, ``%u`` standing for its user
            name.  A pattern without ``%u`` serves anonymous clients as well.
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
) -> tuple[Rule, ...]:
    """The rules of an area.

    ``gateway`` is the user name of the gateway itself.  ``price_topics`` are the tariff topics
    of the configuration: the owner may write them.  ``discovery`` is where Home Assistant looks.
    ``devices`` are the topic filters of devices that speak MQTT.
    """
    base = Topics(area).base
    own = (f"{base}/u/%u/{leaf}" for leaf in ("req/#", "ack/#", "status", "avail", "opt"))
    public = (f"{base}/{leaf}" for leaf in ("status", "dir", "m/#", "p/#", "d/#"))
    return (
        Rule(gateway, Access.READWRITE, "#"),
        Rule("owner", Access.WRITE, f"{base}/owner/control"),
        Rule("owner", Access.WRITE, f"{base}/owner/limit/#"),
        # Home Assistant comes as the owner.
        Rule("owner", Access.READ, f"{discovery}/#"),
        Rule("owner", Access.WRITE, f"{discovery}/status"),
        *(Rule("owner", Access.WRITE, topic) for topic in price_topics),
        *(Rule(DEVICES, Access.READWRITE, topic) for topic in devices),
        *(Rule(None, Access.WRITE, topic) for topic in own),
        Rule(None, Access.READ, f"{base}/u/%u/#"),
        *(Rule(None, Access.READ, topic) for topic in public),
    )


def allowed(rules: Iterable[Rule], user: str | None, access: Access, topic: str) -> bool:
    """Whether the rules grant the access to the topic, or to *every* topic of a filter.

    ``user`` is None for an anonymous client; ``access`` is READ or WRITE.
    """
    return any(covers(granted, topic) for granted in _granted(rules, user, access))


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
) -> str:
    """The rules as the text of mosquitto's ``acl_file``."""
    lines: list[str] = []
    user: str | None = None
    rules = acl(
        area, gateway=gateway, price_topics=price_topics, discovery=discovery, devices=devices
    )
    for rule in rules:
        if rule.user is not None and rule.user != user:
            lines.append(f"user {rule.user}")
        user = rule.user
        word = "pattern" if rule.user is None else "topic"
        lines.append(f"{word} {rule.access} {rule.topic}")
    return "\n".join(lines) + "\n"


def _granted(rules: Iterable[Rule], user: str | None, access: Access) -> Iterable[str]:
    for rule in rules:
        if rule.access not in {access, Access.READWRITE} or rule.user not in {None, user}:
            continue
        if rule.user is None and "%u" in rule.topic:
            # A user name with a wildcard or a slash would reach into other parties' topics.
            if user and not set(user) & set("+#/"):
                yield rule.topic.replace("%u", user)
        else:
            yield rule.topic
