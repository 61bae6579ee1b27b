"""How limits are written to devices that differ, judged at what the device then obeys."""

import pytest

from gateway.adapters.armory import FileArmory
from gateway.model.device import Fallback
from gateway.model.errors import DeviceUnavailable, RequestRefused
from gateway.model.setpoint import Outcome
from gateway.runtime.release import release

FREE = 100.0


class Fronius:
    """Takes a limit when its enable goes from 0 to 1, and then does not look at it again.

    Attributes:
        limits: percent that it obeyed, one after the other.
    """

    def __init__(self, rig):
        self.made = rig.inverter(Mn_1="Fronius")
        self.limits = [FREE]
        self._on = False
        self.made.memory.after_write = self._look

    def _look(self, _words):
        on = bool(self.made.get("123.WMaxLim_Ena"))
        if on and not self._on:
            self.limits.append(self.made.get("123.WMaxLimPct") / 100)
        elif not on and self._on:
            self.limits.append(FREE)
        self._on = on

    def refuse_to_switch_on(self, times):
        """Refuse the next requests that would switch the enable on."""
        write, left = self.made.memory.write, [times]

        def unwilling(unit, address, words):
            if words[-1] == 1 and left[0]:
                left[0] -= 1
                message = "busy"
                raise RequestRefused(message, code=6)
            write(unit, address, words)

        self.made.memory.write = unwilling


async def test_a_fronius_obeys_every_new_limit(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        for watts in (-4000, -2000, -6000):
            assert (await driver.write(rig.setpoint(watts))).outcome is Outcome.ACCEPTED
    assert device.limits == [FREE, 50, FREE, 25, FREE, 75]


async def test_without_its_recipe_a_fronius_keeps_the_first_limit(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar", keys={"quirks": "none"})
        for watts in (-4000, -2000):
            await driver.write(rig.setpoint(watts))
    assert device.limits == [FREE, 50]


async def test_a_renewal_of_the_same_limit_does_not_let_go_of_a_fronius(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        for _ in range(3):
            await driver.write(rig.setpoint(-4000))
    assert device.limits == [FREE, 50]
    assert len(device.made.writes()) == 3


async def test_between_letting_go_and_taking_hold_nothing_else_is_asked(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        device.made.memory.requests.clear()
        await driver.write(rig.setpoint(-2000))
    kinds = [request[0] for request in device.made.memory.requests]
    assert kinds == ["write", "write", "read"]


async def test_a_fronius_that_refuses_the_new_limit_gets_the_old_one_back_at_once(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        device.refuse_to_switch_on(1)
        written = await driver.write(rig.setpoint(-2000))
    assert (written.outcome, written.quantity) == (Outcome.REFUSED, -4000)
    assert device.limits == [FREE, 50, FREE, 50]


async def test_killed_in_between_the_next_life_takes_hold_with_its_first_write(rig):
    device = Fronius(rig)
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        device.made.memory.silent = lambda address: device.limits[-1] == FREE
        with pytest.raises(DeviceUnavailable):
            await driver.write(rig.setpoint(-2000))
        device.made.memory.silent = lambda address: False
        assert device.limits[-1] == FREE
        await (await rig.connected(line, "solar")).write(rig.setpoint(-2000))
    assert device.limits[-1] == 25


async def test_a_release_without_driver_makes_a_fronius_obey_its_fall_back_level(rig, tmp_path):
    device = Fronius(rig)
    armory, said = FileArmory(tmp_path, threaded=False), []
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar", fallback=Fallback(level_w=800))
        await armory.store(await driver.arm())
        await driver.write(rig.setpoint(-4000, 0))
        done = await release(armory, lambda _: line, restore=False, say=said.append)
    assert done, said
    assert device.limits[-1] == 10


async def test_a_standing_limit_that_was_found_is_obeyed_again_after_a_restore(rig, tmp_path):
    device = Fronius(rig)
    device.made.memory.write(1, device.made.at("123.WMaxLimPct"), [7000, 0, 0, 0, 1])
    armory, said = FileArmory(tmp_path, threaded=False), []
    async with rig.mem(device.made.memory) as line:
        driver = await rig.connected(line, "solar")
        await armory.store(await driver.arm())
        await driver.write(rig.setpoint(-4000))
        assert await release(armory, lambda _: line, restore=True, say=said.append), said
    assert device.limits[-1] == 70
    assert armory.all() == ()


def enables(made):
    """How often the enable was written, and requests in all."""
    at = made.at("123.WMaxLim_Ena")
    writes = [(address, len(words)) for _, address, words in made.writes()]
    return sum(address <= at < address + count for address, count in writes), len(writes)


async def test_an_sma_is_sent_its_enable_once_and_then_values_alone(rig):
    made = rig.inverter(Mn_1="SMA")
    async with rig.mem(made.memory) as line:
        driver = await rig.connected(line, "solar")
        for watts in (-4000, -4000, -2000, -2000, -6000):
            assert (await driver.write(rig.setpoint(watts))).outcome is Outcome.ACCEPTED
        assert enables(made) == (1, 5)
        assert made.get("123.WMaxLimPct") == 7500
        await driver.write(rig.setpoint(None))
    assert (enables(made), made.get("123.WMaxLim_Ena")) == ((2, 6), 0)


async def test_an_smas_enable_is_written_again_where_it_was_lost(rig):
    made = rig.inverter(Mn_1="SMA")
    async with rig.mem(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000))
        made.put(WMaxLim_Ena_123=0)
        assert (await driver.read()).overridden
        await driver.write(rig.setpoint(-4000))
    assert (made.get("123.WMaxLim_Ena"), enables(made)[0]) == (1, 2)


async def test_a_timer_that_counts_down_is_written_anew_with_the_value(rig):
    made = rig.inverter(Mn_1="SMA")
    async with rig.mem(made.memory) as line:
        driver = await rig.connected(line, "solar")
        await driver.write(rig.setpoint(-4000, 60))
        made.put(WMaxLimPct_RvrtTms_123=31)
        await driver.read()
        await driver.write(rig.setpoint(-4000, 60))
    assert made.get("123.WMaxLimPct_RvrtTms") == 60
    assert enables(made)[0] == 1


@pytest.mark.parametrize(
    ("recipe", "writes"), [("standard", 2), ("enable-toggle", 3), ("value-only", 1)]
)
async def test_704_knows_the_same_recipes(rig, recipe, writes):
    made = rig.der()
    async with rig.mem(made.memory) as line:
        driver = await rig.connected(line, "solar", keys={"quirks": {"recipe": recipe}})
        await driver.write(rig.setpoint(-4000))
        made.memory.requests.clear()
        assert (await driver.write(rig.setpoint(-2000))).outcome is Outcome.ACCEPTED
    assert len(made.writes()) == writes
    assert (made.get("704.WMaxLimPct"), made.get("704.WMaxLimPctEna")) == (250, 1)


async def test_a_forced_charge_from_the_grid_is_what_a_gen24_asks_for(rig):
    made = rig.battery(Mn_1="Fronius")
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "storage")
        await driver.connect()
        await driver.write(rig.setpoint(2000))
    rates = [made.get(f"124.{name}") for name in ("OutWRte", "InWRte", "ChaGriSet", "StorCtl_Mod")]
    assert rates == [-4000 & 0xFFFF, 4000, 1, 3]


async def test_long_numbers_are_written_in_the_order_of_words_that_the_device_has(rig):
    """A timer of two minutes, its words turned, would be one of three months."""
    made = rig.der()
    async with rig.mem(made.memory) as line:
        quirks = {"low_word_first": True}
        driver = await rig.connected(line, "solar", keys={"quirks": quirks})
        written = await driver.write(rig.setpoint(-4000, 120))
        await driver.beat()
    timer, beat = made.at("704.WMaxLimPctRvrtTms"), made.at("715.ControllerHb")
    words = made.memory.units[1]
    assert written.outcome is Outcome.ACCEPTED
    assert [words[timer], words[timer + 1]] == [120, 0]
    assert [words[beat], words[beat + 1]] == [1, 0]


async def test_not_implemented_is_not_written_to_in_either_order_of_words(rig):
    made = rig.der_battery()
    for name in ("704.WSet", "704.WSetRvrt"):
        made.memory.units[1] |= {made.at(name): 0x8000, made.at(name) + 1: 0}
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "storage", keys={"quirks": {"low_word_first": True}})
        await driver.connect()
        await driver.write(rig.setpoint(1000, 120))
    written = {at + i for _, at, words in made.writes() for i in range(len(words))}
    assert written.isdisjoint({made.at("704.WSet"), made.at("704.WSet") + 1})
