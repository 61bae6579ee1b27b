"""What a device is told to be able to do, and by which model it is steered.

704 goes before 123 and 124: its timer ends at a chosen level and shows what is left of it.  A
device that has both is steered by one only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.sunspec.battery_802 import Bank
from drivers.sunspec.codec import layout
from drivers.sunspec.der_704 import Der
from drivers.sunspec.inverter_123 import Curtailment
from drivers.sunspec.lever import Lever
from drivers.sunspec.recipes import USUAL, Manner
from drivers.sunspec.roles import (
    BANK,
    CONTROLS,
    DER_CONTROLS,
    STORAGE,
    Points,
    Shape,
    charges,
    least,
    number,
)
from drivers.sunspec.storage_124 import Storage
from gateway.model.device import Capabilities, Control, Device, Identity, Role
from gateway.model.setpoint import Arming, RegisterWrite

Models = Mapping[int, Sequence[int]]
"""Words of whole models by id."""

STEERING = (CONTROLS, STORAGE, DER_CONTROLS, BANK)


def choose(
    device: Device,
    shape: Shape,
    points: Points,
    models: Models,
    *,
    may_connect: bool,
    armed: Arming | None,
    manner: Manner = USUAL,
) -> Lever | tuple[str, ...]:
    """The lever, or why there is none (empty where nobody asks for one).

    What was armed is steered by the same model until its record is gone, since the record gives
    back no other.
    """
    if device.role in {Role.SOLAR, Role.GENERATOR}:
        tried = _solar(device, shape, points, models, manner)
    elif device.role is Role.STORAGE:
        tried = _storage(device, shape, points, models, manner, may_connect=may_connect)
    else:
        tried = []
    levers = [one for one in tried if not isinstance(one, str)]
    if not levers:
        return tuple(one for one in tried if isinstance(one, str))
    return next((one for one in levers if _is_of(one, armed)), levers[0])


def _is_of(lever: Lever, armed: Arming | None) -> bool:
    header = lever.header
    mark = RegisterWrite(address=header.address, words=(header.model, header.length))
    return armed is not None and mark in armed.identity


def _solar(
    device: Device, shape: Shape, points: Points, models: Models, manner: Manner
) -> list[Lever | str]:
    tried: list[Lever | str] = []
    if DER_CONTROLS in models:
        base, level = _der_base(points), device.fallback.level_w
        header, words = shape.headers[DER_CONTROLS], models[DER_CONTROLS]
        tried.append(Der.limit(header, words, base, level, manner=manner))
    if CONTROLS in models:
        header, words = shape.headers[CONTROLS], models[CONTROLS]
        tried.append(Curtailment.of(header, _base(points), words, manner=manner))
    return tried or ["the chain has no readable model 704 or 123"]


def _storage(
    device: Device,
    shape: Shape,
    points: Points,
    models: Models,
    manner: Manner,
    *,
    may_connect: bool,
) -> list[Lever | str]:
    tried: list[Lever | str] = []
    reserve = device.limits.min_soc_pct or None
    if DER_CONTROLS in models and charges(points):
        bank = None
        if BANK in models:
            header = shape.headers[BANK]
            bank = Bank.of(header, models[BANK], reserve_pct=reserve, may_connect=may_connect)
        base, level = _der_base(points), device.fallback.level_w
        header, words = shape.headers[DER_CONTROLS], models[DER_CONTROLS]
        tried.append(Der.target(header, words, base, level, bank, manner=manner))
    elif DER_CONTROLS in models:
        tried.append("702 names no charge rate, so 704 is not that of a storage")
    if STORAGE in models:
        header, words = shape.headers[STORAGE], models[STORAGE]
        base = number(layout(STORAGE, header.length).decode(words), "124.WChaMax")
        tried.append(Storage.of(header, base, words, reserve, manner=manner))
    if not tried and shape.has(BANK):
        tried.append("model 802 has no setpoint of power, and there is no 704 or 124 beside it")
    return tried or ["the chain has no readable model 704 or 124"]


def capabilities(device: Device, points: Points, lever: Lever | None) -> Capabilities:
    """What it told of itself."""
    told = Capabilities(
        control=lever.control if lever else Control.NONE,
        rating_w=rating(points),
        resolution_w=lever.resolution_w if lever else 1.0,
        floor_w=lever.floor_w if lever else 0.0,
        wake_floor_w=lever.wake_floor_w if lever else 0.0,
        timer=lever.timer if lever else None,
    )
    if device.role is not Role.STORAGE:
        return told

    def lowest(*names: str) -> float | None:
        return least(*(number(points, name) for name in names))

    return replace(
        told,
        charge_w=lowest("124.WChaMax", "120.MaxChaRte", *_CHARGE),
        discharge_w=lowest("124.WChaMax", "120.MaxDisChaRte", *_DISCHARGE),
        capacity_wh=lowest("713.WHRtg") or lowest("802.WHRtg") or lowest("120.WHRtg"),
    )


_CHARGE = ("702.WChaRteMax", "702.WChaRteMaxRtg", "802.WChaRteMax")
_DISCHARGE = ("702.WDisChaRteMax", "702.WDisChaRteMaxRtg", "802.WDisChaRteMax")


def identity(points: Points) -> Identity:
    """Model 1."""

    def text(name: str) -> str:
        return str(points.get(f"1.{name}") or "").strip()

    return Identity(maker=text("Mn"), model=text("Md"), version=text("Vr"), serial=text("SN"))


def rating(points: Points) -> float | None:
    """Nameplate, W."""
    names = ("120.WRtg", "702.WMaxRtg", "121.WMax", "702.WMax")
    return next((w for name in names if (w := number(points, name))), None)


def _base(points: Points) -> float | None:
    return number(points, "121.WMax") or number(points, "120.WRtg")


def _der_base(points: Points) -> float | None:
    return number(points, "702.WMax") or number(points, "702.WMaxRtg")
