"""Two gateways on one virtual clock: a child area, and the market above, met without a broker."""

import asyncio
import contextlib
import json

from gateway.adapters.plugins import driver_packages
from gateway.app import World, open_gateway
from gateway.config import load
from gateway.model.errors import BrokerUnavailable
from gateway.model.event import Clearing, Refused, SessionChanged
from gateway.model.intertie import ParentTerms
from gateway.model.request import SubmitTenders
from gateway.model.transaction import Transaction
from gateway.ports.parent import Award, Cleared, Session
from gateway.testing import VirtualClock
from tests.simulation.harness import Home


class NextDoor:
    """The parent port onto a gateway in the same process.

    Attributes:
        cut: the parent's messages are lost.
        acknowledged: (award, why it was refused) of each.
    """

    def __init__(self, gateway, party):
        self.gateway, self.party = gateway, party
        self.cut = False
        self.acknowledged = []
        self.stated = []
        self.session = None
        self.on_award = self.on_cleared = lambda _: None
        self._number = 0
        product = gateway.marketplace.products[0]
        self._own = ParentTerms(
            interval=product.interval,
            price_scale=product.price_scale,
            quantity_scale=product.quantity_scale,
            unit=product.unit,
            currency=product.currency,
            tick=product.tick,
            lot=product.lot,
            price_floor=product.price_floor,
            price_cap=product.price_cap,
            lead=product.gate_lead,
        )
        gateway.bus.listen(self._hear)

    @property
    def away(self):
        return "the cable is cut" if self.cut else ""

    @property
    def terms(self):
        return None if self.cut else self._own

    async def run(self):
        await asyncio.get_running_loop().create_future()

    async def state(self, tenders):
        if self.cut:
            raise BrokerUnavailable(self.away)
        if not tenders.tenders:
            return ""
        self._number += 1
        self.stated.append(tenders)
        request = SubmitTenders(
            party=self.party, request_id=f"r{self._number}-{tenders.revision}", tenders=tenders
        )
        reply = await self.gateway.handle(request)
        refused = [one for one in reply.outcomes if isinstance(one, Refused)]
        return refused[0].description if refused else ""

    def acknowledge(self, award, refused):
        self.acknowledged.append((award, refused))

    def _hear(self, fact):
        if self.cut:
            return
        match fact:
            case SessionChanged():
                self.session = Session(interval=fact.interval, gate=fact.gate)
            case Clearing():
                self.on_cleared(Cleared(instrument=fact.instrument, price=fact.price))
            case Transaction(party=party) if party == self.party:
                award = Award(
                    id=fact.id,
                    tender=fact.tender,
                    interval=fact.interval,
                    quantity=fact.signed,
                    price=fact.price,
                )
                self.on_award(award)


def intertie(**contract):
    """The section ``interties`` of a child of ``street``."""
    standing = contract.pop("standing_terms", {"import_price": 0.6, "export_price": 0.01})
    wide = {"max_import_w": 10_000, "max_export_w": 10_000, **contract}
    return {
        "street": {
            "broker": {"url": "mqtt://127.0.0.1:1"},
            "contract": wide,
            "standing_terms": standing,
        }
    }


@contextlib.asynccontextmanager
async def open_area(folder, clock, area, *, world=None, **changes):
    """A market without devices."""
    folder.mkdir(parents=True, exist_ok=True)
    site = {
        "area": area,
        "control": "act",
        "state_dir": str(folder / "state"),
        "products": {"power": {"interval": "10s"}},
        **changes,
    }
    path = folder / f"{area}.yaml"
    path.write_text(json.dumps(site))
    packages = driver_packages()
    loaded = load(path, packages, ("mem",), environ={})
    assert not loaded.problems, [str(one) for one in loaded.problems]
    world = world or World(clock=clock, packages=packages, lines={}, threaded=False)
    async with open_gateway(loaded.site, world) as gateway:
        home = Home(clock=clock, house=None, gateway=gateway)
        gateway.bus.listen(home.facts.append)
        yield home


__all__ = ["NextDoor", "VirtualClock", "intertie", "open_area"]
