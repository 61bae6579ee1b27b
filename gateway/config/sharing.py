"""The sections ``share`` and ``aggregate``: what of the house others may see and write."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from gateway.config.problem import Finding, closest, listed
from gateway.config.scalars import Scalar, refusal
from gateway.model.device import Device
from gateway.model.share import AggregateSettings, ShareMode, ShareSettings, WriteRule
from gateway.model.time import Duration

_LAST_REGISTER: Final = 65_535
_LAST_UNIT: Final = 255
_RANGE: Final = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,5})(?:-([0-9]{1,5}))?")
_SCHEMES: Final = ("tcp", "rtu", "rtu+tcp", "tls", "mem")

Ranges = tuple[tuple[int | None, int, int], ...]


class RegisterRanges(Scalar):
    """``40232-40236, 3:40100``: registers, of another unit than the device's if one is named."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The form."""
        return "registers such as 40232-40236 or 40232, 3:40100 (UNIT:REGISTER)"

    def parse(self, value: object) -> Ranges:
        """(unit or None, first, last) of each."""
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise refusal(value, self.allowed)
        return tuple(self._one(value, part.strip()) for part in str(value).split(","))

    def _one(self, value: object, text: str) -> tuple[int | None, int, int]:
        match = _RANGE.fullmatch(text)
        if match is None:
            raise refusal(value, self.allowed)
        unit = None if match[1] is None else int(match[1])
        first, last = int(match[2]), int(match[3] or match[2])
        if not first <= last <= _LAST_REGISTER or (unit or 0) > _LAST_UNIT:
            allowed = f"registers from 0 to {_LAST_REGISTER}, the first before the last"
            raise refusal(value, allowed, found=text)
        return unit, first, last

    def schema(self) -> dict[str, object]:
        """A text, or one number."""
        return {"type": ["string", "integer"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One entry of ``share`` as it was written."""

    device: str
    listen: tuple[str, int]
    mode: str
    max_age: Duration
    writes: Mapping[str, Ranges]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The healthy shares, and what is wrong with the others."""

    shares: tuple[ShareSettings, ...]
    findings: tuple[Finding, ...]


def read_shares(
    entries: Collection[Given],
    devices: Mapping[str, Device],
    named: Collection[str],
    aggregate: AggregateSettings | None,
) -> Section:
    """Every entry whose device is healthy.

    Args:
        entries: as in the file.
        devices: the healthy ones, by id.
        named: ids in the file; a share of one that is refused is left out without a word.
        aggregate: listens too.
    """
    shares: list[ShareSettings] = []
    findings: list[Finding] = []
    taken = {} if aggregate is None else {(aggregate.host, aggregate.port): "aggregate"}
    for given in entries:
        wrong = tuple(_wrong(given, devices, named, taken, shares))
        findings += wrong
        taken.setdefault(given.listen, f"share.{given.device}")
        if not wrong and given.device in devices:
            shares.append(_share(given, devices[given.device]))
    return Section(shares=tuple(shares), findings=tuple(findings))


def _wrong(
    given: Given,
    devices: Mapping[str, Device],
    named: Collection[str],
    taken: Mapping[tuple[str, int], str],
    shares: Collection[ShareSettings],
) -> Iterator[Finding]:
    path = ("share", given.device)
    if given.device not in named:
        yield Finding(
            path=path,
            found="no such device",
            allowed=f"the id of a device: {listed(sorted(named))}",
            hint=closest(given.device, named),
            at_key=True,
        )
    if given.listen[1] and given.listen in taken:
        found = "{}:{}, where ".format(*given.listen) + f"{taken[given.listen]} listens"
        yield Finding(path=(*path, "listen"), found=found, allowed="an address of its own")
    if (device := devices.get(given.device)) is None:
        return
    if device.line.partition("://")[0] not in _SCHEMES:
        found = f"a device at {device.line}, which is not spoken to by Modbus"
        yield Finding(path=path, found=found, allowed="a Modbus device", at_key=True)
    for other in shares:
        if other.line == device.line:
            found = f"the connection that share.{other.device} shares, with all units on it"
            allowed = "one share for a connection"
            yield Finding(path=path, found=found, allowed=allowed, at_key=True)
    for client in given.writes:
        if not _is_network(client):
            allowed = "the address of a client such as 192.168.1.7, or a network 192.168.1.0/24"
            yield Finding(
                path=(*path, "writes", client), found=repr(client), allowed=allowed, at_key=True
            )


def _is_network(text: str) -> bool:
    """Whether clients can be found in it: they come without a zone, those of IPv4 as such."""
    try:
        address = ip_network(text).network_address
    except ValueError:
        return False
    return "%" not in text and getattr(address, "ipv4_mapped", None) is None


def _share(given: Given, device: Device) -> ShareSettings:
    host, port = given.listen
    rules = tuple(
        WriteRule(
            clients=ip_network(client),
            unit=device.unit if unit is None else unit,
            first=first,
            last=last,
        )
        for client, ranges in given.writes.items()
        for unit, first, last in ranges
    )
    return ShareSettings(
        device=device.id,
        line=device.line,
        host=host,
        port=port,
        mode=ShareMode(given.mode),
        max_age=given.max_age,
        writes=rules,
    )
