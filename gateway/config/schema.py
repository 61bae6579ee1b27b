"""The JSON Schema of the file, for editors: completion, and mistakes underlined while typing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.config.names import ID_PATTERN
from gateway.config.shapes import DeviceShape, SiteShape
from gateway.ports.driver import DriverPackage

DIALECT: Final = "http://json-schema.org/draft-07/schema#"


def json_schema(packages: Mapping[str, DriverPackage]) -> dict[str, Any]:
    """Of the whole file, with the own keys of each of the drivers."""
    site = SiteShape.model_json_schema(ref_template="#/definitions/{model}")
    device = DeviceShape.model_json_schema(ref_template="#/definitions/{model}")
    definitions = {**site.pop("$defs"), **device.pop("$defs")}
    schema = {
        "$schema": DIALECT,
        "title": "Configuration of gridtender",
        "type": "object",
        "additionalProperties": False,
        "properties": site["properties"],
        "definitions": {**definitions, "DeviceShape": _device(device, packages)},
    }
    schema["properties"]["area"]["pattern"] = f"^{ID_PATTERN}$"
    for section in ("devices", "products", "parties", "interties", "share"):
        entries = schema["properties"][section]
        entries["propertyNames"] = {"pattern": f"^{ID_PATTERN}$"}
    devices = schema["properties"]["devices"]
    devices["additionalProperties"] = {"$ref": "#/definitions/DeviceShape"}
    _plain(schema)
    return schema


def _device(common: dict[str, Any], packages: Mapping[str, DriverPackage]) -> dict[str, Any]:
    """A device; which keys it has beyond the common ones depends on its driver."""
    common["properties"]["driver"] = {
        "description": common["properties"]["driver"]["description"],
        "enum": sorted(packages),
    }
    del common["additionalProperties"]
    common["allOf"] = list(_own_keys(common, packages))
    return common


def _own_keys(
    common: dict[str, Any], packages: Mapping[str, DriverPackage]
) -> Iterator[dict[str, Any]]:
    anything = dict.fromkeys(common["properties"], True)
    for name in sorted(packages):
        own = dict(packages[name].json_schema())
        yield {
            "if": {"properties": {"driver": {"const": name}}, "required": ["driver"]},
            "then": {"properties": {**anything, **own}, "additionalProperties": False},
        }


def _plain(part: object) -> None:
    """Drop what only repeats the key's name, and the null that stands for a key left out."""
    if isinstance(part, list):
        for one in part:
            _plain(one)
    if not isinstance(part, dict):
        return
    choices = part.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        part.update(next(one for one in choices if one != {"type": "null"}))
        del part["anyOf"]
    if part.get("default", ...) is None:
        del part["default"]
    for name, one in part.items():
        _plain(one)
        if name in {"properties", "definitions"}:
            for inner in one.values():
                if isinstance(inner, dict):
                    inner.pop("title", None)


def render_json_schema(packages: Mapping[str, DriverPackage]) -> str:
    """The schema as the text of ``config/gridtender.schema.json``."""
    return json.dumps(json_schema(packages), indent=2, ensure_ascii=False) + "\n"
