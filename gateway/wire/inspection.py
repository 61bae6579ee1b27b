"""What a look at a device found, as one JSON document."""

from collections.abc import Mapping

from gateway.model.device import Capabilities, Identity
from gateway.model.inspection import FoundGroup, FoundModel, Inspection, Part
from gateway.wire.text import number


def document(url: str, found: Inspection) -> dict[str, object]:
    """JSON: values are scaled numbers, texts, or null where there is none."""
    return {
        "url": url,
        "unit": found.unit,
        "base": found.base,
        "identity": _identity(found.identity, found.options),
        "models": [_model(model) for model in found.models],
        "problems": [
            {"address": problem.address, "model": problem.model, "text": problem.text}
            for problem in found.problems
        ],
        "quirks": list(found.quirks),
        "capabilities": {role.value: _part(part) for role, part in found.parts.items()},
    }


def _identity(identity: Identity, options: str) -> dict[str, str]:
    return {
        "maker": identity.maker,
        "model": identity.model,
        "options": options,
        "version": identity.version,
        "serial": identity.serial,
    }


def _model(model: FoundModel) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": model.id,
        "name": model.name,
        "address": model.address,
        "length": model.length,
        "index": model.index,
        "points": _points(model.body),
        "groups": _groups(model.body),
    }
    return shown if model.raw is None else {**shown, "raw": list(model.raw)}


def _points(group: FoundGroup) -> dict[str, object]:
    return {point.name: point.value for point in group.points}


def _groups(group: FoundGroup) -> dict[str, object]:
    return {
        name: [{**_points(one), **_groups(one)} for one in repeated]
        for name, repeated in group.groups.items()
    }


def _part(part: Part) -> Mapping[str, object]:
    return {
        **_capabilities(part.capabilities),
        "steeredBy": part.steered_by,
        "why": list(part.why),
    }


def _capabilities(told: Capabilities) -> dict[str, object]:
    return {
        "control": told.control.value,
        "ratingW": number(told.rating_w),
        "chargeW": number(told.charge_w),
        "dischargeW": number(told.discharge_w),
        "capacityWh": number(told.capacity_wh),
        "resolutionW": number(told.resolution_w),
        "floorW": number(told.floor_w),
        "timerS": None if told.timer is None else told.timer.max_s,
    }
