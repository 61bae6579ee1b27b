"""What the market above awarded an intertie: judged, and remembered until its interval is over.

A parent is another party: what it says binds only as far as the area asked for it.
"""

from dataclasses import dataclass, field
from typing import Final

from gateway.agents.intertie import delivered, revision_of
from gateway.model.intertie import Contract
from gateway.model.product import Product
from gateway.model.tender import Side, Tender
from gateway.model.time import Instant, Interval
from gateway.ports.parent import Award, Cleared

_KEPT: Final = 4  # instruments of which everything is remembered
_MOST_JUDGED: Final = 1000  # of one interval; an honest parent needs a few dozen


@dataclass(slots=True)
class Instrument:
    """What is known of one interval.

    Attributes:
        told: how often its aggregate was sent up: 0, early 1, before the gate 2.
        revision: the newest that the parent took; None: none.
        offered: what was sent up in this run, by tender id.
        cleared: what the parent's clearing said.
        awards: taken ones by id; ``judged``: every one, with why it was refused.
        held: whether our own gate is past; ``due``: an award came after it.
    """

    told: int = 0
    revision: int | None = None
    offered: dict[str, Tender] = field(default_factory=dict)
    cleared: Cleared | None = None
    awards: dict[str, Award] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)
    held: bool = False
    due: bool = False

    @property
    def answered(self) -> bool:
        """Whether the parent decided; after a restart its awards alone say so."""
        return bool(self.awards) or (self.revision is not None and self.cleared is not None)

    @property
    def award(self) -> int:
        """The sum of what was taken; BUY +, SELL -."""
        return sum(award.quantity for award in self.awards.values())

    @property
    def price(self) -> int | None:
        """Of the parent; the clearing tells it, and so does every award."""
        if self.cleared is not None and self.cleared.price is not None:
            return self.cleared.price
        return next((award.price for award in reversed(self.awards.values())), None)


class Awards:
    """Of the intervals at hand."""

    def __init__(self, contract: Contract, product: Product) -> None:
        self._contract = contract
        self._product = product
        self._instruments: dict[Instant, Instrument] = {}

    def of(self, interval: Interval) -> Instrument:
        """The instrument of an interval that we trade; the oldest are forgotten."""
        found = self._instruments.get(interval.start)
        if found is None:
            found = self._instruments[interval.start] = Instrument()
            for start in sorted(self._instruments)[:-_KEPT]:
                if start < interval.start:
                    del self._instruments[start]
        return found

    def known(self, interval: Interval) -> Instrument | None:
        """The instrument, None where nothing is known of it."""
        return self._instruments.get(interval.start)

    def cleared(self, cleared: Cleared) -> None:
        """The parent cleared; of intervals that we do not trade nothing is remembered."""
        instrument = self.known(cleared.instrument)
        if instrument is not None:
            instrument.cleared = cleared

    def take(self, award: Award, now: Instant) -> tuple[str, bool]:
        """Judge an award, once: (why it is refused, empty if it is taken; whether it is new)."""
        interval = self._product.interval_at(award.interval.start)
        why = self._out_of_time(award, interval, now)
        if why:
            return why, True
        instrument = self.of(interval)
        if award.id in instrument.judged:
            return instrument.judged[award.id], False
        if len(instrument.judged) >= _MOST_JUDGED:
            return "there are too many awards for its interval", True
        why = instrument.judged[award.id] = self._refusal(award, instrument)
        if not why:
            instrument.awards[award.id] = award
            instrument.due = instrument.held or now >= interval.start
        return why, True

    def came_late(self, now: Instant) -> bool:
        """Whether awards that came after the own gate count from now on."""
        late = False
        for start, instrument in self._instruments.items():
            if instrument.due and start <= now:
                instrument.due = False
                late = late or now < start + self._product.interval
        return late

    def _out_of_time(self, award: Award, interval: Interval, now: Instant) -> str:
        """Why it is of no interval that we trade, or empty."""
        if award.interval.end > interval.end:
            return "it is for longer than an interval that is traded here"
        if award.interval.end <= now:
            return "its interval is over"
        if interval.start > self._product.next_interval(now).start and self.known(interval) is None:
            return "nothing was tendered for its interval"
        return ""

    def _refusal(self, award: Award, instrument: Instrument) -> str:
        """Why an award is not taken; empty if it is."""
        contract, newest = self._contract, instrument.revision
        answers = revision_of(award.tender)
        if answers is not None and newest is not None and answers < newest:
            return f"it answers revision {answers} of the aggregate, the parent had {newest}"
        low, high = contract.collar_min, contract.collar_max
        if (low is not None and award.price < low) or (high is not None and award.price > high):
            return f"its price {award.price} is outside the collar {low} to {high}"
        here = delivered(contract, instrument.award + award.quantity, self._product.lot)
        bounds = contract.bounds_at(award.interval.start)
        if here > bounds.imports:
            return f"with it the import is {here}, the contract allows {bounds.imports}"
        if -here > bounds.exports:
            return f"with it the export is {-here}, the contract allows {bounds.exports}"
        return self._beyond_tender(award, instrument)

    @staticmethod
    def _beyond_tender(award: Award, instrument: Instrument) -> str:
        """Why it is not what was tendered, or empty; of an earlier run nobody knows.

        What a requirement had to trade back answers no tender.
        """
        if not award.tender or not instrument.offered:
            return ""
        asked = instrument.offered.get(award.tender)
        if asked is None:
            return f"nothing was tendered as {award.tender}"
        given = (one.quantity for one in instrument.awards.values() if one.tender == asked.id)
        total = asked.side.sign * (award.quantity + sum(given))
        if not 0 < total <= asked.quantity:
            return f"with it {total} of {asked.id} are filled, {asked.quantity} were tendered"
        better = (
            award.price <= asked.price if asked.side is Side.BUY else award.price >= asked.price
        )
        return "" if better else f"its price {award.price} is worse than the {asked.price} tendered"
