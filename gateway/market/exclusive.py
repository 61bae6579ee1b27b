"""Alternatives: tenders of one party of which at most one executes, in part or whole.

A clearing first runs as if there were no alternatives.  Where several of one group were filled,
the one with the largest surplus at the clearing price stays (ties: the earlier), the others are
left out and the clearing is run again, until no group has two filled.  After ``PATIENCE`` such
rounds every group is brought down to one, so that nobody makes a clearing long.

What was left out of the clearing stands in the book again; the market withdraws it if its group
was filled.

Source: CTS EiCreateTender, atMostOne; the choice is ours, docs/mechanisms/alternatives.md.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Final

from gateway.ports.mechanism import ClearingBook, Outcome, Step

PATIENCE: Final = 8

Group = tuple[str, str]
"""A party and the word its alternatives share."""


class Alternatives:
    """The open alternatives of one instrument."""

    def __init__(self) -> None:
        self._groups: dict[Group, dict[Step, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, step: Step) -> None:
        """Note the step if it is an alternative."""
        group = group_of(step)
        if group is not None:
            self._groups.setdefault(group, {})[step] = None

    def remove(self, step: Step) -> None:
        """Forget the step."""
        group = group_of(step)
        if group is None:
            return
        del self._groups[group][step]
        if not self._groups[group]:
            del self._groups[group]

    def of(self, group: Group) -> tuple[Step, ...]:
        """The open alternatives of a group."""
        return tuple(self._groups.get(group, ()))

    def clear(self, book: ClearingBook) -> Outcome:
        """An outcome that fills at most one of each group; the book is as before."""
        left_out: dict[Step, None] = {}
        rounds = 0
        try:
            outcome = book.clear()
            while losers := self._losers(outcome):
                rounds += 1
                if rounds > PATIENCE:
                    losers = self._others(outcome, left_out)
                for step in losers:
                    book.remove(step)
                left_out |= dict.fromkeys(losers)
                outcome = book.clear()
        finally:
            for step in left_out:
                book.add(step)
        return outcome

    def _losers(self, outcome: Outcome) -> list[Step]:
        """Whom to leave out next: of each group that clashes all filled ones but the best."""
        filled, losers = outcome.filled, list[Step]()
        for steps in self._groups.values():
            found = [step for step in steps if step in filled]
            if len(found) < 2:  # noqa: PLR2004  two clash
                continue
            best = max(found, key=lambda step: _merit(step, filled, outcome.price or 0))
            losers += (step for step in found if step is not best)
        return losers

    def _others(self, outcome: Outcome, left_out: Container[Step]) -> list[Step]:
        """Of every group all but one: the best that was filled, or else the most eager."""
        filled, others, price = outcome.filled, list[Step](), outcome.price or 0
        for steps in self._groups.values():
            found = [step for step in steps if step not in left_out]
            best = max(
                found,
                key=lambda s: (s in filled, _merit(s, filled if s in filled else {s: 1}, price)),
                default=None,
            )
            others += (step for step in found if step is not best)
        return others


def group_of(step: Step) -> Group | None:
    """The group of alternatives the step belongs to."""
    tender = step.tender
    return (step.party.id, tender.exclusive) if tender and tender.exclusive else None


def filled_groups(steps: Iterable[Step]) -> Mapping[Group, Step]:
    """The groups of which one was filled, with that one."""
    pairs = ((group_of(step), step) for step in steps)
    return {group: step for group, step in pairs if group is not None}


def _merit(step: Step, filled: Mapping[Step, int], price: int) -> tuple[int, int]:
    surplus = step.side.sign * (step.price - price) * filled[step]
    return surplus, -step.sequence
