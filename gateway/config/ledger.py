"""The ledger of the file: what is kept for parties, and whose meter is which."""

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.config.problem import Finding
from gateway.config.shapes import SiteShape
from gateway.model.device import Device, Role
from gateway.model.membership import Consent
from gateway.model.site import LedgerSettings


def read_ledger(site: SiteShape, *, guest: bool) -> LedgerSettings:
    """The settings; ``guest``: whether the own broker lets somebody in without a name."""
    outside = bool(site.parties) or guest or site.registration != Consent.CLOSED
    auto = site.ledger.keep == "auto"
    return LedgerSettings(
        kept=site.ledger.keep == "always" or (auto and outside),
        kept_for_members=auto,
        seal_every=site.ledger.seal,
        meters={
            name: party.meter for name, party in site.parties.items() if party.meter is not None
        },
    )


_PARTIES: Final = frozenset({Role.SOLAR, Role.STORAGE, Role.HEAT, Role.EV, Role.LOAD})


def check_meters(site: SiteShape, devices: Mapping[str, Device]) -> Iterator[Finding]:
    """A party's meter is a device of the file that no other party answers for."""
    taken: dict[str, str] = {}
    for name, party in site.parties.items():
        meter = party.meter
        if meter is None:
            continue
        path = ("parties", name, "meter")
        if meter not in devices:
            allowed = f"a device of this file: {', '.join(site.devices) or 'there is none'}"
            yield Finding(path=path, found=repr(meter), allowed=allowed)
        elif meter in taken:
            found = f"{meter}, which is the meter of {taken[meter]} already"
            yield Finding(path=path, found=found, allowed="a meter of its own")
        elif devices[meter].role is Role.GRID:
            found = f"{meter}, which measures the connection point"
            yield Finding(path=path, found=found, allowed="a meter of what this party moves")
        elif devices[meter].tender and devices[meter].role in _PARTIES:
            found = f"{meter}, which is a party itself"
            yield Finding(path=path, found=found, allowed="a device with tender: false, or a meter")
        taken.setdefault(meter, name)
