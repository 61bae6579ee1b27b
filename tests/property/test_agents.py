"""What holds for every agent, whatever the house does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import MustRun, Solar, SteppedLoad, Storage, Utility
from gateway.model.device import Capabilities, Control, Device, DeviceState, Limits, Role
from gateway.model.product import Product
from gateway.model.reading import Quality, Reading
from gateway.model.resource import POWER
from gateway.model.site import GridLimits
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import Side
from gateway.model.time import HOUR, SECOND, Duration, Instant, Interval
from gateway.ports.agent import Gate

START = Instant(1_800_000_000 * SECOND)

watts = st.floats(-20_000.0, 20_000.0)
bounds_w = st.none() | st.floats(0.0, 20_000.0)
prices = st.none() | st.floats(-3.0, 3.0)
percent = st.floats(0.0, 100.0)

products = st.builds(
    Product,
    id=st.just("power"),
    resource=st.just(POWER),
    unit=st.just("W"),
    interval=st.sampled_from([SECOND, 10 * SECOND, 900 * SECOND, HOUR]).map(Duration),
    tick=st.sampled_from([1, 10, 100]),
    lot=st.sampled_from([1, 10, 100]),
)
owner_limits = st.builds(
    Limits,
    max_w=bounds_w,
    charge_w=bounds_w,
    discharge_w=bounds_w,
    min_soc_pct=st.floats(0.0, 50.0),
    max_soc_pct=st.floats(50.0, 100.0),
    min_run=st.integers(0, 600).map(lambda s: Duration(s * SECOND)),
    min_rest=st.integers(0, 600).map(lambda s: Duration(s * SECOND)),
)
capabilities = st.builds(
    Capabilities,
    control=st.sampled_from(Control),
    rating_w=bounds_w,
    charge_w=bounds_w,
    discharge_w=bounds_w,
    capacity_wh=st.none() | st.floats(100.0, 50_000.0),
    round_trip=st.none() | st.floats(0.5, 1.0),
    stages_w=st.lists(st.floats(1.0, 9000.0), max_size=4, unique=True).map(sorted).map(tuple),
)
devices = st.builds(
    Device,
    id=st.just("it"),
    role=st.just(Role.LOAD),
    driver=st.just("sunspec"),
    connection=st.just("mem://it"),
    line=st.just("mem://it"),
    limits=owner_limits,
    price_cap=st.none() | st.floats(-1.0, 3.0),
    gives_up_at=st.none() | st.floats(-1.0, 3.0),
    marginal_cost=st.floats(-2.0, 3.0),
    wear=st.floats(0.0, 0.5),
)
since = st.none() | st.integers(0, 900).map(lambda s: Instant(START - s * SECOND))


@st.composite
def gates(draw):
    product = draw(products)
    reading = Reading(
        device="it",
        at=START,
        flows=draw(st.just({}) | st.fixed_dictionaries({POWER: watts})),
        soc_pct=draw(st.none() | percent),
        available_w=draw(bounds_w),
    )
    view = DeviceView(
        id="it",
        state=draw(st.sampled_from([DeviceState.ONLINE] * 4 + list(DeviceState))),
        capabilities=draw(capabilities),
        since=Instant(0),
        reading=reading,
        quality=draw(st.sampled_from([Quality.GOOD] * 4 + list(Quality))),
        limit_w=draw(bounds_w),
        running_since=draw(since),
        stopped_since=draw(since),
    )
    return Gate(
        now=START,
        product=product,
        interval=Interval(START, Instant(START + product.interval)),
        snapshot=Snapshot(
            at=START,
            devices={"it": view},
            import_price=draw(prices),
            export_price=draw(prices),
            residual_w=draw(st.none() | watts),
        ),
        positions=draw(st.just({}) | st.fixed_dictionaries({"it": st.integers(-9000, 9000)})),
        unmetered=draw(st.integers(-5000, 5000)) * product.lot,
    )


grids = st.builds(Utility, limits=st.builds(GridLimits, import_w=bounds_w, export_w=bounds_w))
storages = st.builds(Storage, device=devices, dearest_import=prices)
agents = st.one_of(
    grids,
    st.just(MustRun()),
    st.builds(Solar, device=devices),
    storages,
    st.builds(SteppedLoad, device=devices),
)


@given(agents, gates())
def test_every_step_is_whole_ticks_and_lots_inside_floor_and_cap(agent, gate):
    product = gate.product
    for tender in agent.tenders(gate):
        assert product.price_floor <= tender.price <= product.price_cap
        assert tender.price % product.tick == 0
        assert tender.quantity > 0
        assert tender.quantity % product.lot == 0


@given(agents, gates())
def test_no_set_crosses_itself(agent, gate):
    tenders = agent.tenders(gate)
    buys = [tender.price for tender in tenders if tender.side is Side.BUY]
    sells = [tender.price for tender in tenders if tender.side is Side.SELL]
    assert not buys or not sells or max(buys) < min(sells)


@given(agents, gates())
def test_ids_of_a_set_are_unique_and_the_same_gate_gives_the_same_set(agent, gate):
    tenders = agent.tenders(gate)
    assert len({tender.id for tender in tenders}) == len(tenders)
    assert agent.tenders(replace(gate)) == tenders


@given(storages, gates())
def test_storage_never_tenders_energy_or_room_it_does_not_have(agent, gate):
    view = gate.snapshot.devices["it"]
    told, own = view.capabilities, agent.device.limits
    if told.capacity_wh is None or view.soc_pct is None:
        return
    hours = gate.interval.duration / HOUR
    eta = (told.round_trip or 0.9) ** 0.5
    above_wh = max(0.0, view.soc_pct - own.min_soc_pct) / 100 * told.capacity_wh
    below_wh = max(0.0, own.max_soc_pct - view.soc_pct) / 100 * told.capacity_wh
    for tender in agent.tenders(gate):
        bound_wh = above_wh * eta if tender.side is Side.SELL else below_wh / eta
        assert tender.quantity * hours <= bound_wh + 1e-6


@given(storages, gates())
def test_steered_storage_never_discharges_into_the_grid(agent, gate):
    grid = Utility(limits=GridLimits()).tenders(gate)
    pays = [tender.price for tender in grid if tender.side is Side.BUY]
    for tender in agent.tenders(gate):
        if tender.side is Side.SELL:
            assert all(price < tender.price for price in pays)


@given(st.builds(SteppedLoad, device=devices), gates())
def test_switched_load_yields_to_load_that_must_run(agent, gate):
    for tender in agent.tenders(gate):
        assert tender.all_or_none or not gate.snapshot.devices["it"].capabilities.stages_w
        assert tender.price < gate.product.price_cap


@given(st.builds(Solar, device=devices), gates())
def test_solar_only_sells(agent, gate):
    assert all(tender.side is Side.SELL for tender in agent.tenders(gate))


@pytest.mark.parametrize("limit_w", [0.0, 700.0, 4000.0])
@given(output_share=st.floats(0.96, 1.0))
def test_source_held_by_its_limit_always_offers_more_than_it(limit_w, output_share):
    device = Device(
        id="it", role=Role.SOLAR, driver="sunspec", connection="mem://it", line="mem://it"
    )
    reading = Reading(device="it", at=START, flows={POWER: -limit_w * output_share})
    view = DeviceView(
        id="it",
        state=DeviceState.ONLINE,
        capabilities=Capabilities(control=Control.LIMIT, rating_w=8000.0),
        since=Instant(0),
        reading=reading,
        quality=Quality.GOOD,
        limit_w=limit_w,
    )
    product = Product(id="power", resource=POWER, unit="W", interval=Duration(10 * SECOND))
    gate = Gate(
        now=START,
        product=product,
        interval=Interval(START, Instant(START + product.interval)),
        snapshot=Snapshot(at=START, devices={"it": view}),
    )
    (tender,) = Solar(device=device).tenders(gate)
    assert tender.quantity == 8000
