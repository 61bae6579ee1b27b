"""The table of quirks, and that every key of it changes what a device sees."""

import tomllib
from importlib.resources import files

import pytest

from drivers.sunspec.quirk_keys import KEYS
from drivers.sunspec.quirks import Row, as_version, is_within, quirks_of, table
from gateway.model.device import Identity
from gateway.model.time import MILLISECOND, SECOND
from gateway.ports.line import Pacing


def like(row):
    """A device that the row was written for."""
    maker, model = (text.replace("*", "x").replace("?", "x") for text in (row.maker, row.model))
    version = "" if row.firmware == "*" else row.firmware.lstrip("<>=").split()[0]
    return Identity(maker=maker, model=model, version=version)


def row(maker="*", model="*", firmware="*", **values):
    return Row(maker=maker, model=model, firmware=firmware, values=values, why="", source="")


@pytest.mark.parametrize("one", table(), ids=lambda row: f"{row.maker} {row.model}")
def test_every_row_decides_something_of_a_device_like_it_and_says_why(one):
    quirks = quirks_of(like(one), {})
    assert one.values.items() <= quirks.values.items()
    assert one.why
    assert one.source
    assert any(one.why in told and one.source in told for told in quirks.told)


def test_no_row_stands_in_the_table_twice_for_the_same_devices_and_key():
    seen = [(r.maker, r.model, r.firmware, key) for r in table() for key in r.values]
    assert len(seen) == len(set(seen))


def test_the_file_has_as_many_rows_as_are_read_and_names_no_unknown_key():
    raw = tomllib.loads((files("drivers.sunspec") / "quirks.toml").read_text())["quirk"]
    assert len(raw) == len(table()) > 5
    assert {key for r in table() for key in r.values} <= set(KEYS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('maker = "A"\nwhy = "b"\nsource = "c"', "says nothing"),
        ('maker = "A"\nrecipe = "standard"\nsource = "c"', "why is missing"),
        ('maker = "A"\nrecipe = "standard"\nwhy = "c"', "source is missing"),
        ('maker = "A"\nrecipe = "twice"\nwhy = "b"\nsource = "c"', "'twice' is not standard"),
        ('maker = "A"\nword = 1\nwhy = "b"\nsource = "c"', "no such key"),
        ('maker = "A"\nfirmware = "1.2"\ngap = "1s"\nwhy = "b"\nsource = "c"', "is no range"),
    ],
)
def test_a_bad_row_is_named_with_what_is_wrong(text, said):
    with pytest.raises(ValueError, match=said) as error:
        table(f"[[quirk]]\n{text}\n")
    assert "row 1" in str(error.value)


@pytest.mark.parametrize(
    ("version", "bounds", "within"),
    [
        ("1.20.3", ">=1.9 <1.30", True),
        ("1.9", ">=1.20", False),
        ("03.14.22.R", ">=3.14.22", True),
        ("4.00.75.R", "<4", False),
        ("V1.30.0", "=1.30", True),
        ("0004.0006.0024", "<=4.6.24", True),
        ("1.30.7-1", ">1.30.7", True),
        ("", ">=0", False),
        ("", "*", True),
    ],
)
def test_firmware_is_compared_by_number(version, bounds, within):
    assert is_within(version, bounds) is within


def test_zero_is_a_version_and_no_text_is_none():
    assert as_version("0.0") == as_version("0")
    assert as_version("-") == ()


def test_of_two_rows_the_more_specific_counts_whatever_their_order():
    device = Identity(maker="Fronius", model="Primo GEN24 5.0", version="1.30.7")
    rows = [
        row("Fronius*", "*GEN24*", ">=1.20", floor_pct=4.0),
        row("Fronius*", "*GEN24*", floor_pct=3.0),
        row("F*", floor_pct=1.0),
        row("fronius*", floor_pct=2.0, gap=5),
        row("SMA*", floor_pct=9.0),
    ]
    for some in (rows, rows[::-1]):
        assert quirks_of(device, {}, some).values == {"floor_pct": 4.0, "gap": 5}
    assert quirks_of(device, {}, rows[1:]).values["floor_pct"] == 3.0


def test_what_the_owner_wrote_goes_before_the_table_and_none_leaves_it_out():
    device = Identity(maker="Fronius")
    assert quirks_of(device, {}).manner.recipe == "enable-toggle"
    owners = quirks_of(device, {"recipe": "standard"})
    assert owners.manner.recipe == "standard"
    assert owners.told == ("quirk recipe = standard: as configured",)
    assert quirks_of(device, None).values == {}


async def test_a_device_is_described_with_its_quirks_and_their_reasons(rig):
    async with rig.mem(rig.inverter(Mn_1="Fronius").memory) as line:
        notes = (await rig.driver(line, "solar").connect()).notes
    (note,) = (note for note in notes if note.startswith("quirk"))
    assert "recipe = enable-toggle of Fronius*" in note
    assert "pull request 58" in note


# Each key, as the device or the line sees it.  How recipes are obeyed: test_recipes.


async def described(rig, made, keys, **more):
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar", keys={"quirks": keys}, **more)
        return await driver.connect()


async def test_floors_and_timer_are_what_the_device_is_described_with(rig):
    keys = {"floor_pct": 2.5, "wake_floor_pct": 5, "timer_max": "2min"}
    able = (await described(rig, rig.inverter(), keys)).capabilities
    assert (able.floor_w, able.wake_floor_w, able.timer.max_s) == (200, 400, 120)


async def test_the_same_floors_and_timer_hold_for_704(rig):
    keys = {"floor_pct": 2.5, "wake_floor_pct": 5, "timer_max": "2min"}
    able = (await described(rig, rig.der(), keys)).capabilities
    assert (able.floor_w, able.wake_floor_w, able.timer.max_s) == (200, 400, 120)


async def test_a_limit_below_the_floor_is_written_as_the_floor(rig):
    made = rig.inverter()
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar", keys={"quirks": {"floor_pct": 2.5}})
        await driver.connect()
        await driver.write(rig.setpoint(-10))
    assert made.get("123.WMaxLimPct") == 250


@pytest.mark.parametrize("most", [16, 30, 50])
async def test_no_request_reads_more_than_it_may(rig, most):
    made = rig.inverter()
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar", keys={"quirks": {"max_read": most}})
        told = await driver.connect()
        reading = await driver.read()
        await driver.arm()
        await driver.write(rig.setpoint(-10))
    reads = [count for kind, _, count in made.memory.requests if kind == "read"]
    assert max(reads) <= most
    assert (told.identity.maker, reading.power_w) == ("Maker", -3000)


@pytest.mark.parametrize(
    ("key", "points", "name", "value"),
    [
        ("low_word_first", {"WH_103": 0x0001_0000, "WH_SF_103": 0}, "103.WH", 1),
        ("bare_numbers", {"W_SF_103": 0x8000}, "103.W", 3000),
        ("signed_counters", {"WH_103": 0xFFFF_FF9C, "WH_SF_103": 0}, "103.WH", 100),
    ],
)
async def test_words_are_read_in_the_devices_dialect(rig, key, points, name, value):
    read = []
    for keys in ({}, {key: True}):
        async with rig.mem(rig.inverter(**points).memory) as line:
            driver = rig.driver(line, "solar", keys={"quirks": keys})
            await driver.connect()
            read.append((await driver.read()).points[name])
    assert read[0] != value
    assert read[1] == value


async def test_pauses_and_the_close_are_told_to_the_line(rig):
    told = []
    keys = {"connect_delay": "2s", "gap": "50ms", "settle": "1s", "reset_close": True}
    async with rig.mem(rig.inverter().memory) as line:
        line.pace = told.append
        await rig.driver(line, "solar", keys={"quirks": keys}).connect()
    pacing = Pacing(connect_delay=2 * SECOND, gap=50 * MILLISECOND, settle=SECOND, reset_close=True)
    assert told == [pacing]


@pytest.mark.parametrize(
    ("keys", "watts"), [({}, 1500), ({"sign": "import"}, -1500), ({"quirks": "none"}, -1500)]
)
async def test_a_meter_that_counts_feed_in_as_positive_is_read_so_unless_the_owner_says_otherwise(
    rig, keys, watts
):
    made = rig.Map(1, 203).put(Mn_1="WattNode", Md_1="WND-3Y-400-MB", W_203=-1500 & 0xFFFF)
    made.put(W_SF_203=0)
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "grid", keys=keys)
        await driver.connect()
        assert (await driver.read()).power_w == watts


async def test_an_owner_of_a_solaredge_is_told_how_its_power_can_be_limited(rig):
    made = rig.Map(1, 103).put(Mn_1="SolarEdge", W_103=100, W_SF_103=0)
    notes = (await described(rig, made, {})).notes
    assert any("map solaredge-power" in note for note in notes)


def test_every_key_is_looked_at_here():
    looked_at = {"recipe", "floor_pct", "wake_floor_pct", "timer_max", "max_read", "connect_delay"}
    looked_at |= {"gap", "settle", "reset_close", "sign", "advice"}
    looked_at |= {"low_word_first", "bare_numbers", "signed_counters"}
    assert set(KEYS) == looked_at
