"""Did it work?  Judged on measured flow, only on samples newer than command plus settle time."""

from dataclasses import dataclass

from gateway.dispatch.reason import NEAR_W, Unfollowed, likely_reason
from gateway.model.device import Control, Device
from gateway.model.reading import Reading
from gateway.model.setpoint import Outcome
from gateway.model.time import Duration, Instant

# A device follows when it is this near: its own regulation and the meter's noise.
TOLERANCE_W = NEAR_W
TOLERANCE_SHARE = 0.05
# A command that has not shown after so many settle times has no effect.
_PATIENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What a device accepted.

    Attributes:
        quantity: flow or bound, W, passive; None = released.
        at: when it was first read back, or last seen to be followed.
        before: the flow when it was commanded, None where that is not known.
    """

    device: Device
    control: Control
    quantity: float | None
    at: Instant
    before: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``outcome`` None: too early to tell."""

    outcome: Outcome | None
    reason: str = ""


def judge(command: Command, reading: Reading, settle: Duration) -> Judgement:
    """Compare the flow with what was accepted; a release is always effective.

    A bound is kept when production is not above it; producing less is the weather's doing.
    """
    measured, quantity = reading.power_w, command.quantity
    if reading.at < command.at + settle or measured is None:
        return Judgement(outcome=None)
    if quantity is None or (command.device.programme is not None and quantity > 0):
        return Judgement(outcome=Outcome.EFFECTIVE)  # what it draws is up to its programme
    slack = max(TOLERANCE_W, TOLERANCE_SHARE * abs(quantity))
    if command.control is Control.LIMIT and measured >= quantity - slack:
        return Judgement(outcome=Outcome.EFFECTIVE, reason=_below(quantity, measured, slack))
    if command.control is not Control.LIMIT and abs(measured - quantity) <= slack:
        return Judgement(outcome=Outcome.EFFECTIVE)
    if reading.at < command.at + _PATIENCE * settle:
        return Judgement(outcome=None)
    case = Unfollowed(
        device=command.device,
        control=command.control,
        wanted=quantity,
        measured=measured,
        before=command.before,
        reading=reading,
    )
    return Judgement(outcome=Outcome.NO_EFFECT, reason=likely_reason(case))


def _below(quantity: float, measured: float, slack: float) -> str:
    """A bound above what the sky gives has nothing to cut, so none of its effect is seen."""
    if measured <= quantity + slack:
        return ""
    return (
        f"it produces {-measured:.0f} W, less than the bound of {-quantity:.0f} W: nothing to cut"
    )
