"""What plan and guard are told of one moment."""

import math

import pytest

from gateway.dispatch.guard import Held
from gateway.model.device import Capabilities, Control, DeviceState, Limits, Role
from gateway.model.reading import Quality
from gateway.model.site import GridLimits
from gateway.model.snapshot import DeviceView
from gateway.model.tender import Side
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.balance import Moment

ROOF = Capabilities(control=Control.LIMIT, rating_w=8000.0)
BATTERY = Capabilities(control=Control.TARGET, charge_w=5000.0)
PUMP = Capabilities(control=Control.TARGET, stages_w=(1500.0, 3000.0))
KINDS = {
    "roof": (Role.SOLAR, ROOF),
    "battery": (Role.STORAGE, BATTERY),
    "pump": (Role.HEAT, PUMP),
}


@pytest.fixture
def moment(clock, fakes, exchange, tenderer, virtual):
    """``moment({device: power}, residual_w=…, **more)`` after one clearing."""

    def made(powers, *, residual_w=1000.0, states=None, agents=(), held=None, **limits):
        async def clear():
            floor = exchange(fakes.site(), *agents)
            floor.marketplace.auction("power", "a test")
            return floor, Instant(clock.now() + SECOND)

        floor, now = virtual(clear())
        views = {
            d: DeviceView(
                id=d,
                state=(states or {}).get(d, DeviceState.ONLINE),
                capabilities=KINDS[d][1],
                since=now,
                reading=fakes.reading(d, now, power_w),
                quality=Quality.MISSING if power_w is None else Quality.GOOD,
            )
            for d, power_w in powers.items()
        }
        owner = {"roof": Limits(max_w=7000.0)}
        return Moment(
            now=now,
            market=floor.market,
            instrument=floor.traded[-1].instrument,
            clearing=floor.traded[-1].clearing,
            devices={
                d: fakes.device(d, KINDS[d][0], limits=owner.get(d, Limits())) for d in powers
            },
            views=views,
            residual_w=residual_w,
            held=held or {},
            limits=GridLimits(**limits),
            settle=Duration(2 * SECOND),
        )

    return made


def test_without_a_load_there_is_no_balance_and_no_room_to_bound_by(moment):
    blind = moment({"battery": 0.0}, residual_w=None, export_w=0.0)
    assert blind.balance() is None
    room = blind.room("battery", {})
    assert (room.low, room.high) == (-math.inf, math.inf)


def test_sources_and_storages_are_told_by_what_they_can(moment):
    balance = moment({"roof": -3000.0, "battery": 0.0}).balance()
    assert [(s.id, s.output_w, s.nameplate_w) for s in balance.sources] == [("roof", 3000, 7000)]
    assert balance.storages == ("battery",)


def test_a_device_without_a_good_reading_is_in_no_plan(moment):
    balance = moment({"roof": None, "battery": None}).balance()
    assert (balance.sources, balance.storages) == ((), ())


def test_an_inverter_that_sleeps_and_tells_nothing_still_gets_a_limit(moment):
    balance = moment({"roof": None}, states={"roof": DeviceState.SLEEPING}).balance()
    assert [(s.output_w, s.nameplate_w) for s in balance.sources] == [(0.0, 7000.0)]


def test_a_source_that_offered_nothing_is_a_step_all_the_same(moment):
    steps = moment({"roof": 0.0}).balance().steps
    assert [(s.price, s.buy) for s in steps if s.party == "roof"] == [(0, False)]


def test_tenders_of_those_who_cannot_follow_are_no_steps(moment, tenderer):
    agents = [
        tenderer("battery", Side.BUY, 1500, 5000),
        tenderer("must-run", Side.BUY, 20_000, 900),
    ]
    steps = moment({"battery": 0.0}, agents=agents).balance().steps
    assert {s.party for s in steps} == {"battery", "utility"}


def test_a_stepped_load_holds_its_position_and_counts_as_measured_once_it_settled(moment, tenderer):
    agents = [tenderer("pump", Side.BUY, 20_000, 1500)]
    free = moment({"pump": 1480.0}, agents=agents)
    assert free.stepped() == {"pump": 1500.0}
    assert free.balance().fixed_w == 1480.0
    turned = Held(quantity=1500.0, at=free.now, turned_at=free.now)
    moving = moment({"pump": 0.0}, agents=agents, held={"pump": turned})
    assert moving.balance().fixed_w == 1500.0


def test_room_is_what_everybody_else_leaves_of_the_limits(moment):
    tight = moment({"roof": -3000.0, "battery": 500.0, "pump": 0.0}, import_w=5000.0, export_w=0.0)
    room = tight.room("pump", {"battery": 2000.0})  # the storage as planned, the roof as measured
    assert (room.low, room.high) == (0.0, 5000.0)
    assert not room.broken


def test_a_device_that_draws_more_than_its_room_breaks_the_limit(moment):
    tight = moment({"pump": 3000.0}, residual_w=3000.0, import_w=5000.0)
    assert tight.room("pump", {}).broken
