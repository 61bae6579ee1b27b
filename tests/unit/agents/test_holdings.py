from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import SteppedLoad
from gateway.agents.holdings import kept_dearer
from gateway.agents.steps import Step
from gateway.model.device import Capabilities, Control, Device, DeviceState, Role
from gateway.model.product import Product
from gateway.model.resource import POWER
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import Side
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.model.wish import Errand, Wish, WishMode
from gateway.ports.agent import Gate

STAGES = {"stages_w": (1000.0, 2000.0)}
ANY = {"rating_w": 3000.0}


@pytest.fixture
def wanted(make_gate, make_view, make_device):
    """What a heater that holds ``held`` W tenders: it pays 0.25 and gives up at 0.60."""

    def of(held, told=ANY, price_cap=0.25, gives_up_at=0.60, **view):
        prices = {"price_cap": price_cap, "gives_up_at": gives_up_at}
        gate = make_gate(make_view("rod", 0.0, told=told, **view))
        device = make_device("rod", "heat", **prices)
        return SteppedLoad(device=device).tenders(replace(gate, positions={"rod": held}))

    return of


def test_what_it_holds_is_kept_until_somebody_pays_its_worth(wanted, steps):
    assert steps(wanted(2000)) == [("BUY", 6000, 2000), ("BUY", 2500, 1000)]


def test_a_stage_is_kept_when_the_whole_of_it_is_held(wanted, steps):
    assert steps(wanted(1500, STAGES)) == [("BUY", 6000, 1000), ("BUY", 2499, 1000)]


@pytest.mark.parametrize("held", [0, -500])
def test_without_a_holding_it_pays_its_cap(wanted, steps, held):
    assert steps(wanted(held)) == [("BUY", 2500, 3000)]


def test_without_a_worth_a_holding_changes_nothing(wanted, steps):
    assert steps(wanted(2000, gives_up_at=None)) == [("BUY", 2500, 3000)]


def test_without_a_cap_its_worth_is_its_cap(wanted, steps):
    assert steps(wanted(0, price_cap=None)) == [("BUY", 6000, 3000)]


@pytest.mark.parametrize(("mode", "price"), [(WishMode.CHEAPEST, 2500), (WishMode.NOW, 6000)])
def test_a_wish_that_can_wait_goes_by_its_plan(wanted, noon, mode, price):
    wish = Wish(energy_wh=2000.0, mode=mode)
    errand = Errand(wish=wish, made=noon, by=Instant(noon + 9 * HOUR), left_wh=2000.0)
    assert wanted(2000, errand=errand)[0].price == price


def test_a_wish_that_is_done_keeps_nothing(wanted, noon):
    errand = Errand(wish=Wish(energy_wh=2000.0), made=noon, left_wh=0.0)
    assert wanted(2000, errand=errand) == ()


def test_what_it_bought_for_the_hours_to_come_outlives_a_command_without_effect(
    make_gate, make_view, make_device, noon, steps
):
    view = make_view("rod", 0.0, told=ANY, no_effect_at=Instant(noon - SECOND))
    later = Interval(Instant(noon + HOUR), Instant(noon + 2 * HOUR))
    device = make_device("rod", "heat", price_cap=0.25, gives_up_at=0.60)
    gate = replace(make_gate(view, interval=later), positions={"rod": 2000})
    assert steps(SteppedLoad(device=device).tenders(gate))[0] == ("BUY", 6000, 2000)
    assert SteppedLoad(device=device).tenders(make_gate(view)) == ()


@given(
    held=st.integers(-5000, 9000),
    parts=st.lists(st.tuples(st.integers(1, 4000), st.booleans()), max_size=5),
    worth=st.integers(26, 190),
)
def test_the_requirement_is_the_same_and_no_more_than_is_held_is_dearer(held, parts, worth):
    now = Instant(0)
    power = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
    interval = Interval(now, Instant(10 * SECOND))
    view = DeviceView(
        id="rod",
        state=DeviceState.ONLINE,
        capabilities=Capabilities(control=Control.TARGET),
        since=now,
    )
    gate = Gate(
        now=now,
        product=power,
        interval=interval,
        snapshot=Snapshot(at=now, devices={"rod": view}),
        positions={"rod": held},
    )
    device = Device(
        id="rod", role=Role.HEAT, driver="d", connection="c", line="c", gives_up_at=worth / 100
    )
    steps = [Step(Side.BUY, 2500 - k, w, whole) for k, (w, whole) in enumerate(parts)]
    found = kept_dearer(gate, device, view, 9000.0, steps)
    assert sum(one.quantity for one in found) == sum(one.quantity for one in steps)
    assert sum(one.quantity for one in found if one.price > 2500) <= max(held, 0)
    assert [one.price for one in found] == sorted((one.price for one in found), reverse=True)
