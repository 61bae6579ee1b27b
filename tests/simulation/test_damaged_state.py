"""A house whose state folder was damaged between two lives: it goes on, and says what was wrong."""

import pytest

from gateway.adapters.plugins import house_factories
from gateway.model.event import FaultChanged
from gateway.model.request import OwnerRequest
from gateway.model.site import ControlMode, OwnerControl
from gateway.testing import VirtualClock
from tests.simulation.harness import open_home
from tests.simulation.test_restart import GUEST, HOUSE, NOON, buys


@pytest.fixture
def at_two_homes(tmp_path, virtual):
    """Two lives in one folder, which ``between`` gets hold of."""

    def run(first, between, second):
        async def main():
            house = house_factories()["demo"](VirtualClock(NOON), HOUSE)
            async with open_home(tmp_path, NOON, {}, house, **GUEST) as home:
                before = await first(home)
            between(tmp_path / "state")
            async with open_home(tmp_path, NOON, {}, house, **GUEST) as home:
                return before, await second(home)

        return virtual(main())

    return run


def faults(home):
    return {f.code: f.text for f in home.facts if isinstance(f, FaultChanged) and f.active}


def test_positions_and_answers_stand_after_the_journal_was_overwritten(at_two_homes, tmp_path):
    async def first(home):
        await home.pass_time(12)
        request = buys(home, 700, 9000, "r1", periods=1)
        answer = await home.gateway.handle(request)
        await home.pass_time(9)
        positions = home.gateway.marketplace.market("power").positions
        return request, answer, positions.at("guest", request.tenders.interval.start)

    def overwrite(state):
        (state / "journal.sqlite").write_bytes(b"\x00" * 40_000)

    async def second(home):
        request = buys(home, 700, 9000, "r1", periods=1)
        answer = await home.gateway.handle(request)
        start = request.tenders.interval.start
        found = home.gateway.marketplace.market("power").positions
        held = [found.at("guest", start + n * 10**10) for n in range(-3, 1)]
        await home.pass_time(30)
        return answer, held, faults(home), len(home.clearings)

    (_, told, before), (again, held, said, count) = at_two_homes(first, overwrite, second)
    assert before == 700
    assert 700 in held
    assert again == told
    assert "set aside as journal.sqlite.corrupt-" in said["JOURNAL_SET_ASIDE"]
    assert count >= 2
    assert [*(tmp_path / "state").glob("journal.sqlite.corrupt-*")]


def test_broken_arming_record_leaves_its_device_alone_and_is_told(at_two_homes):
    async def first(home):
        await home.pass_time(30)
        return home.gateway.armory.get("battery") is not None

    def tear(state):
        (state / "arming" / "battery.json").write_text('{"v": 1, "arm')

    async def second(home):
        bank = home.house._world.battery.bank
        before = bank.get("124.StorCtl_Mod"), bank.get("124.InWRte")
        await home.pass_time(30)
        return faults(home), before, (bank.get("124.StorCtl_Mod"), bank.get("124.InWRte"))

    armed, (said, before, after) = at_two_homes(first, tear, second)
    assert armed
    assert "battery.json" in said["ARMING_UNUSABLE"]
    assert after == before


def test_owners_word_that_is_torn_means_hands_off(at_two_homes):
    async def first(home):
        control = OwnerControl(mode=ControlMode.HANDS_OFF)
        await home.gateway.owner(OwnerRequest(control=control, by="topic"))

    def tear(state):
        (state / "owner.json").write_text('{"v": 1, "con')

    async def second(home):
        await home.pass_time(10)
        return home.gateway.control.mode()

    _, mode = at_two_homes(first, tear, second)
    assert mode is ControlMode.HANDS_OFF
