"""The site as a whole: sums of what is known."""

import pytest

from gateway.model.device import DeviceState, Role
from gateway.model.event import EnergyCounted
from gateway.model.time import SECOND, Duration, Instant
from gateway.runtime.bus import LocalBus
from gateway.runtime.totals import SiteTotals

LATER = Duration(60 * SECOND)


class Hands:
    """A clock that stands still until it is set."""

    def __init__(self):
        self.at = Instant(1_000 * SECOND)

    def now(self):
        return self.at


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def house(hands, fakes):
    """``house(**powers)``: totals of a grid meter, a roof and a battery with such readings."""

    def make(**powers):
        devices = [
            fakes.device("grid", Role.GRID),
            fakes.device("roof", Role.SOLAR),
            fakes.device("battery", Role.STORAGE),
            fakes.device("car", Role.EV),
        ]
        site, bus = fakes.site(*devices), LocalBus()
        for name, power_w in powers.items():
            site.put(fakes.reading(name, hands.now(), power_w))
            site.enter(name, DeviceState.ONLINE, hands.now(), "")
        totals = SiteTotals(
            name="home", version="1", devices=devices, view=site.view, clock=hands, bus=bus
        )
        return totals, site, bus

    return make


def test_sources_are_summed_and_the_grid_stands_by_itself(house):
    totals, _, _ = house(grid=-500.0, roof=-3000.0, battery=1000.0)
    assert (totals.now().grid_w, totals.now().sources_w) == (-500.0, -2000.0)


def test_a_sum_of_which_a_part_is_not_known_is_not_known(house):
    totals, _, _ = house(grid=-500.0, roof=-3000.0)
    assert (totals.now().grid_w, totals.now().sources_w) == (-500.0, None)


def test_what_was_read_long_ago_is_not_known(house, hands):
    totals, _, _ = house(grid=-500.0, roof=-3000.0, battery=0.0)
    hands.at = Instant(hands.at + LATER)
    assert (totals.now().grid_w, totals.now().sources_w) == (None, None)


def test_what_sleeps_produces_nothing_and_that_is_known(house, hands):
    totals, site, _ = house(grid=400.0, battery=-400.0)
    site.enter("roof", DeviceState.SLEEPING, hands.now(), "night")
    assert totals.now().sources_w == -400.0


def test_energy_is_summed_once_every_part_was_counted(house):
    totals, _, bus = house()
    for name, in_wh, out_wh in (("grid", 10, 20), ("roof", 0, 300), ("car", 9, 9)):
        bus.publish(EnergyCounted(device=name, at=Instant(0), in_wh=in_wh, out_wh=out_wh))
    assert (totals.now().imported_wh, totals.now().exported_wh) == (10, 20)
    assert totals.now().injected_wh is None
    bus.publish(EnergyCounted(device="battery", at=Instant(0), in_wh=70, out_wh=50))
    assert (totals.now().injected_wh, totals.now().absorbed_wh) == (350, 70)
