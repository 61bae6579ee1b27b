"""Loads that the calendar leaves alone: until the last event that says so is over.

What a person said of a device by command goes before it, also that it is alone no more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gateway.model.opt_out import OptOut
from gateway.model.time import Instant
from gateway.runtime.opt_outs import OptOuts


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """An event that leaves a device alone, and is not over."""

    device: str
    begin: Instant
    end: Instant
    name: str


class Rests:
    """Keeps the opt-outs as the calendar says."""

    def __init__(self, opt_outs: OptOuts) -> None:
        self._opt_outs = opt_outs
        self._said: dict[str, OptOut] = {}

    def follow(self, rests: Iterable[Rest], now: Instant) -> None:
        """Take what holds now, and take back what held."""
        lasting = _longest(rests)
        for device in {*lasting, *self._said}:
            current = self._opt_outs.in_force.get(device)
            if current is not None and current != self._said.get(device):
                self._said.pop(device, None)  # a person's; ours again when that is over
            elif device in lasting:
                self._leave(lasting[device], now)
            else:
                self._end(self._said.pop(device), now)

    def _leave(self, rest: Rest, now: Instant) -> None:
        said = self._said.get(rest.device)
        if said is not None and (said.until, said.reason) == (rest.end, rest.name):
            return
        new = OptOut(device=rest.device, at=now, until=rest.end, reason=rest.name)
        self._said[rest.device] = new
        if not self._opt_outs.taken_back(rest.device, rest.begin):
            self._opt_outs.say(new)

    def _end(self, said: OptOut, now: Instant) -> None:
        if self._opt_outs.in_force.get(said.device) == said:
            self._opt_outs.say(replace(said, at=now, over=True))


def _longest(rests: Iterable[Rest]) -> Mapping[str, Rest]:
    return {one.device: one for one in sorted(rests, key=lambda one: one.end)}
