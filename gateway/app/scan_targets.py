"""What may be scanned: addresses, networks, serial ports; as typed, or as this machine has them."""

import ipaddress
import socket
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.model.errors import WrongInput

PORTS: Final = (502, 1502)
_MOST_HOSTS: Final = 4096
_ROUTES: Final = Path("/proc/net/route")
_SERIAL: Final = ("serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA*")
_NOT_ROUTED = 0x0002  # RTF_GATEWAY


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP port; whether a person asked for this very host (``named``), and port (``exact``)."""

    host: str
    port: int
    named: bool
    exact: bool = False

    @property
    def line(self) -> str:
        """Its URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What was asked for."""

    endpoints: tuple[Endpoint, ...]
    serial: tuple[str, ...]


def targets_of(texts: Sequence[str], ports: Sequence[int] = PORTS) -> Targets:
    """Hosts, ``host:port``, ``tcp://`` URLs, subnets and serial ports, without repeats.

    Raises:
        WrongInput: one of them is none of that.
    """
    endpoints: dict[Endpoint, None] = {}
    serial: dict[str, None] = {}
    for text in texts:
        if text.startswith(("/", "rtu://")):
            serial[text.removeprefix("rtu://").partition("?")[0]] = None
        else:
            endpoints |= dict.fromkeys(_endpoints(text, ports))
    return Targets(endpoints=tuple(endpoints), serial=tuple(serial))


def _endpoints(text: str, ports: Sequence[int]) -> Iterator[Endpoint]:
    if "/" in text.removeprefix("tcp://"):
        network = _network(text)
        for address in network.hosts():
            yield from (Endpoint(str(address), port, named=False) for port in ports)
        return
    url = text if text.startswith("tcp://") else f"tcp://{text}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise _no_target(text, str(error)) from None
    if not host or " " in text or "://" in url[len("tcp://") :]:
        raise _no_target(text, "it names no host")
    for one in ports if port is None else (port,):
        yield Endpoint(host, one, named=True, exact=port is not None)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise _no_target(text, str(error)) from None
    if network.num_addresses > _MOST_HOSTS:
        why = f"it has {network.num_addresses} addresses; name at most {_MOST_HOSTS} (/20)"
        raise _no_target(text, why)
    return network


def _no_target(text: str, why: str) -> WrongInput:
    return WrongInput(
        f"{text!r} cannot be scanned: {why}. Write 192.168.1.20, 192.168.1.20:1502, "
        "192.168.1.0/24 or /dev/ttyUSB0"
    )


def own_networks(routes: Path = _ROUTES) -> tuple[str, ...]:
    """IPv4 networks that this machine is in, from the kernel's routes."""
    found: dict[str, None] = {}
    try:
        rows = routes.read_text("ascii").splitlines()[1:]
    except OSError:
        return ()
    for row in rows:
        name, where, _, flags, *_, mask = row.split()[:8]
        if int(where, 16) and not int(flags, 16) & _NOT_ROUTED and name != "lo":
            found[f"{_dotted(where)}/{int(mask, 16).bit_count()}"] = None
    return tuple(found)


def _dotted(hexadecimal: str) -> str:
    """An address as the kernel prints it: in this machine's byte order."""
    return socket.inet_ntoa(struct.pack("=I", int(hexadecimal, 16)))


def own_serial_ports(devices: Path = Path("/dev")) -> tuple[str, ...]:
    """Serial ports that are there; a name that stays the same goes before the others."""
    seen: dict[Path, str] = {}
    for pattern in _SERIAL:
        for path in sorted(devices.glob(pattern)):
            seen.setdefault(path.resolve(), str(path))
    return tuple(seen.values())
