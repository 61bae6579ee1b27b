"""Walking chains as real devices have them, over a real socket."""

import pytest

from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable


async def connect(rig, made, role="meter", **more):
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, role, **more)
        return await driver.connect(), await driver.read()


def meter(rig, *models, **more):
    made = rig.Map(*(models or (1, 203)), **more)
    return made.put(W_203=-500, W_SF_203=0, TotWhExp_203=0, TotWh_SF_203=0)


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_the_marker_is_found_at_every_base(rig, base):
    description, reading = await connect(rig, meter(rig, base=base))
    assert description.models == (1, 203)
    assert reading.power_w == -500


async def test_a_configured_base_is_the_only_one_tried(rig):
    description, _ = await connect(rig, meter(rig, base=30000), keys={"base": 30000})
    assert description.models == (1, 203)


async def test_unknown_models_are_stepped_over_by_their_length(rig):
    made = meter(rig, 1, (64110, 282), (11, 13), 203)
    assert (await connect(rig, made))[0].models == (1, 64110, 11, 203)


async def test_a_common_model_of_65_registers_is_as_good(rig):
    assert (await connect(rig, meter(rig, (1, 65), 203)))[0].models == (1, 203)


async def test_exception_2_after_the_last_model_is_an_end(rig):
    assert (await connect(rig, meter(rig, end=False)))[0].models == (1, 203)


async def test_silence_after_the_last_model_is_an_end_if_the_device_still_answers(rig):
    made = meter(rig, end=False)
    made.memory.silent = lambda address: address == made.end
    assert (await connect(rig, made))[0].models == (1, 203)


async def test_silence_everywhere_costs_one_timeout_per_connect_and_tries_another_base(rig):
    made = meter(rig, base=50000)
    made.memory.silent = lambda address: address < 50000
    async with rig.tcp(made.memory) as line:
        driver = rig.driver(line, "meter")
        with pytest.raises(DeviceUnavailable):
            await driver.connect()
        assert [address for _, address, _ in made.memory.requests] == [40000]
        assert (await driver.connect()).models == (1, 203)


async def test_a_line_that_breaks_in_mid_chain_is_no_end(rig):
    made = meter(rig)
    made.memory.silent = lambda address: len(made.memory.requests) > 2
    async with rig.tcp(made.memory) as line:
        with pytest.raises(DeviceUnavailable):
            await rig.driver(line, "meter").connect()


async def test_an_impossible_length_ends_the_walk_and_names_the_register(rig):
    made = meter(rig)
    made.words = made.memory.units[1]
    made.words |= {made.end: 0, made.end + 1: 0x4142}
    description, _ = await connect(rig, made)
    assert f"register {made.end} after model 203" in description.notes[0]


async def test_registers_without_marker_are_told_from_silence(rig):
    memory = rig.Memory({1: {40000: 1, 40001: 2}})
    async with rig.tcp(memory) as line:
        with pytest.raises(DeviceMisbehaves, match=r"40000: 0001 0002, 50000: exception 2"):
            await rig.driver(line, "meter").connect()


async def test_inverter_and_meter_in_one_chain_are_two_devices(rig):
    made = rig.Map(1, 103, 123, 1, 203)
    made.put(W_103=2000, W_SF_103=0, W_203=700, W_SF_203=0)
    async with rig.tcp(made.memory) as line:
        solar, grid = rig.driver(line, "solar"), rig.driver(line, "meter")
        await solar.connect()
        await grid.connect()
        powers = (await solar.read()).power_w, (await grid.read()).power_w
    assert powers == (-2000, 700)


async def test_inverter_and_meter_under_one_common_model_are_two_devices_too(rig):
    made = rig.Map(1, 103, 203)
    made.put(W_103=2000, W_SF_103=0, W_203=700, W_SF_203=0)
    assert (await connect(rig, made, "solar"))[1].power_w == -2000
    assert (await connect(rig, made, "grid", keys={"sign": "export"}))[1].power_w == -700


async def test_a_chain_without_the_roles_models_says_what_it_has(rig):
    async with rig.tcp(rig.Map(1, 203).memory) as line:
        with pytest.raises(DeviceMisbehaves, match=r"solar needs an inverter.*\[1, 203\]"):
            await rig.driver(line, "solar").connect()


async def test_addresses_that_moved_are_found_on_the_next_connect(rig):
    before, after = meter(rig), meter(rig, 1, (64001, 5), 203)
    async with rig.tcp(before.memory) as line:
        driver = rig.driver(line, "meter")
        await driver.connect()
        before.memory.units[1] = after.memory.units[1]
        await driver.connect()
        assert (await driver.read()).power_w == -500


async def test_a_gateway_that_answers_for_an_absent_unit_means_unavailable(rig):
    async with rig.tcp(meter(rig).memory) as line:
        with pytest.raises(DeviceUnavailable, match="no such unit"):
            await rig.driver(line, "meter", unit=9).connect()
