"""The system clock is set by hours while the house is being steered."""

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.event import Clearing, ClockStepped
from gateway.model.time import HOUR, SECOND, Instant, parse_rfc3339, seconds
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
CURTAILED = {"load_w": 300, "temperature_c": 21.2, "battery_soc_pct": 100, "solar_w": 6000}


class SteppingClock(VirtualClock):
    """Stepped once by ``by`` at the first ``reanchor`` after ``when`` seconds."""

    def __init__(self, by, when):
        super().__init__(NOON)
        self.by, self.when, self.offset = by, when, 0

    def now(self):
        return Instant(super().now() + self.offset)

    def reanchor(self):
        if self.offset or self.monotonic() < seconds(self.when):
            return None
        self.offset = self.by
        return ClockStepped(at=self.now(), by=self.by)


@pytest.mark.parametrize("hours", [-5, -1, 1, 5])
def test_limits_hold_and_clearing_goes_on_when_the_clock_is_stepped(tmp_path, virtual, hours):
    async def main():
        clock = SteppingClock(hours * HOUR, when=45)
        # The devices live in real time: they know nothing of the gateway's clock.
        house = house_factories()["demo"](VirtualClock(NOON), CURTAILED)
        changes = {"grid": {"export_limit_w": 0}, "devices": {"heatpump": None}}
        async with open_home(tmp_path, NOON, {}, house, clock=clock, **changes) as home:
            worst = []
            for _ in range(1500):
                await clock.sleep(seconds(0.1))
                worst.append(house.truth()["grid_w"])
            return worst, [f for f in home.facts if isinstance(f, Clearing)]

    grid, clearings = virtual(main())
    assert min(grid[400:]) > -120
    assert max(grid[400:]) < 400
    assert [c.sequence for c in clearings] == list(range(1, len(clearings) + 1))
    gates = [c.at for c in clearings if c.scheduled]
    assert len(gates) >= 12
    assert gates[-1] > NOON + hours * HOUR + 120 * SECOND
