"""One device's past: what it was when it last answered, what changed since, whether it slept."""

from dataclasses import dataclass, fields, replace
from typing import Final

import structlog

from gateway.model.canonical import quantise
from gateway.model.device import Description, Device, Identity
from gateway.model.errors import GridtenderError
from gateway.model.event import Described, FaultChanged
from gateway.model.known import Known
from gateway.model.reading import Reading
from gateway.model.time import HOUR, Duration, Instant, rfc3339
from gateway.ports.bus import Bus
from gateway.ports.clock import Clock
from gateway.ports.memory import Memory
from gateway.runtime.silence import LastHeard, Sun, sleeps

FIRMWARE: Final = "FIRMWARE_CHANGED"
EXCHANGED: Final = "DEVICE_EXCHANGED"
NOTICE: Final = Duration(24 * HOUR)
"""So long, or until the next start, a notice stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that is not as it was remembered."""

    code: str
    text: str


class Past:
    """Remembers a device over restarts and says what changed.

    What is remembered is only told.  The house plans with what the device says itself in this
    life, and nothing is written to it before.
    """

    def __init__(
        self, *, device: Device, memory: Memory, sun: Sun | None, clock: Clock, bus: Bus
    ) -> None:
        self._device = device
        self._sun = sun
        self._clock = clock
        self._bus = bus
        self._log = structlog.get_logger().bind(device=device.id)
        self._memory = memory
        self._known = self._read()
        self._kept = self._known
        self._told = self._known is None
        self._notices: dict[str, Duration] = {}

    def connected(self, description: Description) -> None:
        """The device answered and told what it is: the memory gives way."""
        self._told = True
        before, now = self._known, self._clock.now()
        told = replace(description, notes=())
        slept_at = None
        if before is not None:
            found = change(before.description, description)
            if found is not None:
                self._notice(found)
            if found is None or found.code != EXCHANGED:
                told = replace(told, identity=_filled(told.identity, before.description.identity))
                slept_at = before.slept_at
        known = Known(device=self._device.id, at=now, description=told, slept_at=slept_at)
        known = quantise(known)
        if before is None or before.description != known.description:
            self._known = known

    def heard(self, reading: Reading) -> None:
        """Note whether it sleeps; notices that stood their day are taken back."""
        known = self._known
        if known is not None and reading.asleep is (known.slept_at is None):
            self._known = replace(known, slept_at=reading.at if reading.asleep else None)
        if self._notices:
            self._expire()

    def recall(self) -> None:
        """Tell once what the device was, as long as it has not answered in this life."""
        known = self._known
        if self._told or known is None:
            return
        self._told = True
        note = f"remembered from {rfc3339(known.at)}: it has not answered since the gateway started"
        description = replace(known.description, notes=(note,))
        self._bus.publish(Described(device=self._device.id, description=description))

    def sleeps(self, reading: Reading | None, *, held: bool) -> str:
        """Why its silence is sleep; empty: it is not.  ``held``: whether we hold its flow down."""
        known = self._known
        last = LastHeard(
            reading=reading,
            slept_at=None if known is None else known.slept_at,
            rating_w=None if known is None else known.description.capabilities.rating_w,
            held=held,
        )
        return sleeps(self._device.role, last, self._sun, self._clock.now())

    async def keep(self) -> None:
        """Have on the disk what changed since the last time; a disk that fails is tried again."""
        known = self._known
        if known is None or known is self._kept:
            return
        try:
            await self._memory.keep(known)
        except GridtenderError as fault:
            self._log.warning("memory.not_kept", reason=str(fault))
        else:
            self._kept = known

    def _read(self) -> Known | None:
        try:
            return self._memory.get(self._device.id)
        except GridtenderError as fault:
            self._log.warning("memory.unusable", reason=str(fault))
            return None

    def _notice(self, found: Change) -> None:
        self._notices[found.code] = Duration(self._clock.monotonic() + NOTICE)
        self._say(found.code, active=True, text=found.text)

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for code in [code for code, end in self._notices.items() if now >= end]:
            del self._notices[code]
            self._say(code, active=False, text="")

    def _say(self, code: str, *, active: bool, text: str) -> None:
        at: Instant = self._clock.now()
        self._bus.publish(
            FaultChanged(device=self._device.id, code=code, active=active, at=at, text=text)
        )


def change(before: Description, now: Description) -> Change | None:
    """Another device, or the same with other firmware; None: neither."""
    old, new = before.identity, now.identity
    other = [
        f"{name} {was} is now {is_}"
        for name in ("maker", "model", "serial")
        if (was := getattr(old, name)) and (is_ := getattr(new, name)) and was != is_
    ]
    if other:
        text = f"another device answers than before: {', '.join(other)}"
        return Change(code=EXCHANGED, text=text)
    if not (old.version and new.version) or old.version == new.version:
        return None
    text = f"firmware {old.version} is now {new.version}; {_models(before.models, now.models)}"
    return Change(code=FIRMWARE, text=text)


def _models(before: tuple[int, ...], now: tuple[int, ...]) -> str:
    """Which models appeared or vanished."""
    parts = [
        f"models {', '.join(map(str, sorted(which)))} {verb}"
        for verb, which in (("appeared", {*now} - {*before}), ("vanished", {*before} - {*now}))
        if which
    ]
    return "; ".join(parts) or "its models are the same"


def _filled(told: Identity, before: Identity) -> Identity:
    """What a device asleep does not say of itself is as it was."""
    names = (field.name for field in fields(Identity))
    return Identity(**{name: getattr(told, name) or getattr(before, name) for name in names})
