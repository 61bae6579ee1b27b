"""Map files: found, read, and every error told with file, line and key."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from drivers.modbus.map import RegisterMap
from gateway.model.errors import SettingsError

_LARGEST = 262_144
_MOST_QUOTED = 80


def load(name: str) -> RegisterMap | tuple[SettingsError, ...]:
    """The map of a file path, or of a shipped name (``heat-pump-demo.yaml``), or every error."""
    content, where = _content(name)
    if content is None:
        return (SettingsError(path=("map",), found=repr(name), allowed=where),)
    try:
        return RegisterMap.model_validate(_tree(content))
    except ValidationError as error:
        lines = _nodes(content)
        return tuple(
            SettingsError(
                path=("map",),
                found=f"{where}:{_line(lines, item['loc'])}: "
                f"{'.'.join(map(str, item['loc']))}: {_quoted(item.get('input'))}",
                allowed=item["msg"].removeprefix("Value error, "),
            )
            for item in error.errors()
        )
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = f"{where}: {' '.join(str(error).split())}"
        return (SettingsError(path=("map",), found=found, allowed="a YAML file in UTF-8"),)


def _tree(content: bytes) -> object:
    """The file's values; aliases are refused, since a few bytes of them can mean gigabytes."""
    if len(content) > _LARGEST:
        message = f"{len(content)} bytes; a register map has at most {_LARGEST}"
        raise ValueError(message)
    text = content.decode("utf-8-sig")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        message = "an alias (*name): write the value out"
        raise ValueError(message)
    return yaml.safe_load(text)


def _nodes(content: bytes) -> yaml.Node | None:
    """The file once more, with the lines of its values."""
    try:
        return yaml.compose(content.decode("utf-8-sig"), yaml.SafeLoader)
    except RecursionError:
        return None


def _line(node: yaml.Node | None, keys: Sequence[str | int]) -> int:
    """Where the value of these keys stands, or the last of them that is there."""
    line = 1 if node is None else node.start_mark.line + 1
    for key in keys:
        inside = _inside(node, key)
        if inside is None:
            return line
        node, line = inside, inside.start_mark.line + 1
    return line


def _inside(node: yaml.Node | None, key: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key] if key < len(node.value) else None
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == str(key)), None)


def _quoted(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def _content(name: str) -> tuple[bytes | None, str]:
    path = Path(name)
    if path.is_file():
        return path.read_bytes(), str(path)
    have: list[str] = []
    for folder in _shipped():
        if not folder.is_dir():
            continue
        have += sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
        if name in have:
            return folder.joinpath(name).read_bytes(), name
    return None, f"a file, or one of the shipped maps: {', '.join(have) or 'none'}"


def _shipped() -> tuple[Any, ...]:
    """Where maps lie: in the installed package, or beside it in a checkout."""
    package = files("gateway")
    return (
        package.joinpath("_data", "config", "maps"),
        package.joinpath("..", "config", "maps"),
    )
