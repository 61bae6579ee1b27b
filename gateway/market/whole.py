"""All-or-none steps where a clearing first counts all as divisible: who of them is left out.

One after the other, so that the rest may yet be filled whole; where many stand in the way, many
at once, so that nobody makes a clearing long.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from gateway.ports.mechanism import Step

PATIENCE: Final = 8


def broken(filled: Mapping[Step, int]) -> list[Step]:
    """All-or-none steps that are filled in part."""
    return [step for step, n in filled.items() if step.all_or_none and n < step.quantity]


def to_leave_out(
    found: list[Step], rounds: int, steps: Iterable[Step], worst: Callable[[Step], tuple[int, ...]]
) -> list[Step]:
    """Who does not take part in the next round: the worst of those ``broken``.

    All of them after ``PATIENCE`` rounds; after as many again every all-or-none step.

    Args:
        found: broken ones, at least one.
        rounds: before this one.
        steps: that took part.
        worst: smallest for the one to go first.
    """
    if rounds < PATIENCE:
        return [min(found, key=worst)]
    return found if rounds < 2 * PATIENCE else [step for step in steps if step.all_or_none]
