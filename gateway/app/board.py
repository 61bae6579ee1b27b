"""What is heard of a gateway: the newest payload of each of its retained topics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.wire.schemas import is_documented
from gateway.wire.text import Unreadable, read
from gateway.wire.topics import Topics

Payload = Mapping[str, Any]


@dataclass(slots=True)
class Board:
    """The newest payload per topic below ``rmf/1/A/``; for pictures of the house."""

    area: str
    topics: dict[str, Payload] = field(default_factory=dict)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take a message; an empty one clears the topic.

        What is not as documented is left out: whoever may write there is another's business.
        """
        key = topic.removeprefix(f"{Topics(self.area).base}/")
        if not payload:
            self.topics.pop(key, None)
            return
        try:
            document = read(payload)
        except Unreadable:
            return
        if isinstance(document, dict) and is_documented(key, payload):
            self.topics[key] = document

    def of(self, topic: str) -> Payload:
        """The payload of a topic, empty where nothing stands."""
        return self.topics.get(topic, {})

    def devices(self) -> tuple[str, ...]:
        """Ids of every device heard of, without the gateway itself."""
        known = {k.split("/")[1] for k in self.topics if k.startswith("d/")} - {"gateway"}
        return tuple(sorted(known))

    def faults(self) -> Iterator[Payload]:
        """Every fault that stands, the gateway's first."""
        keys = [k for k in self.topics if k.startswith("d/") and "/fault/" in k]
        for key in sorted(keys, key=lambda k: (not k.startswith("d/gateway/"), k)):
            yield self.topics[key]


def money(clearing: Payload) -> str:
    """The price of a clearing, or the last one where nothing was traded."""
    unit = f"{clearing.get('currency', '')}/{clearing.get('priceUnit', '')}"
    price, last = (clearing.get(key) for key in ("price", "referencePrice"))
    try:
        scale = 10.0 ** clearing.get("priceScale", 0)
        if price is not None:
            return f"{price * scale:.4f} {unit}"
        return "none" if last is None else f"none (last {last * scale:.4f} {unit})"
    except OverflowError:
        return "beyond any price"


def watts(power: float | None) -> str:
    """Power in a column; a missing one is a dash."""
    return f"{'-':>7}  " if power is None else f"{power:>7.0f} W"


def commanded(status: Payload, described: Payload) -> str:
    """What a device is told: a bound, or a flow to hold."""
    quantity = status.get("commanded")
    if quantity is None:
        return "no setpoint"
    if described.get("capabilities", {}).get("control") == "limit":
        return f"at most {abs(quantity):.0f} W"
    return f"{quantity:.0f} W"


def tightened(told: Payload) -> str:
    """The limits of a device that stand inside their outermost bound."""
    limits, ranges = told.get("limits"), told.get("ranges")
    if not isinstance(limits, dict) or not isinstance(ranges, dict):
        return ""
    found = [
        f"{key} {value:g}"
        for key, value in limits.items()
        if isinstance(value, int | float) and value != _loosest(key, ranges.get(key))
    ]
    return ", ".join(found)


def _loosest(key: str, allowed: object) -> object:
    if not isinstance(allowed, list) or not allowed:
        return None
    return allowed[0] if key == "min_soc_pct" else allowed[-1]
