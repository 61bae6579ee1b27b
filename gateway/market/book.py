"""The tenders of one instrument by party, kept as steps in the mechanism's book.

A party either states its whole requirement (a netting set) or adds increments.  Requirements are
netted against standing positions when the book is asked for a price or cleared; until then they
have no steps, so most tenders, which wait for a later interval, cost no more than themselves.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace

from gateway.market import netting
from gateway.market.exclusive import Alternatives
from gateway.market.grid import PriceGrid
from gateway.market.netting import Numbered
from gateway.market.positions import Positions
from gateway.model.clearing import StandingTender
from gateway.model.tender import Party, Tender, TenderSet
from gateway.model.time import Instant, Interval
from gateway.ports.mechanism import ClearingBook, Outcome, Step


@dataclass(frozen=True, slots=True)
class Requirement:
    """A live netting set.

    Attributes:
        sequence: of its must-trade rest; its tenders have the next ones.
        tenders: of the set, as far as they are still live.
        numbers: their sequences where some are gone; empty while the set is whole.
    """

    party: Party
    revision: int
    sequence: int
    tenders: tuple[Tender, ...]
    numbers: tuple[int, ...] = ()

    @property
    def numbered(self) -> list[Numbered]:
        """The live tenders with their sequences."""
        if not self.numbers:
            return list(enumerate(self.tenders, self.sequence + 1))
        return list(zip(self.numbers, self.tenders, strict=True))


@dataclass(frozen=True, slots=True)
class Ended:
    """An increment that is no longer in the book; its id stays taken until the interval ends."""

    party: str
    sequence: int
    tender: Tender
    filled: int


_Standing = tuple[tuple[Requirement, ...], list[tuple[str, Tender, int]]]
"""Requirements; (party, tender, how far it is filled) of increments."""


class InstrumentBook:
    """One instrument: (product, interval).

    Attributes:
        requirements: netting sets by party.
        increments: open increments by party and tender id, as steps with what remains.
        ended: increments that were filled, cancelled or expired, likewise.
        revisions: of each party's newest netting set, also if withdrawn.
        alternatives: open increments of which at most one of a group executes.
        cleared: what the last clearing's transactions cover; None before the first.
    """

    def __init__(
        self, product: str, interval: Interval, steps: ClearingBook, grid: PriceGrid
    ) -> None:
        self.interval = interval
        self.requirements: dict[str, Requirement] = {}
        self.increments: dict[str, dict[str, Step]] = {}
        self.ended: dict[str, dict[str, Ended]] = {}
        self.revisions: dict[str, int] = {}
        self.alternatives = Alternatives()
        self.cleared: Interval | None = None
        self._product = product
        self._steps = steps
        self._grid = grid
        self._netted: dict[str, tuple[int, *tuple[Step, ...]]] = {}  # position, then the steps
        self._unnetted: dict[str, None] = {}  # parties of new requirements, in order
        self._stamp: tuple[int, Instant] = (-1, interval.start)
        self._standing: _Standing | None = ((), [])  # None: as they are when asked

    def require(self, requirement: Requirement) -> None:
        """Let the requirement stand instead of the party's former one."""
        party = requirement.party.id
        self.withdraw(party)
        self.requirements[party] = requirement
        self.revisions[party] = requirement.revision
        self._unnetted[party] = None

    def withdraw(self, party: str) -> None:
        """Take the party's requirement out; it keeps its position."""
        self.requirements.pop(party, None)
        self._unnetted.pop(party, None)
        _, *steps = self._netted.pop(party, (0,))
        for step in steps:
            self._steps.remove(step)

    def add(self, party: Party, tender: Tender, sequence: int, remaining: int) -> None:
        """Add an increment of which ``remaining`` > 0 is open."""
        step = Step(party, tender, tender.side, tender.price, remaining, sequence)
        self.increments.setdefault(party.id, {})[tender.id] = step
        self._take_in(step)

    def end(self, party: str, tender_id: str, filled: int = 0) -> Step:
        """Take an increment out, ``filled`` at last; returns it with what remained before."""
        step = self.increments[party].pop(tender_id)
        if not self.increments[party]:
            del self.increments[party]
        self._take_out(step)
        if step.tender is not None:
            done = step.tender.quantity - step.quantity + filled
            ends = self.ended.setdefault(party, {})
            ends[tender_id] = Ended(party, step.sequence, step.tender, done)
        return step

    def drop(
        self, party: str, tender_ids: tuple[str, ...], position: int
    ) -> list[tuple[str, int, int]]:
        """Take live tenders of the party out: (id, sequence, remaining) of each.

        A requirement shrinks; one of which nothing is left is withdrawn, and its party keeps
        its ``position``.
        """
        requirement = self.requirements.get(party)
        if requirement is None:
            ended = (self.end(party, tender) for tender in tender_ids)
            return [(step.tender_id, step.sequence, step.quantity) for step in ended]
        sequences = {tender.id: sequence for sequence, tender in requirement.numbered}
        fills = netting.filled(requirement.numbered, position)
        remaining = {tender.id: tender.quantity - taken for tender, taken in fills}
        left = [pair for pair in requirement.numbered if pair[1].id not in tender_ids]
        if left:
            numbers, tenders = zip(*left, strict=True)
            self.require(replace(requirement, tenders=tenders, numbers=numbers))
        else:
            self.withdraw(party)
        return [(tender, sequences[tender], remaining[tender]) for tender in tender_ids]

    def price(self, positions: Positions, at: Instant) -> int | None:
        """The price a clearing for delivery from ``at`` would find now."""
        self._renet(positions, at)
        return self._outcome().price if self.alternatives else self._steps.price()

    def clear(self, positions: Positions, delivery: Interval) -> Outcome:
        """Clear for ``delivery``; the fills are taken off the increments."""
        self._renet(positions, delivery.start)
        outcome = self._outcome()
        for step, filled in outcome.filled.items():
            if step.party.id not in self.requirements:
                self._fill(step, filled)
        self.cleared = delivery
        self.remember_standing()
        return outcome

    def match(self, delivery: Interval) -> Outcome | None:
        """What increments that arrived trade with those that wait; None: nothing.

        Afterwards ``standing`` tells of the tenders as they are when it is asked.
        """
        outcome = self._outcome()
        if not outcome.fills:
            return None
        for step, filled in outcome.filled.items():
            self._fill(step, filled)
        self.cleared, self._standing = delivery, None
        return outcome

    def remember_standing(self) -> None:
        """Let ``standing`` tell of the tenders that are live now."""
        self._standing = self._now()

    def _now(self) -> _Standing:
        increments = [
            (step.party.id, step.tender, step.tender.quantity - step.quantity)
            for steps in self.increments.values()
            for step in steps.values()
            if step.tender is not None
        ]
        increments += [
            (end.party, end.tender, end.filled)
            for ends in self.ended.values()
            for end in ends.values()
            if end.filled
        ]
        return tuple(self.requirements.values()), increments

    def standing(
        self, positions: Positions, parties: Container[str] | None = None
    ) -> Iterator[StandingTender]:
        """The tenders of the last clearing and how far each is filled, of ``parties`` or all."""
        if self.cleared is None:
            return
        requirements, increments = self._standing or self._now()
        for requirement in requirements:
            party = requirement.party.id
            if parties is not None and party not in parties:
                continue
            position = positions.at(party, self.cleared.start)
            for tender, filled in netting.filled(requirement.numbered, position):
                yield _standing(party, tender, filled)
        for party, tender, filled in increments:
            if parties is None or party in parties:
                yield _standing(party, tender, filled)

    def open_tenders(self, party: str) -> int:
        """How many tenders of the party are live here."""
        requirement = self.requirements.get(party)
        return len(requirement.tenders if requirement else self.increments.get(party, ()))

    def expires(self, party: str) -> bool:
        """Whether a live tender of the party has an expiration."""
        requirement = self.requirements.get(party)
        if requirement is not None:
            return any(tender.expiration is not None for tender in requirement.tenders)
        standing = self.increments.get(party, {}).values()
        return any(step.tender is not None and step.tender.expiration for step in standing)

    def live_set(self, party: str) -> TenderSet | None:
        """The party's live tenders; an increment shows what remains of it."""
        requirement = self.requirements.get(party)
        if requirement is not None:
            tenders = requirement.tenders
        elif party in self.increments:
            tenders = tuple(
                tender if tender.quantity == left else replace(tender, quantity=left)
                for tender, left in self._left_of(party)
            )
        else:
            return None
        return TenderSet(
            party=party,
            product=self._product,
            interval=self.interval,
            tenders=tenders,
            netting=requirement is not None,
            revision=requirement.revision if requirement else 0,
        )

    def _left_of(self, party: str) -> Iterator[tuple[Tender, int]]:
        for step in self.increments[party].values():
            if step.tender is not None:
                yield step.tender, step.quantity

    def live_ids(self, party: str) -> tuple[str, ...]:
        """Ids of the party's live tenders."""
        requirement = self.requirements.get(party)
        if requirement is not None:
            return tuple(tender.id for tender in requirement.tenders)
        return tuple(self.increments.get(party, ()))

    def expiration(self, party: str, tender_id: str) -> Instant | None:
        """When the live tender expires; None if it does not, or is not live."""
        requirement = self.requirements.get(party)
        if requirement is not None:
            found = (tender for tender in requirement.tenders if tender.id == tender_id)
            tender = next(found, None)
        else:
            step = self.increments.get(party, {}).get(tender_id)
            tender = None if step is None else step.tender
        return None if tender is None else tender.expiration

    def parties(self) -> Iterable[str]:
        """Every party that ever tendered here."""
        return {**self.increments, **self.ended, **self.revisions}

    def oldest(self, otherwise: int) -> int:
        """The smallest live order number."""
        live = [requirement.sequence for requirement in self.requirements.values()]
        live += [s.sequence for steps in self.increments.values() for s in steps.values()]
        live += [e.sequence for ends in self.ended.values() for e in ends.values()]
        return min(live, default=otherwise)

    def _fill(self, step: Step, filled: int) -> None:
        if step.tender is None or filled == step.quantity:
            self.end(step.party.id, step.tender_id, filled)
        else:
            self._take_out(step)
            self.add(step.party, step.tender, step.sequence, step.quantity - filled)

    def _outcome(self) -> Outcome:
        alternatives = self.alternatives
        return alternatives.clear(self._steps) if alternatives else self._steps.clear()

    def _take_in(self, step: Step) -> None:
        self._steps.add(step)
        self.alternatives.add(step)

    def _take_out(self, step: Step) -> None:
        self._steps.remove(step)
        self.alternatives.remove(step)

    def _renet(self, positions: Positions, at: Instant) -> None:
        """Bring the steps of new requirements in, and of those whose position has changed."""
        stamp = (positions.revision, at)
        stale = self._unnetted if stamp == self._stamp else self.requirements
        self._stamp = stamp
        for party in stale:
            position = positions.at(party, at)
            held, *steps = self._netted.get(party, (None,))
            if position != held:
                for step in steps:
                    self._steps.remove(step)
                self._net(self.requirements[party], position)
        self._unnetted = {}

    def _net(self, requirement: Requirement, position: int) -> None:
        steps = netting.net(
            requirement.party, requirement.numbered, position, self._grid, requirement.sequence
        )
        self._netted[requirement.party.id] = (position, *steps)
        for step in steps:
            self._steps.add(step)


def _standing(party: str, tender: Tender, filled: int) -> StandingTender:
    return StandingTender(
        party=party,
        tender_id=tender.id,
        side=tender.side,
        price=tender.price,
        quantity=tender.quantity,
        filled=filled,
        all_or_none=tender.all_or_none,
    )
