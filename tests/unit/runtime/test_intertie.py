"""A wire whose flow leaves what was agreed, and one that has no voltage."""

import pytest

from gateway.model.demand import Demand
from gateway.model.event import FaultChanged
from gateway.model.intertie import Bounds, Contract, OnBreach, TieMode
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.snapshot import Snapshot
from gateway.model.tender import Side
from gateway.model.time import SECOND, Duration, Instant, seconds
from gateway.ports.agent import Gate
from gateway.runtime.breach import BreachWatch, has_no_voltage
from gateway.runtime.bus import LocalBus
from gateway.runtime.intertie import Intertie

PRODUCT = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
AGREED = Bounds(imports=3000, exports=1000)


class Silent:
    """A parent that never says anything."""

    away, terms, session = "nobody is there", None, None


class Hand:
    """A clock that a test sets."""

    def __init__(self):
        self.at = seconds(1_000_000)

    def now(self):
        return Instant(self.at)

    def monotonic(self):
        return Duration(self.at)


def a_wire(on_breach=OnBreach.STANDING):
    contract = Contract(
        tie="street",
        area="home",
        parent="street",
        product="power",
        parent_product="power",
        bounds=AGREED,
        notice=Duration(5 * SECOND),
        on_breach=on_breach,
        standing_import=4000,
        standing_export=300,
    )
    bus, clock, faults = LocalBus(), Hand(), []
    tie = Intertie(
        contract=contract,
        product=PRODUCT,
        parent=Silent(),
        demand=lambda _: Demand(above=0, steps=()),
        auction=lambda _: None,
        grid="meter",
        tolerance_w=200,
        bus=bus,
        clock=clock,
    )
    bus.listen(lambda fact: faults.append(fact) if isinstance(fact, FaultChanged) else None)

    def measure(power_w, after_s=1, **points):
        clock.at += seconds(after_s)
        read = Reading(
            device="meter",
            at=clock.now(),
            flows={POWER: power_w},
            quality=Quality.GOOD,
            points=points,
        )
        bus.publish(read)

    return tie, clock, measure, faults


def tendered(tie, clock):
    interval = PRODUCT.next_interval(clock.now())
    gate = Gate(
        now=clock.now(), product=PRODUCT, interval=interval, snapshot=Snapshot(at=clock.now())
    )
    return {(t.side, t.price, t.quantity) for t in tie.tenders(gate)}


STANDING = {(Side.SELL, 4000, 3000), (Side.BUY, 300, 1000)}


def test_a_parent_that_says_nothing_leaves_the_standing_terms():
    tie, clock, *_ = a_wire()
    assert tendered(tie, clock) == STANDING


@pytest.mark.parametrize(("after", "left"), [("halt", set()), ("standing", STANDING)])
def test_more_than_was_agreed_for_longer_than_the_notice_is_a_breach_until_it_is_kept_so_long(
    after, left
):
    tie, clock, measure, faults = a_wire(OnBreach(after))
    for _ in range(5):
        measure(3300)
    assert not tie.state.breach
    measure(3300)
    assert tie.state.breach == "import 3300 W where 3000 W were agreed"
    assert [(f.code, f.active) for f in faults] == [("INTERTIE_BREACH", True)]
    assert tendered(tie, clock) == left
    for _ in range(6):
        measure(2900)
    assert not tie.state.breach
    assert not faults[-1].active
    assert tendered(tie, clock) == STANDING


def test_noise_around_the_limit_and_a_short_peak_are_no_breach():
    tie, _, measure, faults = a_wire()
    for flow in [3100, 3150, 9000, 9000, 9000, 3100, 9000, 9000] * 3:
        measure(flow)
    assert not tie.state.breach
    assert not faults


def test_only_a_meter_without_voltage_ends_the_trade_and_voltage_brings_it_back():
    tie, clock, measure, faults = a_wire()
    measure(0, **{"203.PhV": 0.0, "203.Hz": 0.0})
    assert tendered(tie, clock) == set()
    assert tie.state.mode is TieMode.DEAD
    assert faults[-1].code == "INTERTIE_DEAD"
    measure(0, **{"203.PhV": 231.0})
    assert tendered(tie, clock) == STANDING
    assert not faults[-1].active


@pytest.mark.parametrize(
    ("points", "dead"),
    [
        ({}, None),
        ({"203.Hz": 0.0}, True),
        ({"203.Hz": 50.0}, False),
        ({"203.PhV": None, "203.PhVphA": 0.2}, True),
        ({"203.PhV": 230.0, "203.Hz": 0.0}, False),
    ],
)
def test_a_dead_connection_is_told_by_volts_and_else_by_hertz(points, dead):
    read = Reading(device="meter", at=Instant(0), points=points)
    assert has_no_voltage(read) is dead


def test_the_guard_gets_the_contract_where_it_is_narrower():
    tie, clock, *_ = a_wire()
    wide = tie.limits(GridLimits(import_w=9000), clock.now())
    assert (wide.import_w, wide.export_w) == (3000, 1000)
    assert tie.limits(GridLimits(import_w=500), clock.now()).import_w == 500


def test_export_beyond_the_award_counts_as_well():
    watch = BreachWatch(notice=Duration(SECOND), tolerance_w=50)
    assert not watch.look(-1200, AGREED, AGREED, Duration(0))
    assert watch.look(-1200, AGREED, AGREED, Duration(SECOND))
    assert watch.text == "export 1200 W where 1000 W were agreed"
