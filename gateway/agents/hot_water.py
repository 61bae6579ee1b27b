"""What hot water pays: its worth as stored heat, and the rise that keeps legionella away.

Source: docs/economics.md, "Hot water".
"""

from dataclasses import replace

from gateway.agents import errands, warmth
from gateway.model.comfort import Climate
from gateway.model.device import Device
from gateway.model.snapshot import DeviceView
from gateway.model.wish import Errand, Wish
from gateway.ports.agent import Gate


def pays(
    gate: Gate, device: Device, view: DeviceView, climate: Climate, most_w: float
) -> int | None:
    """The integer price it pays at most now; None = it wants nothing.

    The dearest of its reasons counts: warmth, a rise that comes due, what its owner wishes.
    Above its highest temperature there is none.
    """
    if climate.temperature_c >= climate.comfort.high_c:
        return None
    said = (view.errand, _rise(gate, climate, most_w))
    reasons = [
        warmth.pays(gate, device, climate, most_w),
        *(errands.pays(gate, device, replace(view, errand=one), most_w) for one in said if one),
    ]
    return max((price for price in reasons if price is not None), default=None)


def _rise(gate: Gate, climate: Climate, most_w: float) -> Errand | None:
    """The heat that is missing to a rise: when all hours until then are foreseen, or it is due."""
    tank, by = climate.comfort.tank, climate.rise_by
    if tank is None or tank.rise_c is None or by is None:
        return None
    left_wh = (tank.rise_c - climate.temperature_c) / tank.thermal.gain_k_per_kwh * 1000
    if left_wh <= 0:
        return None
    errand = Errand(wish=Wish(), made=gate.now, by=by, left_wh=left_wh)
    outlook = gate.outlook
    foreseen = outlook is not None and outlook.start + outlook.steps * outlook.step >= by
    due = errands.is_due(errand, gate.interval.end, most_w)
    return errand if foreseen or due else None
