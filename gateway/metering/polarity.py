"""Polarity: whether a meter, one of its phases or a battery is counted the wrong way round.

Power that enters the house and power that its sources give is what its loads draw, and loads
never give: load = grid - sources - stores, with all flows counted into the device, is not below
zero.  Where it is, and is not once a sign is turned, that sign is wrong.  A step of the sun must
show in the grid meter as well, and a meter's counters must agree with its power.

Looks at a single moment err: meters are read one after another, and unknown sources exist.  So
only what two looks in a row say counts, and much of it is needed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from typing import Final

ENOUGH: Final = 40
"""Votes before anything is said; at two looks a minute 20 minutes of them."""

_ENOUGH_COUNTED: Final = 6  # of the counters, which vote every few Wh
_SHARE: Final = 0.9
_FORGET: Final = 4 * ENOUGH
_NOISE_W, _NOISE = 80.0, 0.05  # of a sum of meters: absolute, and of what flows
_PHASE_W: Final = 50.0
_IDLE_W: Final = 30.0
_STEP_W: Final = 500.0
_LIKE_IT: Final = (0.5, 1.5)  # a step on the meter, times the step of the sun
_COUNTED_WH: Final = 20.0
_MOSTLY: Final = 4.0
_CLEAR_W: Final = 50.0
_FOREIGN_ANGLE: Final = 0.7  # W / VA of one phase's current with another's voltage is near 0.5
_A_DAY_S: Final = 24 * 3600.0


class Kind(StrEnum):
    """What could be the wrong way round."""

    METER = "meter"
    STORE = "store"
    PHASES = "phases"
    COUNTERS = "counters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One explanation; ``phases``: of the meter, by letter; ``device`` of a store."""

    kind: Kind
    device: str = ""
    phases: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of the grid meter, W passive and VA; None where it does not tell."""

    w: float
    va: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All flows of the house at one moment, W into the device.

    Attributes:
        at_s: monotonic seconds.
        sources, stores: by device, all that are configured.
        phases: by letter, empty where the meter shows none.
        in_wh, out_wh: the grid meter's own counters.
    """

    at_s: float
    meter_w: float
    sources: Mapping[str, float]
    stores: Mapping[str, float]
    phases: Mapping[str, Phase] = field(default_factory=dict)
    in_wh: float | None = None
    out_wh: float | None = None

    @property
    def dark(self) -> bool:
        """Whether the known sources rest: one that draws passes it on to a store behind it."""
        return all(abs(w) < _IDLE_W for w in self.sources.values())

    @property
    def idle(self) -> bool:
        """Whether the stores rest too."""
        return self.dark and all(abs(w) < _IDLE_W for w in self.stores.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the looks say of one suspect.

    Attributes:
        wrong: votes that it is the wrong way round; ``right``: that it is not.
        since_s: of the first vote.
        angle: sums of |W| and VA of phases that look reversed.
    """

    wrong: float = 0.0
    right: float = 0.0
    since_s: float = 0.0
    angle: tuple[float, float] = (0.0, 0.0)

    @property
    def share(self) -> float:
        """Of votes that it is wrong, 0..1."""
        return self.wrong / ((self.wrong + self.right) or 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """Counters when they were judged last, and the span of the meter's power since."""

    in_wh: float
    out_wh: float
    least_w: float
    most_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was seen so far."""

    tallies: Mapping[Suspect, Tally] = field(default_factory=dict)
    last: Look | None = None
    said: Mapping[Suspect, int] = field(default_factory=dict)
    mark: _Mark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A suspect that is the wrong way round.

    Attributes:
        votes, of: how many looks say so, of those that say anything.
        swapped: phases whose current is measured with another phase's voltage.
        counters: whether the meter's counters contradict its power too.
    """

    suspect: Suspect
    votes: int
    of: int
    swapped: bool = False
    counters: bool = False


def observe(evidence: Evidence, look: Look) -> Evidence:
    """With one more look."""
    said = dict(_said(look))
    tallies = dict(evidence.tallies)
    for suspect, vote in said.items():
        if evidence.said.get(suspect) == vote:
            tallies[suspect] = _counted(tallies.get(suspect), vote, look, suspect)
    if evidence.last is not None and (vote := _step(evidence.last, look)):
        meter = Suspect(kind=Kind.METER)
        tallies[meter] = _counted(tallies.get(meter), vote, look, meter)
    mark, vote = _by_counters(evidence.mark, look)
    if vote:
        counters = Suspect(kind=Kind.COUNTERS)
        tallies[counters] = _counted(tallies.get(counters), vote, look, counters)
    return Evidence(tallies=tallies, last=look, said=said, mark=mark)


def verdict(evidence: Evidence) -> Verdict | None:
    """What is the wrong way round, None while nothing, or too much, would explain it."""
    now_s = 0.0 if evidence.last is None else evidence.last.at_s
    sunny = evidence.last is not None and bool(evidence.last.sources)
    wait_s = 0.0 if sunny else _A_DAY_S  # an unknown roof feeds in by day only
    wrong = {
        suspect: tally
        for suspect, tally in evidence.tallies.items()
        if _is_wrong(suspect, tally, now_s, wait_s)
    }
    counters = wrong.pop(Suspect(kind=Kind.COUNTERS), None)
    if len({suspect.kind for suspect in wrong}) > 1:
        return None
    # Of phases that now and then give power the most: the others may just have no load.
    for suspect, tally in sorted(wrong.items(), key=lambda one: -len(one[0].phases))[:1]:
        w, va = tally.angle
        swapped = len(suspect.phases) > 1 and va > 0 and w < _FOREIGN_ANGLE * va
        of = round(tally.wrong + tally.right)
        return Verdict(
            suspect=suspect,
            votes=round(tally.wrong),
            of=of,
            swapped=swapped,
            counters=counters is not None,
        )
    if counters is None:
        return None
    of = round(counters.wrong + counters.right)
    return Verdict(
        suspect=Suspect(kind=Kind.COUNTERS), votes=round(counters.wrong), of=of, counters=True
    )


def _is_wrong(suspect: Suspect, tally: Tally, now_s: float, wait_s: float) -> bool:
    counted = suspect.kind is Kind.COUNTERS
    enough = _ENOUGH_COUNTED if counted else ENOUGH
    waited = counted or now_s - tally.since_s >= wait_s
    return tally.wrong >= enough and tally.share >= _SHARE and waited


def _counted(old: Tally | None, vote: int, look: Look, suspect: Suspect) -> Tally:
    """One more vote; of many the old ones weigh less, so that a mended house is believed."""
    tally = old or Tally(since_s=look.at_s)
    if tally.wrong + tally.right >= _FORGET:
        tally = replace(tally, wrong=tally.wrong / 2, right=tally.right / 2)
    if vote < 0:
        return replace(tally, right=tally.right + 1)
    w, va = tally.angle
    for letter in suspect.phases:
        phase = look.phases[letter]
        if phase.va is not None:
            w, va = w + abs(phase.w), va + phase.va
    return replace(tally, wrong=tally.wrong + 1, angle=(w, va))


def _said(look: Look) -> Iterator[tuple[Suspect, int]]:
    """Of each suspect +1: it explains what cannot be; -1: it cannot be."""
    if not look.dark:
        return
    as_is = _is_possible(look, look.meter_w, look.stores)
    suspects = {Suspect(kind=Kind.METER): (-look.meter_w, look.stores)}
    for name, w in look.stores.items():
        turned = {**look.stores, name: -w}
        suspects[Suspect(kind=Kind.STORE, device=name)] = (look.meter_w, turned)
    for suspect, (meter_w, stores) in suspects.items():
        if not _is_possible(look, meter_w, stores):
            yield suspect, -1
        elif not as_is:
            yield suspect, 1
    yield from _phases(look)


def _is_possible(look: Look, meter_w: float, stores: Mapping[str, float]) -> bool:
    """Whether the loads draw power, as far as the meters are exact."""
    flows = (*look.sources.values(), *stores.values())
    noise_w = _NOISE_W + _NOISE * (abs(meter_w) + sum(map(abs, flows)))
    return meter_w - sum(flows) >= -noise_w


def _phases(look: Look) -> Iterator[tuple[Suspect, int]]:
    """Phases that give power while nothing in the house does."""
    if not look.idle or len(look.phases) <= 1:
        return
    giving = {name for name, one in look.phases.items() if one.w < -_PHASE_W}
    drawing = {name for name, one in look.phases.items() if one.w > _PHASE_W}
    for size in range(1, len(look.phases)):
        for letters in combinations(sorted(look.phases), size):
            suspect = Suspect(kind=Kind.PHASES, phases="".join(letters))
            if giving == set(letters):
                yield suspect, 1
            elif drawing.intersection(letters):
                yield suspect, -1


def _step(before: Look, after: Look) -> int:
    """Whether the meter follows a step of the sun: -1 as it must, +1 the other way, 0 unclear."""
    if any(abs(w - before.stores.get(name, w)) > _IDLE_W for name, w in after.stores.items()):
        return 0
    step_w = sum(w - before.sources.get(name, w) for name, w in after.sources.items())
    if abs(step_w) < _STEP_W:
        return 0
    ratio = (after.meter_w - before.meter_w) / step_w
    least, most = _LIKE_IT
    if least <= abs(ratio) <= most:
        return -1 if ratio > 0 else 1
    return 0


def _by_counters(mark: _Mark | None, look: Look) -> tuple[_Mark | None, int]:
    """Whether the counter of the direction that W names has moved: -1 it has, +1 the other."""
    if look.in_wh is None or look.out_wh is None:
        return None, 0
    w = look.meter_w
    fresh = _Mark(in_wh=look.in_wh, out_wh=look.out_wh, least_w=w, most_w=w)
    if mark is None:
        return fresh, 0
    into, out = look.in_wh - mark.in_wh, look.out_wh - mark.out_wh
    if into < 0 or out < 0:
        return fresh, 0
    mark = replace(mark, least_w=min(mark.least_w, w), most_w=max(mark.most_w, w))
    if into + out < _COUNTED_WH:
        return mark, 0
    drew, fed = mark.least_w > _CLEAR_W, mark.most_w < -_CLEAR_W
    if not (drew or fed) or not (into > _MOSTLY * out or out > _MOSTLY * into):
        return fresh, 0
    return fresh, -1 if drew is (into > out) else 1
