"""What of the house is served to other programs over Modbus TCP."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from gateway.model.time import SECOND, Duration

MOST_CLIENTS: Final = 8
"""Connections to one port at a time."""


class ShareMode(StrEnum):
    """Where the words of an answer come from."""

    CACHED = "cached"  # from the gateway's own polls while they are new, else from the device
    THROUGH = "through"  # always from the device


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRule:
    """Registers that a client may write.

    Attributes:
        clients: a network; of one address mostly.
        unit: Modbus address of the device.
        first, last: protocol addresses, both included.
    """

    clients: IPv4Network | IPv6Network
    unit: int
    first: int
    last: int

    def concerns(self, client: str) -> bool:
        """Whether the client is one of those; an address of IPv4 may come as one of IPv6."""
        address = ip_address(client.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address) in self.clients

    def covers(self, unit: int, address: int, count: int) -> bool:
        """Whether all of the registers are among those."""
        return unit == self.unit and self.first <= address and address + count - 1 <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSettings:
    """The connection of a device, lent to others.

    Attributes:
        device: its id; ``line``: the connection, with all units on it.
        host, port: where is listened; port 0 = any free one.
        max_age: cached words are no older.
        writes: what clients may write; empty = read only.
    """

    device: str
    line: str
    host: str
    port: int
    mode: ShareMode = ShareMode.CACHED
    max_age: Duration = SECOND
    writes: tuple[WriteRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateSettings:
    """Where the site as a whole is served as one SunSpec device; port 0 = any free one."""

    host: str
    port: int
    unit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The site as a whole; None where a part of it is not known now.

    Attributes:
        name: of the area; ``version``: of the program.
        grid_w: drawn from the grid, fed in negative.
        imported_wh, exported_wh: at the grid meter.
        sources_w: what solar, storage and generators draw together, generation negative.
        injected_wh, absorbed_wh: out of and into those.
    """

    name: str
    version: str
    grid_w: float | None = None
    imported_wh: int | None = None
    exported_wh: int | None = None
    sources_w: float | None = None
    injected_wh: int | None = None
    absorbed_wh: int | None = None
