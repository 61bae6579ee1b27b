"""The agents of the house, asked for what they require; one that fails does not tender."""

from collections.abc import Callable, Container, Mapping, Sequence

import structlog

from gateway.market import Market
from gateway.model.outlook import Outlook
from gateway.model.snapshot import Snapshot
from gateway.model.tender import TenderSet
from gateway.model.time import Instant, Interval
from gateway.ports.agent import Agent, Gate
from gateway.ports.connection import Connection
from gateway.runtime.bidding import gate_for, requirement
from gateway.runtime.recorder import Recorder
from gateway.runtime.site import Site


class Bidders:
    """They tender in auctions of the first product of each resource, and ahead.

    Args:
        tendered_for: ids of those products.
        outside: who is from outside, now.
        outlook: the newest; None where nothing is known of the time to come.
    """

    def __init__(
        self,
        agents: Sequence[Agent],
        *,
        tendered_for: Container[str],
        outside: Callable[[], Container[str]],
        outlook: Callable[[], Outlook | None],
        site: Site,
        recorder: Recorder,
    ) -> None:
        self._tendered_for = tendered_for
        self._outside = outside
        self._outlook = outlook
        self._site = site
        self._recorder = recorder
        self._connections: Mapping[str, Connection] = {}
        self._log = structlog.get_logger()
        self.take(agents)

    def take(self, agents: Sequence[Agent]) -> None:
        """Ask these from the next gate on."""
        self._agents = {agent.party.id: agent for agent in agents}

    def connect(self, connections: Mapping[str, Connection]) -> None:
        """Ask these for the wires to markets above, by product."""
        self._connections = dict(connections)

    def connection(self, product: str) -> Connection | None:
        """What tenders for the wire to the market above."""
        return self._connections.get(product)

    def seen(self, now: Instant, start: Instant | None = None) -> Snapshot:
        """The site as agents see it: each its own device, all of them the tariff and the load.

        The tariff is that of the interval's ``start``: its gate closes before it begins.
        """
        return self._site.snapshot(now, self._agents, start)

    def at_gate(self, market: Market, interval: Interval, now: Instant) -> list[TenderSet]:
        """Every whole requirement, made from one frozen snapshot that stands in the journal."""
        found: list[TenderSet | None] = []
        if market.product.id in self._tendered_for:
            snapshot, outlook = self.seen(now, interval.start), self._outlook()
            self._recorder.outlook(now, outlook)
            self._recorder.snapshot(now, market.product.id, snapshot)
            gate = self._gate(market, interval, now, snapshot, outlook)
            newest = {party: market.newest_revision(party, interval) for party in self._agents}
            found = [self._of(agent, gate, newest[party]) for party, agent in self._agents.items()]
        found.append(self._by_connection(market, interval, now))
        return [one for one in found if one is not None]

    def ahead(
        self, market: Market, interval: Interval, now: Instant, seen: Snapshot, outlook: Outlook
    ) -> list[TenderSet]:
        """What they require of a future interval; nothing of those that never did."""
        gate = self._gate(market, interval, now, seen, outlook)
        found: list[TenderSet] = []
        for party, agent in self._agents.items():
            newest = market.newest_revision(party, interval)
            bid = self._of(agent, gate, newest)
            if bid is not None and (bid.tenders or newest):
                found.append(bid)
        return found

    def as_of_now(self, market: Market, interval: Interval, now: Instant) -> list[TenderSet]:
        """What they would tender; it is asked for and not kept."""
        if market.product.id not in self._tendered_for:
            return []
        gate = self._gate(market, interval, now, self.seen(now, interval.start), self._outlook())
        bids = (self._of(agent, gate, 0) for agent in self._agents.values())
        return [bid for bid in bids if bid is not None]

    def _gate(
        self,
        market: Market,
        interval: Interval,
        now: Instant,
        seen: Snapshot,
        outlook: Outlook | None,
    ) -> Gate:
        told = interval, now, seen, market.positions, self._outside(), outlook
        return gate_for(market.product, *told)

    def _by_connection(self, market: Market, interval: Interval, now: Instant) -> TenderSet | None:
        """What the wire to the market above brings, where there is one."""
        product = market.product
        connection = self._connections.get(product.id)
        if connection is None:
            return None
        gate = Gate(now=now, product=product, interval=interval, snapshot=Snapshot(at=now))
        return self._of(connection, gate, market.newest_revision(connection.party.id, interval))

    def _of(self, agent: Agent, gate: Gate, newest: int) -> TenderSet | None:
        """One agent's requirement; one that fails does not tender, the others do."""
        try:
            return requirement(agent, gate, newest)
        except Exception:  # noqa: BLE001 - the other parties must be heard
            self._log.exception("agent.failed", party=agent.party.id)
            return None
