import pytest

from gateway.agents import Storage
from gateway.model.device import Control, DeviceState, Limits
from gateway.model.reading import Quality
from gateway.model.time import HOUR, Instant, Interval

TOLD = {"capacity_wh": 10_000.0, "charge_w": 5000.0, "discharge_w": 5000.0, "round_trip": 0.81}


@pytest.fixture
def offered(make_gate, make_view, make_device, steps):
    """What a 10 kWh, 5 kW battery tenders at a charge and a tariff."""

    def of(soc_pct, *, limits=None, wear=0.0, dearest=None, interval=None, power_w=0.0, **more):
        view_keys = {"quality", "state", "control", "told"}
        view = {key: more.pop(key) for key in view_keys & more.keys()}
        view.setdefault("told", TOLD)
        agent = Storage(
            device=make_device("battery", "storage", limits=limits, wear=wear),
            dearest_import=dearest,
        )
        seen = make_view("battery", power_w, soc_pct=soc_pct, **view)
        return steps(agent.tenders(make_gate(seen, interval=interval, **more)))

    return of


def test_half_full_it_quotes_both_sides_between_export_and_import(offered):
    # v from 0.9 x 3000 = 2700 (empty) to 800 / 0.9 = 888.9 (full): half way 1794.4
    assert offered(50.0) == [("BUY", 1615, 5000), ("SELL", 1994, 5000)]


def test_the_fuller_the_lower_its_value(offered):
    quotes = [offered(soc) for soc in (20.0, 40.0, 60.0, 80.0)]
    buys = [quote[0][1] for quote in quotes]
    sells = [quote[1][1] for quote in quotes]
    assert buys == sorted(buys, reverse=True)
    assert sells == sorted(sells, reverse=True)


def test_full_storage_only_sells_just_above_export(offered):
    assert offered(100.0) == [("SELL", 988, 5000)]


def test_at_the_reserve_it_only_buys(offered):
    limits = Limits(min_soc_pct=10.0)
    assert offered(10.0, limits=limits) == [("BUY", 2430, 5000)]
    assert offered(7.0, limits=limits) == [("BUY", 2430, 5000)]


def test_at_the_highest_charge_allowed_it_only_sells(offered):
    assert [side for side, _, _ in offered(90.0, limits=Limits(max_soc_pct=90.0))] == ["SELL"]


def test_energy_above_the_reserve_bounds_an_hour(offered, noon):
    hour = Interval(noon, Instant(noon + HOUR))
    tenders = offered(20.0, limits=Limits(min_soc_pct=10.0, max_soc_pct=30.0), interval=hour)
    # 1000 Wh each way: in at 1000 / 0.9, out at 1000 x 0.9
    assert [(side, quantity) for side, _, quantity in tenders] == [("BUY", 1111), ("SELL", 900)]


def test_owner_and_device_limits_bound_the_power(offered):
    limits = Limits(charge_w=3000.0, discharge_w=6000.0, max_w=4500.0)
    assert [quantity for _, _, quantity in offered(50.0, limits=limits)] == [3000, 4500]


def test_storage_of_unknown_power_offers_nothing(offered):
    assert offered(50.0, told={"capacity_wh": 10_000.0}) == []


def test_unknown_capacity_is_taken_as_one_hour_at_full_power(offered, noon):
    hour = Interval(noon, Instant(noon + HOUR))
    told = {"charge_w": 2000.0, "discharge_w": 2000.0, "round_trip": 0.81}
    tenders = offered(50.0, told=told, interval=hour)
    assert [quantity for _, _, quantity in tenders] == [1111, 900]


def test_wear_widens_the_distance_between_its_prices(offered):
    plain, worn = offered(50.0), offered(50.0, wear=0.03)
    assert worn[1][1] - worn[0][1] > plain[1][1] - plain[0][1]


def test_surplus_goes_first_to_a_grid_that_pays_more_than_storing_can_save(offered):
    # 0.81 x 0.30: what the grid cannot take for 0.25 is still worth storing
    buy, _ = offered(50.0, dearest=0.30, export_price=0.25)
    assert buy == ("BUY", 2430, 5000)


def test_surplus_is_stored_when_a_dearer_hour_may_come(offered):
    tenders = offered(50.0, dearest=0.40, export_price=0.25)
    assert [side for side, _, _ in tenders] == ["BUY", "SELL"]
    assert 2500 < tenders[0][1] < tenders[1][1] < 3000


def test_a_spread_of_one_tick_is_quoted_on_its_edges(offered):
    tenders = offered(50.0, import_price=0.1, export_price=0.1)
    assert [(side, price) for side, price, _ in tenders] == [("BUY", 999), ("SELL", 1000)]


def test_negative_export_price_is_no_reason_to_value_storage_below_zero(offered):
    buy, sell = offered(99.0, export_price=-0.10)
    assert 0 < buy[1] < sell[1]


def test_negative_import_price_charges_from_the_grid(offered):
    assert offered(50.0, import_price=-0.05, export_price=-0.06) == [("BUY", 0, 5000)]


def test_negative_import_price_that_does_not_cover_the_wear_is_left(offered):
    assert offered(50.0, wear=0.06, import_price=-0.05, export_price=-0.06) == []


def test_import_cheaper_than_the_wear_is_not_replaced(offered):
    sides = [side for side, _, _ in offered(50.0, wear=0.06, import_price=0.05, export_price=0.0)]
    assert "SELL" not in sides


def test_unknown_tariff_still_serves_the_house(offered):
    tenders = offered(50.0, import_price=None, export_price=None)
    assert [side for side, _, _ in tenders] == ["BUY", "SELL"]
    assert 0 < tenders[0][1] < tenders[1][1] < 20000


def test_storage_that_does_not_tell_its_charge_offers_nothing(offered):
    assert offered(None, power_w=1200.5) == []


def test_storage_that_cannot_be_steered_stays_in_the_residual(offered):
    assert offered(50.0, power_w=-700.0, control=Control.NONE) == []


def test_stale_or_offline_storage_offers_nothing(offered):
    assert offered(50.0, quality=Quality.STALE) == []
    assert offered(50.0, state=DeviceState.OFFLINE) == []
    assert offered(50.0, power_w=None) == []
