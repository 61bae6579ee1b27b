"""A real inverter's registers (SMA): no reversion timer, and its limit is enabled already."""

import json
from pathlib import Path

import pytest

from drivers.transport import MemLine, RegisterMemory
from gateway.adapters.armory import FileArmory
from gateway.adapters.plugins import house_factories
from gateway.model.setpoint import Outcome, SetpointStatus
from gateway.model.time import parse_rfc3339
from gateway.runtime.release import release
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home

NOON = parse_rfc3339("2026-06-21T12:00:00Z")
MAPS = Path(__file__).parent.parent / "fixtures" / "register_maps"
SMA = MAPS / "nielsbasjes_DeviceSMASunnyBoy36Dated20230810.json"
LIMIT, ENABLE = 40348, 40352  # 123 WMaxLimPct and WMaxLim_Ena in this map
# The map shows 1080 W, so that is what the house is given.
HOUSE = {"load_w": 500, "temperature_c": 21.2, "meter_noise_w": 0, "solar_w": 1080}


class Box:
    """The inverter's words in the place of the simulated roof."""

    def __init__(self):
        words = json.loads(SMA.read_text("utf-8"))["registers"]
        self.memory = RegisterMemory({1: {int(at): word for at, word in words.items()}})
        self.words = self.memory.units[1]

    def read(self, address, count):
        return self.memory.read(1, address, count)

    def write(self, address, words):
        self.memory.write(1, address, words)


@pytest.fixture
def live(tmp_path, virtual):
    """``live(no_timer)`` returns the words before, under control, stopped and restored."""

    def run(no_timer):
        async def main():
            clock = VirtualClock(NOON)
            house = house_factories()["demo"](clock, HOUSE)
            house._outlets["roof"]._box = box = Box()
            before = dict(box.words)
            devices = {"heatpump": None, "battery": None, "roof": {"no_timer": no_timer}}
            limits = {"export_limit_w": 0}
            async with open_home(
                tmp_path, NOON, {}, house, clock, grid=limits, devices=devices
            ) as home:
                await home.pass_time(60)
                during = dict(box.words)
                statuses = [f for f in home.facts if isinstance(f, SetpointStatus)]
            stopped = dict(box.words)
            armory = FileArmory(tmp_path / "state" / "arming", threaded=False)
            line = MemLine(house._outlets["roof"], clock)
            said = []
            assert await release(armory, lambda _: line, restore=True, say=said.append)
            return before, during, stopped, dict(box.words), statuses[-1]

        return virtual(main())

    return run


def test_it_is_refused_and_left_alone_unless_the_owner_accepts_it(live):
    before, during, stopped, restored, status = live("refuse")
    assert before == during == stopped == restored
    assert status.outcome is Outcome.REFUSED
    assert "no reversion timer; set no_timer: accept" in status.detail


def test_accepted_it_is_limited_and_gets_its_words_back_with_the_enable_it_had(live):
    before, during, stopped, restored, status = live("accept")
    assert before[ENABLE] == during[ENABLE] == stopped[ENABLE] == restored[ENABLE] == 1
    assert during[LIMIT] == 470 * 10_000 // 3680  # the load less 30 W
    assert {at for at in before if during[at] != before[at]} == {LIMIT}
    assert stopped[LIMIT] == 0
    assert restored == before
    assert status.timer_until is None
