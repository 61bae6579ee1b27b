"""The trading floor of a simulation: its product, and how an agent tenders there."""

from collections.abc import Iterable
from typing import Final

from gateway.agents import Utility
from gateway.market import Market
from gateway.model.errors import InvariantBroken
from gateway.model.event import Refused
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.tender import TenderSet
from gateway.model.time import Duration
from gateway.ports.agent import Agent, Gate
from gateway.ports.mechanism import Mechanism
from gateway.simulation.scenario import Scenario

UNLIMITED: Final = GridLimits(import_w=1e9, export_w=1e9)
"""The meter of a scenario has no fuse."""


class Floor:
    """Where markets are opened: one product and the mechanism that clears it."""

    def __init__(self, scenario: Scenario, mechanism: Mechanism) -> None:
        self.product = _product(scenario, mechanism)
        self._mechanism = mechanism

    def open(self, area: str, agents: Iterable[Agent]) -> Market:
        """An empty market of the agents' parties."""
        return Market(
            self.product,
            area=area,
            epoch=1,
            parties=[agent.party for agent in agents],
            mechanisms={self._mechanism.name: self._mechanism},
        )


def _product(scenario: Scenario, mechanism: Mechanism) -> Product:
    """The product ``power``: steps as intervals, milliwatts, prices finer than any tariff's.

    Floor and cap lie beyond the tariff, so that what must be served is.
    """
    tariff = scenario.tariff
    dearest = max(map(abs, (*tariff.import_price, *tariff.export_price)))
    cap = int((2 * dearest + 1) * 10**6)
    return Product(
        id="power",
        resource=POWER,
        unit="W",
        interval=scenario.step,
        offset=Duration(scenario.start % scenario.step),
        mechanism=mechanism.name,
        price_rule=mechanism.price_rules[0] if mechanism.price_rules else "midpoint",
        price_scale=-6,
        quantity_scale=-3,
        price_floor=-cap,
        price_cap=cap,
        gate_lead=Duration(0),
    )


def utility() -> Utility:
    """The tariff as a party."""
    return Utility(limits=UNLIMITED)


def submit(market: Market, agent: Agent, gate: Gate) -> None:
    """State the agent's whole requirement.

    Raises:
        InvariantBroken: the market refuses it.
    """
    tenders = TenderSet(
        party=agent.party.id,
        product=gate.product.id,
        interval=gate.interval,
        tenders=agent.tenders(gate),
        netting=True,
        revision=1,
    )
    for event in market.submit(tenders, gate.now):
        if isinstance(event, Refused):
            message = f"{agent.party.id}: {event.description}"
            raise InvariantBroken(message)


def last_price(market: Market) -> float | None:
    """Of the newest clearing that had one, real money."""
    price = market.last_price
    return None if price is None else float(market.product.real_price(price))
