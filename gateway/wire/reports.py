"""What a device reports, in the words by which energy programs order telemetry.

Source: OASIS Energy Interoperation 1.0, EiReport; OpenADR 2.0b, reportType and readingType.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from gateway.model.device import Capabilities, Control, Device, Role
from gateway.model.resource import OCCUPANCY, POWER, TEMPERATURE
from gateway.wire.payloads_state import ItemBasePayload, ReportPayload

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    TEMPERATURE: ("Temperature", "celsius"),
    OCCUPANCY: ("Occupancy", "1"),
}
_Topic = Literal["reading", "energy", "set", "state"]
_POWERLESS: Final = frozenset({Role.CONTROLLER, Role.SENSOR})
_STORES: Final = frozenset({Role.STORAGE, Role.EV})


def reports(device: Device | None, told: Capabilities) -> list[ReportPayload]:
    """The catalogue of one device: where each value stands, and what it is."""
    role = None if device is None else device.role
    return list(_reports(role, told))


def _reports(role: Role | None, told: Capabilities) -> Iterator[ReportPayload]:
    if role not in _POWERLESS:
        power = _item("RealPower", "W")
        yield _report("reading", f"flows.{POWER}", "demand", "Direct Read", power)
        yield _report("energy", "in_wh", "usage", "Summed", _item("EnergyIn", "Wh"))
        yield _report("energy", "out_wh", "usage", "Summed", _item("EnergyOut", "Wh"))
    if role in _STORES:
        yield _report("reading", "soc_pct", "level", "Direct Read", _item("StateOfCharge", "%"))
    if role is Role.SOLAR:
        could = _item("AvailablePower", "W")
        yield _report("reading", "available_w", "demand", "Estimated", could)
    for state in told.states:
        description, units = _STATES.get(state, (state, "1"))
        item = _item(description, units)
        yield _report("reading", f"flows.{state}", "level", "Direct Read", item)
    if told.control is not Control.NONE:
        yield _report("set", "commanded", "setPoint", "x-notApplicable", _item("RealPower", "W"))
    yield _report(
        "state", "state", "operatingState", "x-notApplicable", _item("OperatingState", "1")
    )


def _report(
    topic: _Topic, field: str, kind: str, reading: str, item: ItemBasePayload
) -> ReportPayload:
    return {
        "topic": topic,
        "field": field,
        "reportType": kind,
        "readingType": reading,
        "itemBase": item,
    }


def _item(description: str, units: str) -> ItemBasePayload:
    return {"itemDescription": description, "itemUnits": units, "siScaleCode": "none"}
