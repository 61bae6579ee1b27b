"""Limits the owner may tighten while the gateway runs.

What is configured is the outermost bound: a wish only ever narrows it.  A wish is kept as it was
said, so that one outside a changed configuration bites again when that is taken back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.model.device import Capabilities, Device, Limits, Role
from gateway.model.site import DeviceSettings, GridLimits, Site

CONNECTION: Final = "gateway"
"""Stands for the connection point where a device's id is expected."""

Wishes = Mapping[str, Mapping[str, float]]
"""What the owner said, by device (or ``CONNECTION``) and key."""


class LimitKey(StrEnum):
    """As in the configuration: under ``limits`` of a device, under ``grid`` of the area."""

    MAX_W = "max_w"
    CHARGE_W = "charge_w"
    DISCHARGE_W = "discharge_w"
    MIN_SOC_PCT = "min_soc_pct"
    MAX_SOC_PCT = "max_soc_pct"
    IMPORT_LIMIT_W = "import_limit_w"
    EXPORT_LIMIT_W = "export_limit_w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a limit may be set to, both ends included."""

    least: float
    most: float

    def loosest(self, key: LimitKey) -> float:
        """The end that narrows nothing."""
        return self.least if key is LimitKey.MIN_SOC_PCT else self.most

    def nearest(self, value: float) -> float:
        """The value, or the end that it passes."""
        return min(max(value, self.least), self.most)


Ranges = Mapping[LimitKey, Range]


def device_ranges(device: Device, told: Capabilities) -> Ranges:
    """The limits of a steered device that have an outer bound, configured or told by itself."""
    if not device.tender:
        return {}
    own = device.limits
    most: dict[LimitKey, float | None] = {}
    match device.role:
        case Role.STORAGE:
            most[LimitKey.CHARGE_W] = _strictest(own.charge_w, told.charge_w, own.max_w)
            most[LimitKey.DISCHARGE_W] = _strictest(own.discharge_w, told.discharge_w, own.max_w)
        case Role.SOLAR | Role.GENERATOR | Role.HEAT | Role.EV | Role.LOAD:
            stages = max(told.stages_w, default=None)
            most[LimitKey.MAX_W] = _strictest(own.max_w, told.rating_w, stages)
        case _:
            return {}
    ranges = {key: Range(least=0.0, most=w) for key, w in most.items() if w}
    return ranges | (_charge(own) if device.role is Role.STORAGE else {})


def site_ranges(limits: GridLimits) -> Ranges:
    """The limits of the connection point that are configured."""
    bounds = {LimitKey.IMPORT_LIMIT_W: limits.import_w, LimitKey.EXPORT_LIMIT_W: limits.export_w}
    return {key: Range(least=0.0, most=w) for key, w in bounds.items() if w}


def narrowed(site: Site, wishes: Wishes) -> Site:
    """The site with every wish that narrows it in force."""
    devices = tuple(_narrowed_device(settings, wishes) for settings in site.devices)
    wish = wishes.get(CONNECTION, {})
    limits = GridLimits(
        import_w=_bounded(site.limits.import_w, wish.get(LimitKey.IMPORT_LIMIT_W)),
        export_w=_bounded(site.limits.export_w, wish.get(LimitKey.EXPORT_LIMIT_W)),
    )
    return replace(site, devices=devices, limits=limits)


def in_force(ranges: Ranges, wish: Mapping[str, float]) -> dict[LimitKey, float]:
    """What each limit stands at."""
    return {
        key: allowed.nearest(wish.get(key, allowed.loosest(key))) for key, allowed in ranges.items()
    }


def _narrowed_device(settings: DeviceSettings, wishes: Wishes) -> DeviceSettings:
    device = settings.device
    wish = wishes.get(device.id)
    if not wish:
        return settings
    own = device.limits
    charge = in_force(_charge(own), wish)
    limits = replace(
        own,
        min_soc_pct=charge[LimitKey.MIN_SOC_PCT],
        max_soc_pct=charge[LimitKey.MAX_SOC_PCT],
        max_w=_narrower(own.max_w, wish.get(LimitKey.MAX_W)),
        charge_w=_narrower(own.charge_w, wish.get(LimitKey.CHARGE_W)),
        discharge_w=_narrower(own.discharge_w, wish.get(LimitKey.DISCHARGE_W)),
    )
    return replace(settings, device=replace(device, limits=limits))


def _charge(own: Limits) -> dict[LimitKey, Range]:
    """Reserve and upper bound of a storage, both inside the configured band."""
    band = Range(least=own.min_soc_pct, most=own.max_soc_pct)
    return {LimitKey.MIN_SOC_PCT: band, LimitKey.MAX_SOC_PCT: band}


def _bounded(configured: float | None, wish: float | None) -> float | None:
    """A connection without a configured limit has none to tighten."""
    return None if configured is None else _narrower(configured, wish)


def _narrower(configured: float | None, wish: float | None) -> float | None:
    return _strictest(configured, None if wish is None else max(0.0, wish))


def _strictest(*bounds: float | None) -> float | None:
    return min((bound for bound in bounds if bound is not None), default=None)
