"""What the demo shows: a picture of the house made from nothing but its MQTT topics."""

import textwrap
from dataclasses import dataclass

from gateway.app.board import Board, commanded, money, watts

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
class Screen(Board):
    """``lines`` renders what stands on the board.

    Attributes:
        speed: simulated seconds per second, for the title.
    """

    speed: float = 1.0

    def ranked(self) -> tuple[str, ...]:
        """Every device: the demo's in the order of the energy, others by id."""
        ranks = {device: rank for rank, device in enumerate(_ORDER)}
        return tuple(sorted(self.devices(), key=lambda d: (ranks.get(d, len(ranks)), d)))

    def lines(self, width: int) -> list[str]:
        """The whole picture, at most so many columns wide."""
        if not self.topics:
            return ["waiting for the gateway ..."]
        shown = [self._title(), *self._price(width), "", *_legend()]
        for device in self.ranked():
            shown += self._device(device)
        return [line[:width] for line in shown]

    def _title(self) -> str:
        times = [v["at"] for k, v in self.topics.items() if k.endswith("/reading")]
        at = max(times)[:19].replace("T", " ") + " UTC" if times else "no reading yet"
        mode = self.of("m/control").get("mode", "?")
        speed = "real time" if self.speed == 1 else f"{self.speed:g} x real time"
        return f"{'time':<{_LABEL}}{at}   {speed}   control: {mode}"

    def _price(self, width: int) -> list[str]:
        clearing = next((v for k, v in self.topics.items() if k.endswith("/clearing")), None)
        if clearing is None:
            return [f"{'price':<{_LABEL}}(no clearing yet)"]
        what = "gate" if clearing.get("scheduled", True) else "unscheduled"
        volume, number = clearing.get("volume", 0), clearing.get("sequence")
        said = f"{money(clearing)}   volume {volume} W   clearing {number} ({what})"
        return [
            f"{'price':<{_LABEL}}{said}",
            *_folded("why", str(clearing.get("because", "")), width),
        ]

    def _device(self, device: str) -> list[str]:
        reading = self.of(f"d/{device}/reading")
        state = str(self.of(f"d/{device}/state").get("state", "?"))
        power = reading.get("flows", {}).get("POWER") if state != "offline" else None
        soc = reading.get("soc_pct")
        extra = f"  charge {soc:.1f} %" if soc is not None else ""
        shade = _SHADES.get(state, state)
        line = f"{_name(device):<{_LABEL}}{watts(power)} {_bar(power)} {shade}{extra}"
        return [line.rstrip(), *self._setpoint(device)]

    def _setpoint(self, device: str) -> list[str]:
        status = self.topics.get(f"d/{device}/set")
        if status is None or status.get("outcome") is None:
            return []
        outcome = status["outcome"]
        failed = outcome not in _FINE and status.get("detail")
        detail = f" ({status['detail']})" if failed else ""
        what = commanded(status, self.of(f"d/{device}/desc"))
        text = f"{what}: {outcome}{detail}; {status.get('because', '')}"
        return [f"{'':<{_LABEL}}-> {text}"]


def _name(device: str) -> str:
    return _NAMES.get(device, device)


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


def _bar(power: float | None) -> str:
    """Left of the middle flows out of the device, right of it into the device."""
    half = _BAR // 2
    cells = 0 if power is None else min(half, round(abs(power) / _FULL_W * half))
    out, into = (cells, 0) if (power or 0.0) < 0 else (0, cells)
    return f"[{'<' * out:>{half}}|{'>' * into:<{half}}]"
