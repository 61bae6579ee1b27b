"""Homes behind one meter: each clears its own market and is a party of the one above.

Of a home the others see its demand as one curve, what it is awarded, and in the sum of all what it
draws without its battery; each battery plans on its share of that sum.  The tariff holds at the
community's meter; within it homes pay and earn the community's price.
"""

from dataclasses import replace
from typing import Final

from gateway.agents.intertie import coming_down, tendered
from gateway.agents.steps import Step, as_tenders
from gateway.model.demand import Demand
from gateway.model.intertie import Bounds, Contract, ParentTerms
from gateway.model.outlook import Outlook
from gateway.model.product import MAX_QUANTITY, Product
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Party, Side, Tender, TieClass
from gateway.model.time import Duration
from gateway.ports.agent import Agent, Gate
from gateway.simulation.floor import Floor, last_price, submit, utility
from gateway.simulation.home import Done, HomeMarket
from gateway.simulation.outlooks import outlook
from gateway.simulation.scenario import Scenario, SimulatedHome

COMMUNITY: Final = "community"
TIE: Final = "tie"


class Tie:
    """A home's connection to the community.

    Attributes:
        demand: of the home, as told above; ``award``: what came of it there, BUY +.
    """

    def __init__(self, home: str, product: Product) -> None:
        self.contract = _contract(home, product)
        self.demand = Demand(above=0, steps=())
        self.award = 0

    @property
    def party(self) -> Party:
        """In the home's own market."""
        return Party(id=TIE, tie_class=TieClass.INTERTIE)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """The award as it must come in or go out, at any price."""
        floor, cap = gate.product.price_floor, gate.product.price_cap
        down = coming_down(self.contract, self.award, gate.product.lot)
        return as_tenders(
            gate,
            (Step(one.side, floor if one.side is Side.SELL else cap, one.quantity) for one in down),
        )


class Aggregate:
    """The same connection in the community's market: the home as one party."""

    def __init__(self, tie: Tie, product: Product) -> None:
        self.tie = tie
        self._terms = _terms(product)

    @property
    def party(self) -> Party:
        """The home."""
        return Party(id=self.tie.contract.area)

    def tenders(self, gate: Gate) -> tuple[Tender, ...]:
        """The home's demand as steps."""
        contract = self.tie.contract
        offers = tendered(self.tie.demand, contract, contract.bounds, self._terms)
        return as_tenders(gate, (Step(one.side, one.price, one.quantity) for one in offers))


class CommunityMarket:
    """The markets of all homes and the one above them, told one step after the other."""

    def __init__(self, scenario: Scenario, floor: Floor) -> None:
        self._scenario = scenario
        self._product = product = floor.product
        self._past_w: list[float] = []
        self._ties = [Tie(home.id, product) for home in scenario.homes]
        self._homes = [
            HomeMarket(scenario, home, floor, tie)
            for home, tie in zip(scenario.homes, self._ties, strict=True)
        ]
        self._parties: list[Agent] = [utility(), *(Aggregate(tie, product) for tie in self._ties)]
        self._market = floor.open(COMMUNITY, self._parties)
        self._shares = _shares(scenario.homes)

    def run(self, step: int) -> tuple[Done, ...]:
        """Curves go up, awards come down, batteries move; the price is the community's."""
        drawn_w = [home.load_w[step] - home.solar_w[step] for home in self._scenario.homes]
        self._past_w.append(sum(drawn_w))
        told = outlook(self._scenario, step, self._past_w)
        gates = []
        for market, tie, own_w, share in zip(
            self._homes, self._ties, drawn_w, self._shares, strict=True
        ):
            gates.append(market.open(step, own_w, _share_of(told, share)))
            tie.demand = market.demand(gates[-1])
        price = self._clear(step)
        return tuple(
            replace(market.close(gate), price=price)
            for market, gate in zip(self._homes, gates, strict=True)
        )

    def _clear(self, step: int) -> float | None:
        interval, tariff = self._scenario.interval(step), self._scenario.tariff
        snapshot = Snapshot(
            at=interval.start,
            import_price=tariff.import_price[step],
            export_price=tariff.export_price[step],
        )
        gate = Gate(now=interval.start, product=self._product, interval=interval, snapshot=snapshot)
        for agent in self._parties:
            submit(self._market, agent, gate)
        self._market.advance(gate.now)
        for tie in self._ties:
            tie.award = self._market.positions.at(tie.contract.area, interval.start)
        return last_price(self._market)


def _shares(homes: tuple[SimulatedHome, ...]) -> list[float]:
    """Of what all draw together, by usable capacity."""
    capacities = [0.0 if home.battery is None else home.battery.store.capacity_wh for home in homes]
    every = sum(capacities) or 1.0
    return [capacity / every for capacity in capacities]


def _share_of(told: Outlook | None, share: float) -> Outlook | None:
    """What a battery plans on, that others plan on the rest of."""
    if told is None or not share:
        return None
    scenarios = tuple(
        replace(one, residual_w=tuple(power_w * share for power_w in one.residual_w))
        for one in told.scenarios
    )
    return replace(told, scenarios=scenarios)


def _contract(home: str, product: Product) -> Contract:
    """A wire without fee, loss or limit."""
    return Contract(
        tie=TIE,
        area=home,
        parent=COMMUNITY,
        product=product.id,
        parent_product=product.id,
        bounds=Bounds(imports=MAX_QUANTITY, exports=MAX_QUANTITY),
        standing_import=product.price_cap,
        standing_export=product.price_floor,
    )


def _terms(product: Product) -> ParentTerms:
    return ParentTerms(
        interval=product.interval,
        price_scale=product.price_scale,
        quantity_scale=product.quantity_scale,
        unit=product.unit,
        currency=product.currency,
        tick=product.tick,
        lot=product.lot,
        price_floor=product.price_floor,
        price_cap=product.price_cap,
        lead=Duration(0),
    )
