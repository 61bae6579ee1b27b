import pytest

from gateway.agents import (
    ElectricVehicle,
    ShiftableLoad,
    SteppedLoad,
    Storage,
    agents_for,
    looks_ahead,
    tenders_for_itself,
)
from gateway.model.comfort import Comfort
from gateway.model.device import Capabilities, Control, Strategy
from gateway.model.programme import programme_of
from gateway.model.site import (
    BrokerSettings,
    ControlMode,
    DeviceSettings,
    DispatchSettings,
    FixedPrice,
    GridLimits,
    JournalSettings,
    LogSettings,
    PriceTable,
    Site,
    Tariff,
    TopicPrice,
)
from gateway.model.time import Instant


@pytest.fixture
def site(product):
    def of(*devices, tariff=None):
        return Site(
            area="home",
            timezone="UTC",
            currency="EUR",
            control=ControlMode.OBSERVE,
            state_dir="",
            broker=BrokerSettings(),
            devices=tuple(DeviceSettings(device=device, settings=None) for device in devices),
            products=(product,),
            limits=GridLimits(),
            tariff=tariff or Tariff(),
            dispatch=DispatchSettings(),
            journal=JournalSettings(),
            parties=(),
            log=LogSettings(),
        )

    return of


def test_whole_house_has_its_agents_in_file_order(site, make_device):
    devices = [
        make_device("roof", "solar"),
        make_device("battery", "storage"),
        make_device("meter", "grid"),
        make_device("cellar", "meter"),
        make_device("pump", "heat"),
    ]
    parties = [agent.party.id for agent in agents_for(site(*devices))]
    assert parties == ["utility", "must-run", "roof", "battery", "pump"]


def test_without_a_grid_meter_there_is_no_must_run_agent(site, make_device):
    parties = [agent.party.id for agent in agents_for(site(make_device("roof", "solar")))]
    assert parties == ["utility", "roof"]


def test_device_that_shall_not_tender_has_no_agent(site, make_device):
    silent = make_device("roof", "solar", tender=False)
    assert [agent.party.id for agent in agents_for(site(silent))] == ["utility"]
    assert not tenders_for_itself(silent, Capabilities())


def test_every_load_may_turn_out_to_have_stages(site, make_device):
    _, rods, car = agents_for(site(make_device("rods", "load"), make_device("car", "ev")))
    assert isinstance(rods, SteppedLoad)
    assert isinstance(car, ElectricVehicle)


def test_only_a_load_with_stages_leaves_the_residual(make_device):
    rods = make_device("rods", "load")
    assert tenders_for_itself(rods, Capabilities(control=Control.TARGET, stages_w=(500.0,)))
    assert not tenders_for_itself(rods, Capabilities(control=Control.TARGET))


def test_a_car_that_takes_any_current_leaves_the_residual(make_device):
    car = make_device("car", "ev")
    assert tenders_for_itself(car, Capabilities(control=Control.TARGET))
    assert not tenders_for_itself(car, Capabilities())


def test_device_that_takes_no_setpoints_stays_in_the_residual(make_device):
    assert not tenders_for_itself(make_device("roof", "solar"), Capabilities())
    assert not tenders_for_itself(make_device("rods", "load"), Capabilities(stages_w=(500.0,)))


def test_sources_and_storages_leave_the_residual_meters_do_not(make_device):
    by_role = {
        role: tenders_for_itself(make_device("it", role), Capabilities(control=Control.TARGET))
        for role in ("solar", "storage", "grid", "meter", "load")
    }
    assert by_role == {
        "solar": True,
        "storage": True,
        "grid": False,
        "meter": False,
        "load": False,
    }


@pytest.mark.parametrize(
    ("source", "dearest"),
    [
        (FixedPrice(value=0.3), 0.3),
        (PriceTable(steps=((Instant(0), 0.2), (Instant(1), 0.5), (Instant(2), 0.1))), 0.5),
        (TopicPrice(topic="price"), None),
    ],
)
def test_storage_knows_the_dearest_price_its_tariff_can_reach(site, make_device, source, dearest):
    house = site(make_device("battery", "storage"), tariff=Tariff(import_price=source))
    storage = agents_for(house)[-1]
    assert isinstance(storage, Storage)
    assert storage.dearest_import == dearest


def test_a_load_with_a_programme_is_begun_once(site, make_device):
    programme = programme_of("2000 W for 20min")
    _, dishes = agents_for(site(make_device("dishes", "load", programme=programme)))
    assert isinstance(dishes, ShiftableLoad)


@pytest.mark.parametrize(
    ("role", "more", "looks"),
    [
        ("storage", {}, True),
        ("storage", {"strategy": Strategy.SELF_CONSUMPTION}, False),
        ("storage", {"strategy": Strategy.SELF_CONSUMPTION, "agent": "acme"}, True),
        ("storage", {"tender": False}, False),
        ("ev", {}, True),
        ("heat", {}, False),
        ("heat", {"comfort": Comfort(wish_c=20, low_c=19, high_c=22)}, True),
        ("solar", {}, False),
    ],
)
def test_an_outlook_is_kept_only_where_an_agent_may_use_it(site, make_device, role, more, looks):
    assert looks_ahead(site(make_device("one", role, **more))) is looks


def test_every_storage_knows_the_others_that_are_tendered_for(site, make_device):
    names = [make_device(name, "storage", tender=name != "c") for name in "abc"]
    stores = {one.device.id: one for one in agents_for(site(*names)) if isinstance(one, Storage)}
    assert {name: [o.id for o in one.beside] for name, one in stores.items()} == {
        "a": ["b"],
        "b": ["a"],
    }
