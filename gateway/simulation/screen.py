"""What the demo shows: a picture of the house made from nothing but its MQTT topics."""

import json
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
_WIDTH = 24
_FULL_W = 8000.0


@dataclass(slots=True)
class Screen:
    """The newest payload per topic; ``lines`` renders them."""

    area: str
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
        """Every device heard of, by id."""
        return tuple(sorted({k.split("/")[1] for k in self.topics if k.startswith("d/")}))

    def lines(self) -> list[str]:
        """The whole picture."""
        shown = [*self._price(), ""]
        for device in self.devices():
            shown += self._device(device)
        return shown

    def _price(self) -> list[str]:
        clearing = next((v for k, v in self.topics.items() if k.endswith("/clearing")), None)
        if clearing is None:
            return ["price      (no clearing yet)"]
        price, scale = clearing.get("price"), clearing.get("priceScale", 0)
        text = "none" if price is None else f"{price * 10.0**scale:.4f} EUR/kWh"
        number = clearing.get("sequence")
        return [
            f"price      {text}   volume {clearing.get('volume', 0)} W   clearing {number}",
            f"why        {clearing.get('because', '')}",
        ]

    def _device(self, device: str) -> list[str]:
        reading = self.topics.get(f"d/{device}/reading", {})
        state = self.topics.get(f"d/{device}/state", {}).get("state", "?")
        power = reading.get("flows", {}).get("POWER")
        soc = reading.get("soc_pct")
        name = _NAMES.get(device, device)
        extra = f"  {soc:.0f} %" if soc is not None else ""
        line = f"{name:<11}{_watts(power)} {_bar(power)} {state}{extra}"
        return [line, *self._setpoint(device)]

    def _setpoint(self, device: str) -> list[str]:
        status = self.topics.get(f"d/{device}/set")
        if status is None or status.get("outcome") is None:
            return []
        commanded = status.get("commanded")
        what = "own rule" if commanded is None else f"{commanded:.0f} W"
        return [f"           -> {what}: {status['outcome']}; {status.get('because', '')}"]


def _watts(power: float | None) -> str:
    return f"{'-':>8} " if power is None else f"{power:>6.0f} W "


def _bar(power: float | None) -> str:
    """Left of the middle flows out of the device, right of it into the device."""
    half = _WIDTH // 2
    if power is None:
        return f"[{' ' * half}|{' ' * half}]"
    cells = min(half, round(abs(power) / _FULL_W * half))
    if power < 0:
        return f"[{'<' * cells:>{half}}|{' ' * half}]"
    return f"[{' ' * half}|{'>' * cells:<{half}}]"
