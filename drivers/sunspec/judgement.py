"""What became of a setpoint: the words read back against those that were written."""

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.sunspec.lever import Lever, runs
from drivers.sunspec.raw import Plan, Words
from gateway.model.setpoint import Outcome, RegisterWrite, Setpoint, TakenWrite, Written
from gateway.model.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt to write.

    Attributes:
        before: the lever with the words that stood.
        taken: the requests that the device took; ``refusal``: what it said to the next one.
    """

    plan: Plan
    before: Lever
    taken: tuple[RegisterWrite, ...]
    refusal: str


def judge(setpoint: Setpoint, tried: Tried, after: Lever, at: Instant) -> Written:
    """Refused, changed by somebody else, or accepted with the flow that now stands."""
    outcome, detail = Outcome.REFUSED, tried.refusal
    if not tried.refusal:
        outcome, detail = _compared(tried.plan, tried.before, after)
    released = outcome is Outcome.ACCEPTED and setpoint.quantity is None
    return Written(
        outcome=outcome,
        quantity=None if released else after.expressed(),
        at=at,
        detail=detail,
        taken=_all_taken(setpoint, tried, after),
    )


def unseen(setpoint: Setpoint, tried: Tried, why: str, at: Instant) -> Written:
    """What was written and cannot be read back is not known to be in force."""
    return Written(
        outcome=Outcome.REFUSED,
        quantity=None,
        at=at,
        detail=f"{tried.refusal or 'what was written cannot be read back'}: {why}",
        taken=_all_taken(setpoint, tried, tried.before),
    )


def _all_taken(setpoint: Setpoint, tried: Tried, lever: Lever) -> tuple[TakenWrite, ...]:
    counting = setpoint.quantity is not None and setpoint.timer_s > 0 and lever.timer is not None
    return tuple(_taken(write, lever, counting=counting) for write in tried.taken)


def _taken(write: RegisterWrite, lever: Lever, *, counting: bool) -> TakenWrite:
    registers = range(write.address, write.address + len(write.words))
    lapses = counting and all(map(lever.lapses, registers))
    return TakenWrite(address=write.address, count=len(registers), lapses=lapses)


def asked(plan: Plan) -> dict[int, int]:
    """All words of a plan by address."""
    return {address: word for group in plan for address, word in group.items()}


def is_between(taken: Sequence[RegisterWrite], plan: Plan) -> bool:
    """Whether what the device took last is not what it shall end with."""
    wanted = asked(plan)
    return any(
        wanted.get(at, word) != word
        for write in taken[-1:]
        for at, word in enumerate(write.words, write.address)
    )


def others(lever: Lever, wanted: Words, read: Words) -> str:
    """Which registers hold something else, for a person; empty if none does."""
    return ", ".join(
        f"{at}: wrote {word}, reads {read[at]}"
        for at, word in wanted.items()
        if at in read and not lever.same(at, word, read[at])
    )


def _compared(plan: Plan, before: Lever, after: Lever) -> tuple[Outcome, str]:
    wanted, was, read = asked(plan), before.words, after.words
    wrong = {at: w for at, w in wanted.items() if not before.same(at, w, read[at])}
    if not wrong:
        texts = (f"{write.address}={list(write.words)}" for write in runs(plan))
        return Outcome.ACCEPTED, f"model {before.header.model} {', '.join(texts)}"
    ignored = all(read[at] == was[at] for at in wrong)
    what = "the device ignored" if ignored else "someone changed"
    outcome = Outcome.REFUSED if ignored else Outcome.OVERRIDDEN
    return outcome, f"{what} register {others(before, wrong, read)}"
