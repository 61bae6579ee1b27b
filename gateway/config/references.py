"""The files that a configuration names: what a copy of it must take along."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from gateway.config.document import read
from gateway.config.shapes_loads import is_template


def referred_files(config: Path) -> tuple[str, ...]:
    """Names of existing files as the configuration writes them, each once.

    A relative name begins at the configuration's folder.  A file with mistakes names what it
    can.
    """
    root = read(config).root
    content = None if root is None else root.value()
    names = dict.fromkeys(_names(content)) if isinstance(content, dict) else {}
    return tuple(name for name in names if "\0" not in name and (config.parent / name).is_file())


def _names(content: Mapping[str, object]) -> Iterator[str]:
    grid, broker, devices, parties = (
        content.get(key) for key in ("grid", "broker", "devices", "parties")
    )
    if isinstance(grid, dict):
        for key in ("import_price", "export_price"):
            yield from _text(grid.get(key), "csv")
            yield from _text(grid.get(key), "ics")
    yield from _text(content, "calendar")
    yield from _text(broker, "password_file")
    for party in parties.values() if isinstance(parties, dict) else ():
        yield from _text(party, "available")
    if isinstance(devices, dict):
        for device in devices.values():
            yield from _text(device, "map")
            yield from _text(device, "available")
            yield from (one for one in _text(device, "programme") if is_template(one))


def _text(section: object, key: str) -> Iterator[str]:
    value = section.get(key) if isinstance(section, dict) else None
    if isinstance(value, str) and value:
        yield value
