"""The agent keeps its promises, and wants less as power gets dearer."""

from gridtender_ramp import agent

from gateway.model.device import Capabilities, Control, Device, DeviceState, Limits, Role
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.time import SECOND, Duration, Instant, Interval
from gateway.ports.agent import Gate
from gateway.testing import check_agent

ROD = Device(
    id="rod",
    role=Role.HEAT,
    driver="modbus",
    connection="tcp://rod",
    line="tcp://rod",
    limits=Limits(max_w=3000.0),
    price_cap=0.20,
)


def gate():
    product = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
    view = DeviceView(
        id="rod",
        state=DeviceState.ONLINE,
        capabilities=Capabilities(control=Control.TARGET),
        since=Instant(0),
        reading=Reading(device="rod", at=Instant(0), flows={POWER: 0.0}),
        quality=Quality.GOOD,
    )
    return Gate(
        now=Instant(0),
        product=product,
        interval=Interval(Instant(10 * SECOND), Instant(20 * SECOND)),
        snapshot=Snapshot(at=Instant(0), devices={"rod": view}, export_price=0.08),
    )


def test_it_keeps_what_every_agent_promises():
    check_agent(agent, role="heat")


def test_it_wants_all_at_the_export_price_and_a_tenth_at_its_cap():
    tenders = agent(ROD).tenders(gate())
    wanted = {price: sum(t.quantity for t in tenders if t.price >= price) for price in (800, 2000)}

    assert wanted == {800: 3000, 2000: 300}
