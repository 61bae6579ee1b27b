"""What finding devices in the field has taught: chains, units, menus, phantom batteries."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from drivers.sunspec import package
from drivers.sunspec.codec import layout
from drivers.transport import RegisterMemory, serve_tcp
from gateway.app.doctor.device import Patient, examine
from gateway.app.scan_page import page
from gateway.app.scan_targets import targets_of
from gateway.app.scanning import UNITS, Scanner
from gateway.cli import _parser
from gateway.model.device import Control, Role
from gateway.model.errors import DeviceMisbehaves, DeviceUnavailable
from gateway.model.site import DeviceSettings
from gateway.model.time import MILLISECOND, Duration
from gateway.ports.probe import Heard
from tests.drivers.conftest import Map, Rig, der, inverter
from tests.integration.test_scan_command import talker

SOON = Duration(200 * MILLISECOND)


def meter(*models, **more):
    made = Map(*(models or (1, 203)), **more)
    return made.put(Mn_1="Maker", SN_1="M", W_203=-500, W_SF_203=0)


async def connected(made, role="meter", **more):
    """What the driver says of a map in memory, and the first reading."""
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, role, **more)
        return await driver.connect(), await driver.read()


async def inspected(made, role="meter"):
    async with Rig.mem(made.memory) as line:
        return await package.inspect(Rig.device(role, timeout=SOON), line)


@asynccontextmanager
async def served(units):
    server = await serve_tcp(RegisterMemory(units))
    try:
        yield server.port
    finally:
        await server.close()


async def scanned(port, units=UNITS):
    """Sightings and the table."""
    scanner = Scanner(units, SOON, lambda _: None)
    scan = await scanner.scan(targets_of([f"127.0.0.1:{port}"], (port,)))
    return scan.sightings, "\n".join(page(scan))


async def doctored(port, unit=1, role="solar"):
    """Codes and sentences of the doctor about a device at a port."""
    url = f"tcp://127.0.0.1:{port}"
    at = Rig.device(role, line=url, unit=unit)
    item = DeviceSettings(device=at, settings=package.parse(at, {}))
    found = await examine(Patient(item=item, patience=SOON))
    return {one.code: f"{one.what} {one.do}" for one in found}


NATIVE = dict.fromkeys(range(40000, 40100), 7)


async def test_lesson_019_the_units_of_the_field_are_asked_first_and_told_where_they_answered():
    """An inverter configured as unit 3 spoke SunSpec at 126 only, and was never found."""
    assert UNITS == (1, 126, 2, 3, 247, 240, 200, 100, 71)
    async with served({3: NATIVE, 126: inverter().memory.units[1]}) as port:
        sightings, text = await scanned(port)
        said = await doctored(port, unit=3)
    assert {one.unit: one.inspection is not None for one in sightings} == {3: False, 126: True}
    assert "126" in text
    assert "?unit=126" in said["UNIT_ELSEWHERE"]


async def test_lesson_020_an_answer_without_marker_is_not_taken_for_silence():
    """A native map answered at unit 1, and the tool said that nobody was there."""
    async with served({1: NATIVE}) as port:
        (one,), text = await scanned(port, units=(1,))
        said = await doctored(port)
    assert (one.heard, one.inspection) == (Heard.WORDS, None)
    assert "not SunSpec" in text
    assert "there is no SunSpec map" in said["NOT_SUNSPEC"]


async def test_lesson_021_exception_0b_means_another_unit_and_the_scan_goes_on():
    """A bridge answered every wrong unit with exception 0x0B, and the scan stopped at the first."""
    async with served({240: meter().memory.units[1]}) as port:
        (one,), _ = await scanned(port)
        said = await doctored(port, unit=5, role="meter")
    assert (one.unit, one.inspection.identity.maker) == (240, "Maker")
    assert "exception 0x0B at unit 5; SunSpec is at unit 240" in said["UNIT_ELSEWHERE"]


async def test_lesson_022_a_model_nobody_needs_is_stepped_over_unread():
    """A network model of 98 registers refused to be read, and the whole device was lost."""
    made = meter(1, (12, 98), 203)
    at = made.places[12]
    for address in range(at + 2, at + 100):
        del made.memory.units[1][address]
    description, reading = await connected(made)
    assert description.models == (1, 12, 203)
    assert reading.power_w == -500
    inside = range(at + 2, at + 100)
    assert [a for _, a, _ in made.memory.requests if a in inside] == []


async def test_lesson_023_a_long_model_is_read_between_points_and_the_walk_reads_headers_only():
    """A read ended in the middle of a 32-bit point, and 153 registers were asked at once."""
    made = der()
    await connected(made, "solar")
    reads = [(address, count) for kind, address, count in made.memory.requests if kind == "read"]
    assert max(count for _, count in reads) <= 125
    headers = list(made.places.values())
    walked = reads[1 : 1 + len(headers)]
    assert walked == [(address, 2) for address in headers]
    ends = {address + count for address, count in reads}
    place = made.places[701]
    points = [p for p in made_points(701, 153) if p.size > 1]
    for point in points:
        inside = range(place + point.offset + 1, place + point.offset + point.size)
        assert ends.isdisjoint(inside), point.name


def made_points(model, length):
    return layout(model, length).points


async def test_lesson_024_a_length_that_changes_by_day_is_noticed_and_walked_anew():
    """A port model grew at dawn: what came after was read at the wrong place, the scan died."""
    night, day = (
        Map(1, 103, 120, (714, length), 121, 123).put(
            Mn_1="Maker", SN_1="S", W_103=watts, W_SF_103=0, St_103=4, WMax_121=8000,
            WMax_SF_121=0, WMaxLimPct_123=100, WMaxLimPct_SF_123=0, WMaxLim_Ena_123=0,
        )
        for length, watts in ((18, 10), (43, 2900))
    )  # fmt: skip
    async with Rig.mem(night.memory) as line:
        driver = Rig.driver(line, "solar")
        await driver.connect()
        night.memory.units[1] = day.memory.units[1]
        with pytest.raises(DeviceUnavailable, match="the chain has moved"):
            await driver.arm()
        await driver.connect()
        assert (await driver.read()).power_w == -2900
        arming = await driver.arm()
    place = day.places[123]
    assert all(place <= part.address < place + 26 for part in arming.found)


async def rewalked(driver):
    """The next reading that holds, as a station gets it: one that fails means a new connect."""
    for _ in range(3):
        try:
            return await driver.read()
        except DeviceUnavailable:
            await driver.connect()
    raise AssertionError


async def test_lesson_025_repeats_are_counted_by_the_length_and_what_fits_is_decoded():
    """A check of the repeated groups refused a valid model, another stumbled over it."""
    made = Map(1, 103, (160, 8 + 2 * 20))
    made.put(Mn_1="Maker", SN_1="S", N_160=3, DCW_SF_160=0)
    made.put(**{"1.DCW_160": 100, "2.DCW_160": 200})
    found = await inspected(made, "solar")
    (mppt,) = [model for model in found.models if model.id == 160]
    (modules,) = mppt.body.groups.values()
    watts = [next(p.value for p in one.points if p.name == "DCW") for one in modules]
    assert watts == [100, 200]
    assert any("has room for 2" in one.text for one in found.problems)


async def test_lesson_026_of_a_short_model_the_beginning_is_decoded_and_the_rest_called_absent():
    """A device's model was shorter than its definition and came back empty, without a word."""
    made = Map(1, 103, (120, 20)).put(Mn_1="Maker", SN_1="S", WRtg_120=8200, WRtg_SF_120=0)
    found = await inspected(made, "solar")
    (nameplate,) = [model for model in found.models if model.id == 120]
    values = {point.name: point.value for point in nameplate.body.points}
    assert values["WRtg"] == 8200
    assert any("ends before" in one.text and one.model == 120 for one in found.problems)


async def test_lesson_027_a_vendor_model_and_a_refusal_behind_it_end_nothing():
    """A charge controller has a model without definition, and exception 2 instead of an end."""
    made = meter(1, (64110, 282), 203, end=False)
    description, reading = await connected(made)
    assert description.models == (1, 64110, 203)
    assert reading.power_w == -500


@pytest.mark.parametrize("header", [(0x2020, 4000), (0x4142, 66)])
async def test_lesson_028_a_chain_that_runs_off_the_map_is_named_by_its_register(header):
    """Model 1 said 15 registers where 66 stood: the walk went on through text to 44126."""
    made = meter(1, 203)
    made.memory.units[1][40003] = 15
    at = 40002 + 2 + 15
    made.memory.units[1] |= {at: header[0], at + 1: header[1]}
    found = await inspected(made)
    (broken,) = [one for one in found.problems if one.address == at]
    assert f"breaks at register {at}" in broken.text
    assert f"ID {header[0]}, L {header[1]}" in broken.text
    assert max(address for _, address, _ in made.memory.requests) < at + 2
    with pytest.raises(DeviceMisbehaves):
        await connected(made)


@pytest.mark.parametrize("length", [65, 66])
async def test_lesson_029_a_common_model_of_65_registers_is_as_good_as_one_of_66(length):
    """Addresses written down for 66 were one off on every device with 65."""
    description, reading = await connected(meter((1, length), 203))
    assert (description.models, reading.power_w) == ((1, 203), -500)


async def test_lesson_030_the_chain_is_walked_at_every_connect():
    """New firmware moved every register by one, and addresses written down were wrong."""
    made = meter((1, 65), 203)
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "meter")
        await driver.connect()
        moved = meter((1, 66), 203).put(W_203=-700)
        made.memory.units[1] = moved.memory.units[1]
        reading = await rewalked(driver)
    assert reading.power_w == -700


async def test_lesson_031_the_marker_is_looked_for_at_40000_then_50000_then_0():
    """A logger card has its map at register 0 of unit 247."""
    made = meter(base=0, unit=247)
    description, _ = await connected(made, unit=247)
    assert description.models == (1, 203)
    assert [address for _, address, _ in made.memory.requests][:3] == [40000, 50000, 0]


async def test_lesson_032_whoever_looks_waits_a_second_and_asks_once_more():
    """An inverter was not found with 60 ms of patience and found with 1000."""
    made = meter()
    found = await _once_late(made)
    assert found.models
    at = Rig.device("meter", timeout=Duration(60 * MILLISECOND))
    item = DeviceSettings(device=at, settings=package.parse(at, {}))
    assert Patient(item=item).device.timeout >= Duration(1000 * MILLISECOND)
    assert _parser().parse_args(["scan", "192.0.2.1"]).timeout >= 1.0


async def _once_late(made):
    silent = [True]

    def once(address):
        return silent.pop() if silent else False

    made.memory.silent = once
    return await inspected(made)


async def test_lesson_033_a_refusal_or_silence_ends_a_chain_and_model_1_begins_a_device():
    """Instead of an end model there was an exception; another chain held three devices in a row."""
    for silent in (False, True):
        made = Map(1, 103, 1, 203, end=False)
        made.put(Mn_1="Maker", SN_1="S", W_103=3000, W_SF_103=0, W_203=-500, W_SF_203=0)
        if silent:
            made.memory.silent = lambda address, end=made.end: address >= end
        found = await inspected(made)
        assert len(found.identities) == 2
        description, reading = await connected(made)
        assert reading.power_w == -500
        assert description.models == (1, 103, 1, 203)


@pytest.mark.parametrize("model", [103, 113])
async def test_lesson_034_the_integer_and_the_float_family_are_the_same_inverter(model):
    """A setting in the menu swaps 103 for 113, and every template for the other broke."""
    made = Map(1, model, 120, 121, 123).put(Mn_1="Maker", SN_1="S", WMax_121=8000, WMax_SF_121=0)
    made.put(WMaxLimPct_123=100, WMaxLimPct_SF_123=0, WMaxLim_Ena_123=0)
    if model == 103:
        made.put(W_103=3000, W_SF_103=0)
    else:
        made.put(W_113=0x453B8000)  # 3000.0
    description, reading = await connected(made, "solar")
    assert reading.power_w == -3000
    assert description.capabilities.control is Control.LIMIT


@pytest.mark.parametrize("models", [(1, 103, 120, 124), (1, 103, (160, 48), 120, 121, 124)])
async def test_lesson_035_controls_are_found_in_the_chain_wherever_they_stand(models):
    """Written-down storage addresses met another layout of the same inverter."""
    made = Map(*models).put(Mn_1="Maker", SN_1="S", W_103=-1500, W_SF_103=0)
    made.put(WChaMax_124=5000, WChaMax_SF_124=0, StorCtl_Mod_124=0, ChaState_124=50)
    made.put(ChaState_SF_124=0, OutWRte_124=100, InWRte_124=100, InOutWRte_SF_124=0)
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "storage")
        await driver.connect()
        arming = await driver.arm()
    place = made.places[124]
    assert all(place <= part.address < place + 26 for part in arming.found)


@pytest.mark.parametrize(("hidden", "control"), [((), "704"), ((704,), "123"), ((704, 123), None)])
async def test_lesson_036_an_optional_model_that_refuses_takes_nothing_else_with_it(
    hidden, control
):
    """A control model that could not be read kept a whole meter from starting."""
    made = Map(1, 103, 120, 121, 123, 702, 704)
    made.put(Mn_1="Maker", SN_1="S", W_103=3000, W_SF_103=0, WRtg_120=8000, WRtg_SF_120=0)
    made.put(WMax_121=8000, WMax_SF_121=0, WMaxLimPct_123=100, WMaxLimPct_SF_123=0)
    made.put(WMaxLim_Ena_123=0, WMax_702=8000, W_SF_702=0, WMaxLimPctEna_704=0)
    made.put(WMaxLimPct_704=1000, WMaxLimPct_SF_704=-1, WMaxLimPctRvrtTms_704=0)
    for model in hidden:
        place = made.places[model]
        for address in range(place + 2, made.memory.units[1][place + 1] + place + 2):
            del made.memory.units[1][address]
    async with Rig.mem(made.memory) as line:
        driver = Rig.driver(line, "solar")
        description, reading = await driver.connect(), await driver.read()
        assert reading.power_w == -3000
        if control is None:
            assert description.capabilities.control is Control.NONE
            return
        arming = await driver.arm()
    assert int(control) in {part.words[0] for part in arming.identity}


async def test_lesson_037_a_713_without_capacity_is_no_battery():
    """An inverter without battery shows 713 with SoC 0, and a phantom battery was created."""
    found = await inspected(der(), "storage")
    assert Role.STORAGE not in found.parts
    with pytest.raises(DeviceMisbehaves, match="no model shows a battery"):
        await connected(der(), "storage")
    real = der(WHRtg_713=1000, WHAvail_713=500, WH_SF_713=1)
    assert (await connected(real, "storage"))[1].soc_pct == 0


async def test_lesson_038_meters_behind_an_inverter_are_found_at_200_and_240():
    """The meter has a unit of its own, another one with each generation of the inverter."""
    for unit in (200, 240):
        async with served({1: inverter().memory.units[1], unit: meter().memory.units[1]}) as port:
            sightings, _ = await scanned(port)
        found = {one.unit: set(one.inspection.parts) for one in sightings}
        assert Role.METER in found[unit]
        assert Role.SOLAR in found[1]


async def test_lesson_039_what_was_probed_and_why_it_was_refused_is_listed():
    """A second battery was 'not usable', and nobody said why."""
    bare = Map(1, 103, 123).put(Mn_1="Maker", SN_1="S", W_103=1, W_SF_103=0)
    async with served({1: bare.memory.units[1]}) as port:
        said = await doctored(port, role="storage")
    assert "models (1, 103, 123)" in said["ROLE_UNFIT"]
    assert "solar" in said["ROLE_UNFIT"]
    description, _ = await connected(bare, "solar")
    assert any("121 WMax nor 120 WRtg" in note for note in description.notes)
    with pytest.raises(DeviceMisbehaves, match=r"its chain has \[1, 103, 123\]"):
        await connected(bare, "storage")


@pytest.mark.parametrize(
    ("reply", "code", "menu"),
    [
        (None, "PORT_REFUSED", "Switch Modbus TCP on"),
        (b"", "DEVICE_SILENT", "login"),
        (b"SMA\r\nlogin: ", "LOGIN_WANTED", "without login"),
    ],
)
async def test_lesson_041_refusal_silence_and_login_are_told_apart_with_the_menu_to_open(
    reply, code, menu
):
    """Firmware updated itself, Modbus went silent until somebody logged in, and nothing said so."""
    server = await talker(lambda data: reply or b"")()
    if reply is None:
        await server.close()
        await asyncio.sleep(0)
    url = f"tcp://127.0.0.1:{server.port}"
    at = Rig.device("solar", line=url, timeout=Duration(50 * MILLISECOND))
    item = DeviceSettings(device=_named(at, "sma-roof"), settings=package.parse(at, {}))
    found = await examine(Patient(item=item, patience=Duration(50 * MILLISECOND)))
    await server.close()
    said = {one.code: one for one in found}
    assert menu in said[code].do
    assert "log in as installer" in said["MAKER_ASKS"].do


def _named(at, name):
    return replace(at, id=name)


async def test_lesson_042_what_only_the_makers_support_can_enable_is_said():
    """A gateway shows the 700 models only after its maker's support has enabled them."""
    made = Map(1, 103).put(Mn_1="Enphase Energy", SN_1="S", W_103=1, W_SF_103=0)
    async with served({1: made.memory.units[1]}) as port:
        said = await doctored(port)
    assert "support of Enphase" in said["MAKER_ASKS"]
