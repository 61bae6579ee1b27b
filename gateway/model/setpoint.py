"""Setpoints: a wanted flow that is a lease, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum

from gateway.model.message import Command
from gateway.model.resource import POWER, Resource
from gateway.model.time import Duration, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Setpoint:
    """What a device shall do until ``valid_until``.

    Attributes:
        quantity: flow into the device in the resource's unit (W): for Control.LIMIT the bound
            (-3000: produce at most 3 kW), for Control.TARGET the flow to hold.  None releases
            the device to its own rule.
        valid_until: end of the lease.
        timer_s: what to write into the device's own countdown, seconds; 0 = timer off.
        because: one sentence naming the transaction or the limit.
    """

    device: str
    quantity: float | None
    valid_until: Instant
    timer_s: int
    because: str
    resource: Resource = POWER


class Outcome(StrEnum):
    """How far a setpoint came."""

    COMMANDED = "commanded"  # handed to the line
    ACCEPTED = "accepted"  # read back from the device
    EFFECTIVE = "effective"  # the measured flow moved as expected
    NO_EFFECT = "no-effect"  # read back, but the flow did not move
    REFUSED = "refused"  # the device said no
    OVERRIDDEN = "overridden"  # someone else wrote


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenWrite:
    """One write request that the device took.

    Attributes:
        address, count: the registers, protocol addresses.
        lapses: the device's own timer ends the value, so it is not kept for good.
    """

    address: int
    count: int
    lapses: bool = False

    @property
    def block(self) -> str:
        """The registers' name in counts: ``40232..40236``."""
        return f"{self.address}..{self.address + self.count - 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A driver's answer to a setpoint.

    Attributes:
        quantity: the flow the device's registers now express after rounding, or None = released.
        detail: what was written or what the device answered, for a person.
        taken: the requests that the device took, in order; they wear its memory.
    """

    outcome: Outcome
    quantity: float | None
    at: Instant
    detail: str = ""
    taken: tuple[TakenWrite, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetpointStatus:
    """What is published on ``d/D/set``: the newest setpoint and how far it came.

    Attributes:
        commanded, accepted, effective: flows in W (passive sign), None where it did not come
            so far; in ``control: advise`` commanded stays None.
        wanted: what the plan asked for before the guard; ``because`` names the guard's steps.
        lease_until, timer_until: None when nothing is held.
        timer_left_s: what the device itself said at its last reading was left of its countdown,
            None where it does not tell.
        fallback_after_s, fallback_observed_s: when the device is promised to be at its fall-back
            after the last renewal, and when the last drill saw it there (None: no drill).
        writes_today: requests of this UTC day to registers that keep their value, of
            ``writes_per_day`` (None: no budget); ``volatile_writes_today`` wear nothing.
    """

    device: str
    at: Instant
    wanted: float | None
    commanded: float | None
    accepted: float | None
    effective: float | None
    outcome: Outcome | None
    lease_until: Instant | None
    timer_until: Instant | None
    because: str
    detail: str = ""
    timer_left_s: float | None = None
    fallback_after_s: float | None = None
    fallback_observed_s: float | None = None
    writes_today: int = 0
    writes_per_day: int | None = None
    volatile_writes_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterWrite:
    """Words for consecutive registers or coils, written in one request.

    Attributes:
        function: the Modbus function that writes them: 16, or 6 for a device that takes a
            register at a time; 15 or 5 for coils, whose words are 0 or 1.
    """

    address: int
    words: tuple[int, ...]
    function: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Arming:
    """All that is needed to let go of a device without its driver or configuration.

    Stored once, synced to disk before the first write, never overwritten until a release is
    read back.

    Attributes:
        connection: the line's URL; ``unit``: its address on it.
        identity: words that must still stand there before anything is written (model header).
        found: the words found before the first write, in the order they are restored.
        level: the words that bring the device to its fall-back level, in order; empty when
            the level is its own rule (then ``found`` is it).
        promise: sentence for a person: what happens and who enforces it.
        found_by_message, level_by_message: the same for a device that speaks MQTT, which has no
            words: the commands that give it back, and those that bring it to its level.
    """

    device: str
    connection: str
    unit: int
    at: Instant
    identity: tuple[RegisterWrite, ...]
    found: tuple[RegisterWrite, ...]
    level: tuple[RegisterWrite, ...]
    timeout: Duration
    promise: str = ""
    found_by_message: tuple[Command, ...] = ()
    level_by_message: tuple[Command, ...] = ()
