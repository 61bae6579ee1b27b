"""What the demo shows: a picture of the house made from nothing but its MQTT topics."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Payload = Mapping[str, Any]

_NAMES = {
    "roof": "solar roof",
    "grid": "grid meter",
    "house": "house load",
    "heatpump": "heat pump",
}
# Sources first, then what uses them.
_ORDER = ("roof", "battery", "heatpump", "house", "grid")
_BAR = 32
_FULL_W = 8000.0
_LABEL = 12
_FINE = ("commanded", "accepted", "effective")
_SHADES = {"online": "", "sleeping": "sleeping", "offline": "OFFLINE", "faulty": "FAULTY"}


@dataclass(slots=True)
class Screen:
    """The newest payload per topic; ``lines`` renders them.

    Attributes:
        speed: simulated seconds per second, for the title.
    """

    area: str
    speed: float = 1.0
    topics: dict[str, Payload] = field(default_factory=dict)

    def hear(self, topic: str, payload: bytes) -> None:
        """Take a message; an empty one clears the topic."""
        key = topic.removeprefix(f"rmf/1/{self.area}/")
        if not payload:
            self.topics.pop(key, None)
            return
        try:
            self.topics[key] = json.loads(payload)
        except ValueError:
            return

    def devices(self) -> tuple[str, ...]:
        """Every device heard of: the demo's in the order of the energy, others by id."""
        known = {k.split("/")[1] for k in self.topics if k.startswith("d/")} - {"gateway"}
        ranks = {device: rank for rank, device in enumerate(_ORDER)}
        return tuple(sorted(known, key=lambda d: (ranks.get(d, len(ranks)), d)))

    def lines(self, width: int) -> list[str]:
        """The whole picture, at most so many columns wide."""
        if not self.topics:
            return ["waiting for the gateway ..."]
        shown = [self._title(), *self._price(width), "", *_legend()]
        for device in self.devices():
            shown += self._device(device)
        return [line[:width] for line in shown]

    def _title(self) -> str:
        times = [v["at"] for k, v in self.topics.items() if k.endswith("/reading")]
        at = max(times)[:19].replace("T", " ") + " UTC" if times else "no reading yet"
        mode = self.topics.get("m/control", {}).get("mode", "?")
        speed = "real time" if self.speed == 1 else f"{self.speed:g} x real time"
        return f"{'time':<{_LABEL}}{at}   {speed}   control: {mode}"

    def _price(self, width: int) -> list[str]:
        clearing = next((v for k, v in self.topics.items() if k.endswith("/clearing")), None)
        if clearing is None:
            return [f"{'price':<{_LABEL}}(no clearing yet)"]
        what = "gate" if clearing.get("scheduled", True) else "unscheduled"
        volume, number = clearing.get("volume", 0), clearing.get("sequence")
        said = f"{_money(clearing)}   volume {volume} W   clearing {number} ({what})"
        return [
            f"{'price':<{_LABEL}}{said}",
            *_folded("why", str(clearing.get("because", "")), width),
        ]

    def _device(self, device: str) -> list[str]:
        reading = self.topics.get(f"d/{device}/reading", {})
        state = str(self.topics.get(f"d/{device}/state", {}).get("state", "?"))
        power = reading.get("flows", {}).get("POWER") if state != "offline" else None
        soc = reading.get("soc_pct")
        extra = f"  charge {soc:.1f} %" if soc is not None else ""
        shade = _SHADES.get(state, state)
        line = f"{_name(device):<{_LABEL}}{_watts(power)} {_bar(power)} {shade}{extra}"
        return [line.rstrip(), *self._setpoint(device)]

    def _setpoint(self, device: str) -> list[str]:
        status = self.topics.get(f"d/{device}/set")
        if status is None or status.get("outcome") is None:
            return []
        outcome = status["outcome"]
        failed = outcome not in _FINE and status.get("detail")
        detail = f" ({status['detail']})" if failed else ""
        what = self._wanted(device, status.get("commanded"))
        text = f"{what}: {outcome}{detail}; {status.get('because', '')}"
        return [f"{'':<{_LABEL}}-> {text}"]

    def _wanted(self, device: str, commanded: float | None) -> str:
        if commanded is None:
            return "no setpoint"
        described = self.topics.get(f"d/{device}/desc", {})
        control = described.get("capabilities", {}).get("control")
        if control == "limit":
            return f"at most {abs(commanded):.0f} W"
        return f"{commanded:.0f} W"


def _name(device: str) -> str:
    return _NAMES.get(device, device)


def _money(clearing: Payload) -> str:
    scale = 10.0 ** clearing.get("priceScale", 0)
    unit = f"{clearing.get('currency', '')}/{clearing.get('priceUnit', '')}"
    price, last = clearing.get("price"), clearing.get("referencePrice")
    if price is not None:
        return f"{price * scale:.4f} {unit}"
    return "none" if last is None else f"none (last {last * scale:.4f} {unit})"


def _folded(label: str, text: str, width: int) -> list[str]:
    """One entry over as many lines as it takes, three at least: the picture shall not jump."""
    lines = textwrap.wrap(text, max(20, width - _LABEL)) or [""]
    lines += [""] * (3 - len(lines))
    return [f"{label if at == 0 else '':<{_LABEL}}{line}" for at, line in enumerate(lines)]


def _legend() -> list[str]:
    half = _BAR // 2
    return [
        f"{'':<{_LABEL}}{'':>9} {'out of the device ':>{half + 1}}|{' into the device':<{half}}"
    ]


def _watts(power: float | None) -> str:
    return f"{'-':>7}  " if power is None else f"{power:>7.0f} W"


def _bar(power: float | None) -> str:
    """Left of the middle flows out of the device, right of it into the device."""
    half = _BAR // 2
    cells = 0 if power is None else min(half, round(abs(power) / _FULL_W * half))
    out, into = (cells, 0) if (power or 0.0) < 0 else (0, cells)
    return f"[{'<' * out:>{half}}|{'>' * into:<{half}}]"
