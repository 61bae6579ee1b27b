"""Bidding: what agents are told at a gate, and what they state there."""

from collections.abc import Container

from gateway.market.positions import Positions
from gateway.model.outlook import Outlook
from gateway.model.product import Product
from gateway.model.snapshot import Snapshot
from gateway.model.tender import TenderSet
from gateway.model.time import MILLISECOND, Instant, Interval
from gateway.ports.agent import Agent, Gate
from gateway.runtime.expected import fresh
from gateway.runtime.foreseen import covers, foreseen, meanwhile


def gate_for(  # noqa: PLR0917  all that a gate is made of
    product: Product,
    interval: Interval,
    now: Instant,
    snapshot: Snapshot,
    positions: Positions,
    outside: Container[str],
    outlook: Outlook | None,
) -> Gate:
    """What agents may know when they tender for what is left of ``interval``.

    An ``outlook`` that is stale by ``now`` they are not told.  Of a product that is traded ahead
    they see the site as it is foreseen.
    """
    known = fresh(outlook, now)
    ahead = product.ahead is not None and known is not None and covers(known, interval)
    standing = dict(sorted(positions.all_at(max(now, interval.start)).items()))
    return Gate(
        now=now,
        product=product,
        interval=interval,
        snapshot=foreseen(snapshot, known, interval) if ahead and known else snapshot,
        positions=standing,
        unmetered=sum(quantity for party, quantity in standing.items() if party in outside),
        outlook=known,
        meanwhile=meanwhile(positions, product, now, interval.start) if ahead else {},
    )


def requirement(agent: Agent, gate: Gate, newest: int = 0) -> TenderSet:
    """The agent's whole requirement; it replaces the ``newest`` revision for the interval.

    Revisions follow the clock, but one that was set back must not make them old.
    """
    revision = gate.now // MILLISECOND
    return TenderSet(
        party=agent.party.id,
        product=gate.product.id,
        interval=gate.interval,
        tenders=agent.tenders(gate),
        netting=True,
        revision=revision if revision >= newest else newest + 1,
    )
