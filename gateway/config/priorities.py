"""Which load goes before which: ``priority: before car`` in plain words, as ranks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.config.problem import Finding, listed
from gateway.config.scalars import Scalar, refusal
from gateway.model.device import Role
from gateway.model.site import DeviceSettings

LOADS: Final = (Role.EV, Role.HEAT, Role.LOAD)
_NAME: Final = r"[a-z0-9][a-z0-9_-]{0,31}"
_WORDS: Final = re.compile(rf"before ({_NAME}(?:(?:, *| and ){_NAME})*)")

Before = Mapping[str, Sequence[str]]
"""By load, the loads it goes before."""


class Priority(Scalar):
    """``before car`` or ``before car, dishwasher``."""

    __slots__ = ()

    @property
    def allowed(self) -> str:
        """The form."""
        return "before and the ids of other loads, such as before car"

    def parse(self, value: object) -> tuple[str, ...]:
        """The ids."""
        match = _WORDS.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise refusal(value, self.allowed)
        return tuple(re.split(r", *| and ", match[1]))

    def schema(self) -> dict[str, object]:
        """A string in the form."""
        return {"type": "string", "pattern": f"^{_WORDS.pattern}$"}


def ranked(devices: Sequence[DeviceSettings], before: Before) -> list[DeviceSettings]:
    """The devices, each load with how many go before it in the longest row."""
    ranks = _ranks(before)
    return [
        replace(one, device=replace(one.device, rank=ranks.get(one.device.id, 0)))
        if ranks.get(one.device.id)
        else one
        for one in devices
    ]


def findings(before: Before, roles: Mapping[str, str]) -> Iterator[Finding]:
    """Names that are no loads, and loads that would go before themselves.

    Args:
        before: of the file.
        roles: of all devices of the file, by id.
    """
    loads = [name for name, role in roles.items() if role in LOADS]
    for name, others in before.items():
        path = ("devices", name, "priority")
        if roles.get(name) not in LOADS:
            found = f"a priority on a device of role {roles.get(name)}"
            yield Finding(path=path, found=found, allowed=f"one of {listed(LOADS)}", at_key=True)
        for other in others:
            if other not in loads:
                allowed = (
                    listed([load for load in loads if load != name]) or "no other load is here"
                )
                yield Finding(path=path, found=f"before {other}", allowed=allowed)
        if name in _after(name, before):
            found = f"before {', '.join(others)}, which goes before {name}"
            yield Finding(path=path, found=found, allowed="an order without a circle")


def _after(name: str, before: Before) -> set[str]:
    """All that come after it, by any way."""
    found: set[str] = set()
    waiting = list(before.get(name, ()))
    while waiting:
        other = waiting.pop()
        if other not in found:
            found.add(other)
            waiting += before.get(other, ())
    return found


def _ranks(before: Before) -> dict[str, int]:
    """The longest row of loads before each; nothing of loads in a circle."""
    circles = {name for name in before if name in _after(name, before)}
    ranks: dict[str, int] = {}
    for _ in before:
        for name in before:
            for other in () if name in circles else before[name]:
                ranks[other] = max(ranks.get(other, 0), ranks.get(name, 0) + 1)
    return ranks
