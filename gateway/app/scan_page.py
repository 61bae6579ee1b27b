"""What a scan found: a table, why there is nothing elsewhere, and a configuration to begin with."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.app.inspection_page import named
from gateway.app.probing import url_of
from gateway.app.scanning import Scan, Sighting
from gateway.config.connection import Connection
from gateway.model.device import Identity, Role
from gateway.model.inspection import Inspection
from gateway.ports.probe import Heard
from gateway.wire.topics import is_name

_LONGEST_NAME: Final = 32
_TAIL: Final = 6  # letters of a serial number that tell two of a kind apart
_SHOWN_UNITS: Final = 8
_ADVICE: Final = {
    Heard.NOTHING: "nothing listens there: is it on, and the address right?",
    Heard.REFUSED: "it is on, but nothing listens at this port: switch Modbus TCP on in its menu, "
    "or try --port",
    Heard.SILENT: "it accepts the connection and answers none of the units: try --all-units, a "
    "longer --timeout, and see whether another program holds its only session",
    Heard.HUNG_UP: "it accepts the connection and hangs up: another program may hold its only "
    "session, or it does not allow this machine's address",
    Heard.LOGIN: "it wants a login: allow Modbus without one in its menu, or use its TLS port",
    Heard.FOREIGN: "it speaks something other than Modbus: is it the right port?",
    Heard.RTU: "it sends RTU frames on TCP: use rtu+tcp://, or set the serial server to Modbus TCP",
}


def page(scan: Scan) -> Iterator[str]:
    """A table, and what else there is to say."""
    rows = [("WHERE", "UNIT", "ROLES", "WHAT"), *map(_row, scan.sightings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *cells, what in rows if scan.sightings else ():
        padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
        yield "  ".join([*padded, what])
    for heard, count in scan.quiet.items():
        yield f"{count} more port{'s' if count > 1 else ''}: {heard.value}"


def _row(one: Sighting) -> tuple[str, str, str, str]:
    unit = "-" if one.unit is None else str(one.unit)
    if one.inspection is None:
        return one.line, unit, "-", _nothing(one)
    roles = ", ".join(role.value for role in one.inspection.parts) or "none"
    return one.line, unit, roles, _device(one, one.inspection)


def _device(one: Sighting, found: Inspection) -> str:
    also = f"; the same at unit {_units(one.also)}" if one.also else ""
    rtu = "; RTU frames on TCP" if one.heard is Heard.RTU else ""
    odd = f"; {len(found.problems)} odd, see gridtender inspect" if found.problems else ""
    who = " + ".join(_plain(named(identity)) for identity in found.identities)
    return f"{who}{also}{rtu}{odd}"


def _units(units: Sequence[int]) -> str:
    shown = ", ".join(map(str, units[:_SHOWN_UNITS]))
    more = len(units) - _SHOWN_UNITS
    return f"{shown} and {more} more" if more > 0 else shown


def _nothing(one: Sighting) -> str:
    if one.unit is not None and one.heard is Heard.WORDS:
        return _plain(one.why)
    if one.heard is Heard.EXCEPTION:
        return (
            f"exception 0x{one.code:02X}: a gateway answers, and none of the units asked is "
            "behind it; try --all-units"
        )
    detail = f" ({_plain(one.why)})" if one.why else ""
    return f"{_ADVICE.get(one.heard, one.heard.value)}{detail}"


def fragment(scan: Scan) -> Iterator[str]:
    """A configuration that only reads, for ``gridtender check``; nothing where no device is."""
    devices = [(one, one.inspection) for one in scan.sightings if one.inspection is not None]
    usable = [(one, found) for one, found in devices if found.parts]
    if not usable:
        return
    yield "# Found by gridtender scan. Nothing is written to a device while control is observe."
    yield "control: observe"
    yield "devices:"
    taken: set[str] = set()
    for one, found in usable:
        for role in _roles(found):
            yield from _entry(one, found, role, taken)


def _roles(found: Inspection) -> Sequence[Role]:
    """A battery's inverter is one device; a meter in the same chain is another."""
    sources = [role for role in (Role.STORAGE, Role.SOLAR) if role in found.parts][:1]
    return [*sources, *([Role.METER] if Role.METER in found.parts else [])]


def _entry(one: Sighting, found: Inspection, role: Role, taken: set[str]) -> Iterator[str]:
    identity = _identity(found, role)
    url = url_of(Connection(line=one.line, unit=one.unit or 0))
    yield f"  {_name(identity, role, taken)}:"
    yield f"    # {_plain(named(identity))}"
    others = [other.value for other in found.parts if other not in _roles(found)]
    if others:
        yield f"    # could also be: {', '.join(others)}"
    if role is Role.METER:
        yield "    # role: grid, if it measures the connection of the house; sign: export, if W is"
        yield "    # positive while power flows out"
    yield f"    driver: {one.driver}"
    yield f"    connection: {json.dumps(url)}"
    yield f"    role: {role.value}"


def _identity(found: Inspection, role: Role) -> Identity:
    """Of several devices in a chain, the last for a meter: it stands behind the inverter."""
    several = len(found.identities) > 1 and role is Role.METER and len(found.parts) > 1
    return found.identities[-1] if several else found.identity


def _name(identity: Identity, role: Role, taken: set[str]) -> str:
    """From maker and model; of two alike, with the end of the serial number or a number."""
    base = _slug(f"{identity.maker} {identity.model}") or role.value
    tail = _slug(identity.serial[-_TAIL:])
    number = 2
    name = base
    while name in taken or not is_name(name):
        end = tail or str(number)
        name = f"{base[: _LONGEST_NAME - len(end) - 1].rstrip('-')}-{end}"
        tail, number = "", number + (not tail)
    taken.add(name)
    return name


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:_LONGEST_NAME].rstrip("-")


def _plain(text: str) -> str:
    """One line, whatever a device calls itself."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def offers(networks: Sequence[str], ports: Sequence[str]) -> Iterator[str]:
    """What this machine could scan, and the command for each."""
    for network in networks:
        yield f"gridtender scan {network}"
    for port in ports:
        yield f"gridtender scan {port}"
    if not networks:
        yield "no network was found; name one: gridtender scan 192.168.1.0/24"
    if not ports:
        yield "no serial port was found"
