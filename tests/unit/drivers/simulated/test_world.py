"""The house as a whole: electric truth, meters, clouds, determinism."""

import pytest

from gateway.physics.solar import SLOT_S

FLOWS = ("roof_w", "battery_w", "house_w", "heatpump_w")


def test_flows_sum_to_the_grid(hands):
    house = hands(solar_w=None, load_w=None, temperature_c=19)
    house.write("battery", m124_ChaGriSet=1, m124_OutWRte=-3000, m124_StorCtl_Mod=2)
    for _ in range(600):
        truth = house.wait(0.7).world.truth()
        assert truth["grid_w"] == pytest.approx(sum(truth[name] for name in FLOWS))


def test_grid_meter_is_positive_on_import(hands):
    assert hands(solar_w=0).wait(3).get("grid", "203.W") == 500
    assert hands().wait(3).get("grid", "203.W") == -5500


def test_meter_value_is_up_to_a_second_old_and_renewed_once_a_second(hands):
    house = hands(solar_w=0).wait(2)
    house.world.force_load(2500)
    seen = [house.wait(0.1).get("grid", "203.W") for _ in range(30)]
    assert seen.index(2500) <= 10
    assert set(seen[:10]) <= {500, 2500}
    assert set(seen[10:]) == {2500}


def test_meters_have_phases_of_their_own(hands):
    ages = set()
    for seed in range(20):
        house = hands(solar_w=0, seed=seed).wait(2)
        house.world.force_load(900)
        ages.add([house.wait(0.1).get("grid", "203.W") for _ in range(11)].index(900))
    assert len(ages) > 4


def test_meter_noise_stays_within_ten_watts(hands):
    house = hands(solar_w=0, meter_noise_w=10)
    errors = [house.wait(1).get("grid", "203.W") - 500 for _ in range(200)]
    assert max(errors) <= 10
    assert min(errors) >= -10
    assert max(errors) - min(errors) > 10


def test_phases_sum_to_the_total(hands):
    house = hands(cooker=True).wait(5)
    phases = sum(house.get("grid", f"203.Wph{phase}") for phase in "ABC")
    assert phases == pytest.approx(house.get("grid", "203.W"), abs=2)


def test_cooker_sits_on_phase_a(hands):
    house = hands(solar_w=0, load_w=0, cooker=True).wait(3)
    assert [house.get("house", f"203.Wph{phase}") for phase in "ABC"] == [2000, 0, 0]


def test_import_and_export_are_counted_apart(hands):
    house = hands(solar_w=0)
    points = ("203.TotWhImp", "203.TotWhExp")
    before = [house.get("grid", point) for point in points]
    house.wait(3600)
    house.world.force_sun(6000)
    house.wait(3600)
    counted = [house.get("grid", point) - was for point, was in zip(points, before, strict=True)]
    assert counted == [pytest.approx(500, abs=2), pytest.approx(5500, abs=10)]


def test_cloud_window_cuts_the_sun_with_sharp_edges(hands):
    house = hands(cloud=[(10, 20, 0.25)])
    assert house.wait(9.9).truth("available_w") == 6000
    assert house.wait(0.1).truth("available_w") == 1500
    assert house.wait(9.9).truth("available_w") == 1500
    assert house.wait(0.1).truth("available_w") == 6000


def test_passing_clouds_leave_20_to_50_percent(hands):
    house = hands(cloud="passing")
    shares = {round(house.wait(1).truth("available_w") / 6000, 3) for _ in range(int(6 * SLOT_S))}
    assert 1.0 in shares
    assert len(shares) > 2
    assert all(0.2 <= share <= 0.5 for share in shares - {1.0})


def test_same_seed_gives_the_same_trace(hands):
    def trace(seed):
        house = hands(seed=seed, solar_w=None, load_w=None, meter_noise_w=10)
        return [tuple(house.wait(7).world.truth().values()) for _ in range(100)]

    assert trace(3) == trace(3)
    assert trace(3) != trace(4)


def test_trace_does_not_depend_on_when_it_is_asked(hands):
    often, seldom = hands(solar_w=None, load_w=None), hands(solar_w=None, load_w=None)
    for _ in range(1000):
        often.wait(0.37)
    seldom.wait(370)
    assert often.world.truth() == seldom.world.truth()


def test_night_puts_the_roof_to_sleep(hands):
    house = hands(solar_w=None, load_w=None, cloud="none").wait(9 * 3600)
    assert (house.truth("roof_w"), house.get("roof", "103.Hz")) == (0, 0)


def test_what_happens_comes_at_its_time_and_stays(hands):
    house = hands(
        car_wh=0,
        happens=[
            {"after_s": 20, "car_wh": 1000},
            {"after_s": 10, "cooker": True, "load_w": 700},
            {"after_s": 30, "solar_w": 0},
        ],
    )
    assert house.wait(9).truth("house_w") == 500
    assert house.wait(2).truth("house_w") == 2700
    assert house.truth("car_w") == 0
    assert house.wait(15).truth("car_w") == pytest.approx(11_040)
    assert house.truth("available_w") == 6000
    house.wait(600)
    assert (house.truth("available_w"), house.truth("house_w"), house.truth("car_w")) == (
        0,
        2700,
        0,
    )
    assert house.world.car.state.taken_wh == pytest.approx(1000, abs=10)
