"""Did it work?  Judged on measured flow, only on samples newer than command plus settle time."""

from dataclasses import dataclass

from gateway.model.device import Control
from gateway.model.reading import Reading
from gateway.model.setpoint import Outcome
from gateway.model.time import Duration, Instant

# A device follows when it is this near: its own regulation and the meter's noise.
TOLERANCE_W = 60.0
TOLERANCE_SHARE = 0.05
# A command that has not shown after so many settle times has no effect.
_PATIENCE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``outcome`` None: too early to tell."""

    outcome: Outcome | None
    reason: str = ""


def judge(
    control: Control,
    quantity: float | None,
    accepted_at: Instant,
    reading: Reading,
    settle: Duration,
) -> Judgement:
    """Compare the flow with what was accepted (W, passive; None = released, always effective).

    A bound is kept when production is not above it; producing less is the weather's doing.
    """
    if reading.at < accepted_at + settle or reading.power_w is None:
        return Judgement(outcome=None)
    if quantity is None:
        return Judgement(outcome=Outcome.EFFECTIVE)
    slack = max(TOLERANCE_W, TOLERANCE_SHARE * abs(quantity))
    measured = reading.power_w
    if control is Control.LIMIT:
        good = measured >= quantity - slack
    else:
        good = abs(measured - quantity) <= slack
    if good:
        return Judgement(outcome=Outcome.EFFECTIVE)
    if reading.at < accepted_at + _PATIENCE * settle:
        return Judgement(outcome=None)
    return Judgement(outcome=Outcome.NO_EFFECT, reason=_guess(quantity, measured))


def _guess(quantity: float, measured: float) -> str:
    wanted = f"asked for {quantity:.0f} W, measured {measured:.0f} W"
    if abs(measured) < TOLERANCE_W:
        return f"{wanted}: full, empty, or external control is not enabled in the device?"
    if quantity * measured < 0:
        return f"{wanted}: the sign of its power may be reversed (key sign:)"
    return f"{wanted}: external control disabled in the device's menu, or somebody else steers it?"
