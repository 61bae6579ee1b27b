"""From standing tenders and fresh readings to a wanted flow per device.

Setpoints are absolute (load minus sources), never the last setpoint plus an error, so a lost
or late sample cannot wind anything up.  The rules for sources and storage under an export
limit, and why they hold the limit, are in docs/dispatch.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.dispatch.merit import Step, walk
from gateway.model.time import Duration, Instant

# A source limited this close to the balance never exports by the meter's noise.
MARGIN_W = 30.0
# While storage can give way a source may come up only so far above the balance per poll ...
REENTRY_W = 120.0
# ... and a charging storage may draw so much ahead of a source that hides behind a limit.
LEAD_W = 500.0
# Closer to its limit than this a source is held back by it.
AT_LIMIT_W = 40.0
AT_LIMIT_SHARE = 0.01
# A source that still climbs by this much per poll is on its way.
CLIMBING_W = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A source that can be limited.

    Attributes:
        at: when its output was measured.
        output_w: produced then, positive W.
        limit_w: what the gateway holds it to (magnitude), None = not limited.
        nameplate_w: what it could produce at most.
    """

    id: str
    at: Instant
    output_w: float
    limit_w: float | None
    nameplate_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMemory:
    """What is believed of a source between polls.

    Attributes:
        hidden: it produces what its limit allows, so it could be more.
        output_w: at the previous poll.
        limit_w: at the previous poll; ``raised_at``: when it was last raised.
    """

    hidden: bool = False
    output_w: float = 0.0
    limit_w: float | None = None
    raised_at: Instant = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """All that the plan rests on; powers in W, passive sign.

    Attributes:
        residual_w: the load estimate.  What parties without a meter really draw is in it;
            what they have bought is not, or a purchase that nobody uses would be exported.
        fixed_w: flow of steered devices that cannot follow (stepped loads).
        export_limit_w: at the connection point, None = none.
    """

    residual_w: float
    fixed_w: float
    sources: tuple[SourceView, ...]
    storages: tuple[str, ...]
    steps: tuple[Step, ...]
    export_limit_w: float | None
    floor: int
    cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePlan:
    """Wanted flow per storage, and what is now believed of the sources."""

    wanted: Mapping[str, float]
    memory: Mapping[str, SourceMemory]


def judge_source(
    memory: SourceMemory, source: SourceView, now: Instant, settle: Duration
) -> SourceMemory:
    """Decide whether the source hides more behind its limit.

    It has ``settle`` after a raise, and longer while it climbs, to come up to a new limit; a
    sample from before that tells nothing.
    """
    limit = source.limit_w
    raised = limit is not None and (memory.limit_w is None or limit > memory.limit_w + 1.0)
    raised_at = now if raised else memory.raised_at
    if limit is None:
        hidden = False
    elif source.output_w >= limit - max(AT_LIMIT_W, AT_LIMIT_SHARE * limit):
        hidden = True
    else:
        climbing = source.output_w > memory.output_w + CLIMBING_W
        hidden = memory.hidden and (source.at - raised_at < settle or climbing)
    return SourceMemory(hidden=hidden, output_w=source.output_w, limit_w=limit, raised_at=raised_at)


def _with_available(steps: Sequence[Step], available: Mapping[str, float]) -> tuple[Step, ...]:
    """The steps with each source's supply replaced by what it can produce now."""
    kept = [s for s in steps if s.party not in available]
    for party, power_w in available.items():
        own = [s for s in steps if s.party == party and not s.buy]
        if own:
            kept.append(replace(own[0], power_w=power_w))
    return tuple(kept)


def plan_storage(
    balance: Balance,
    memory: Mapping[str, SourceMemory],
    *,
    discharging: bool,
    now: Instant,
    settle: Duration,
) -> StoragePlan:
    """The wanted flow of every storage.

    ``discharging``: whether storage was commanded to discharge at the previous plan; then a
    source that hides is believed to have only ``REENTRY_W`` more, and storage is lowered by
    as much in the same pass.
    """
    judged = {
        s.id: judge_source(memory.get(s.id, SourceMemory()), s, now, settle)
        for s in balance.sources
    }
    seen = {s.id: s.output_w for s in balance.sources}
    believed = {
        s.id: _believed(s, hidden=judged[s.id].hidden, discharging=discharging)
        for s in balance.sources
    }
    must = balance.residual_w + balance.fixed_w
    hoped, sure = (
        walk(_with_available(balance.steps, had), must, floor=balance.floor, cap=balance.cap)
        for had in (believed, seen)
    )
    wanted = {
        s: min(hoped.get(s, 0.0), max(sure.get(s, 0.0), 0.0) + LEAD_W) for s in balance.storages
    }
    return StoragePlan(wanted=wanted, memory=judged)


def _believed(source: SourceView, *, hidden: bool, discharging: bool) -> float:
    if not hidden:
        return source.output_w
    if discharging:
        return min(source.nameplate_w, source.output_w + REENTRY_W)
    return source.nameplate_w


def plan_sources(
    balance: Balance,
    storage: Mapping[str, float],
    memory: Mapping[str, SourceMemory],
    *,
    held_back: bool = False,
) -> dict[str, float | None]:
    """Bounds of the sources, given what storage will really do (after the guard).

    For a source the bound (-3000: at most 3 kW), None = no limit.  The room is what load,
    storage and (if it is in the money) export take; it is shared in merit order, pro rata at
    one price.  ``memory``: what ``plan_storage`` has just found.  ``held_back``: whether the
    import limit keeps storage from leading, so that a source that hides has to.
    """
    if not balance.sources:
        return {}
    nameplates = {s.id: s.nameplate_w for s in balance.sources}
    storing = sum(storage.values())
    others = tuple(s for s in balance.steps if s.party not in storage)
    must = balance.residual_w + balance.fixed_w + storing
    room = walk(_with_available(others, nameplates), must, floor=balance.floor, cap=balance.cap)
    hidden = {device for device, seen in memory.items() if seen.hidden}
    absorbing = storing < 0 or _can_charge_more(balance, storage)
    return {
        s.id: _bound(
            balance,
            s,
            -room.get(s.id, 0.0),
            _slack_w(absorbing=absorbing, led=s.id in hidden and storing >= 0 and not held_back)
            / len(balance.sources),
        )
        for s in balance.sources
    }


def _can_charge_more(balance: Balance, storage: Mapping[str, float]) -> bool:
    """Whether a charging storage has room left in what it tendered to buy."""
    return any(
        0 < flow < sum(s.power_w for s in balance.steps if s.party == party and s.buy) - REENTRY_W
        for party, flow in storage.items()
    )


def _slack_w(*, absorbing: bool, led: bool) -> float:
    """How far above the balance a source may come before the next poll.

    A storage that can take a gust lets a source that shows all it has come up unclipped;
    behind a source that hides, the storage leads instead.
    """
    return REENTRY_W if absorbing and not led else -MARGIN_W


def _bound(balance: Balance, source: SourceView, room_w: float, slack_w: float) -> float | None:
    """The bound for one source: passive (<= 0), or None when it needs none.

    Under an export limit below the nameplates a limit always stands; else a source whose
    whole output is taken gets none, so that a gust is free.
    """
    nameplate = sum(s.nameplate_w for s in balance.sources)
    standing = balance.export_limit_w is not None and balance.export_limit_w < nameplate
    bound = min(source.nameplate_w, max(0.0, room_w + slack_w))
    if standing:
        return -bound
    if room_w >= source.nameplate_w or (source.limit_w is None and room_w >= source.output_w):
        return None
    return -bound
