"""Storages on the page of ``gridtender check``: how each is used, and for how much of the house."""

from collections.abc import Iterator

from gateway.model.device import Device, Role, Strategy
from gateway.model.site import Site

_HOW = {
    Strategy.PLAN: "plans ahead by tariff and history, by itself from the second day on; "
    "until then self-consumption",
    Strategy.SELF_CONSUMPTION: "self-consumption: charges from surplus, discharges to load",
}


def storage_texts(site: Site) -> Iterator[tuple[str, str]]:
    """A line for each storage that an agent of the gateway tenders for."""
    devices = [one.device for one in site.devices]
    stores = [one for one in devices if one.role is Role.STORAGE and one.tender and not one.agent]
    for device in stores:
        yield device.id, _text(device, alone=len(stores) == 1)


def _text(device: Device, *, alone: bool) -> str:
    how = _HOW[device.strategy]
    if alone or device.strategy is not Strategy.PLAN:
        return how
    return f"{how}; for its part of the load and surplus, by what it holds of all storages"
