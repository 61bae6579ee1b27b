import pytest

from gateway.agents import Solar
from gateway.model.device import Control, DeviceState, Limits
from gateway.model.reading import Quality

RATED = {"rating_w": 8000.0}


@pytest.fixture
def offered(make_gate, make_view, make_device, steps):
    """What solar tenders for a view of the roof."""

    def of(power_w, *, limits=None, marginal_cost=0.0, **view):
        view.setdefault("control", Control.LIMIT)
        view.setdefault("told", RATED)
        device = make_device("roof", "solar", limits=limits, marginal_cost=marginal_cost)
        agent = Solar(device=device)
        return steps(agent.tenders(make_gate(make_view("roof", power_w, **view))))

    return of


def test_free_source_offers_its_output_at_marginal_cost(offered):
    assert offered(-3200.7, marginal_cost=0.02) == [("SELL", 200, 3200)]


def test_device_that_tells_its_available_power_is_believed(offered):
    assert offered(-1000.0, available_w=6200.0, limit_w=1000.0) == [("SELL", 0, 6200)]


def test_available_power_below_the_measured_output_is_not_believed(offered):
    assert offered(-1000.0, available_w=900.0) == [("SELL", 0, 1000)]


@pytest.mark.parametrize("output_w", [2850.0, 2999.0, 3040.0])
def test_source_at_its_limit_offers_its_nameplate(offered, output_w):
    assert offered(-output_w, limit_w=3000.0) == [("SELL", 0, 8000)]


def test_source_well_below_its_limit_offers_its_output(offered):
    assert offered(-2800.0, limit_w=3000.0) == [("SELL", 0, 2800)]


def test_source_held_at_zero_finds_its_way_back(offered):
    assert offered(0.0, limit_w=0.0) == [("SELL", 0, 8000)]


def test_source_without_nameplate_offers_what_the_owner_allows(offered):
    limits = Limits(max_w=6000.0)
    assert offered(-990.0, limit_w=1000.0, told={}, limits=limits) == [("SELL", 0, 6000)]


def test_source_of_unknown_size_at_its_limit_offers_its_output(offered):
    assert offered(-990.0, limit_w=1000.0, told={}) == [("SELL", 0, 990)]


def test_offer_stays_inside_what_the_owner_allows(offered):
    assert offered(-5100.0, limits=Limits(max_w=5000.0)) == [("SELL", 0, 5000)]


def test_source_that_cannot_be_limited_stays_in_the_residual(offered):
    assert offered(-3200.0, control=Control.NONE) == []


@pytest.mark.parametrize("state", [DeviceState.SLEEPING, DeviceState.OFFLINE, DeviceState.FAULTY])
def test_source_that_is_not_online_offers_nothing(offered, state):
    assert offered(-3200.0, state=state) == []


@pytest.mark.parametrize("quality", [Quality.STALE, Quality.SUSPECT, Quality.MISSING])
def test_source_without_a_good_reading_offers_nothing(offered, quality):
    assert offered(-3200.0, quality=quality) == []


def test_missing_power_is_not_zero_power(offered):
    assert offered(None, limit_w=0.0) == []


def test_standby_draw_at_night_is_no_tender(offered):
    assert offered(6.0) == []


def test_unknown_device_offers_nothing(make_gate, make_device):
    assert Solar(device=make_device("roof", "solar")).tenders(make_gate()) == ()
