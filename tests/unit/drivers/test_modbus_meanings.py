"""What a point of a register map can mean beside a plain number."""

import pytest

from drivers.modbus.map import RegisterMap
from drivers.modbus.measure import Measurer
from drivers.modbus.points import Point
from drivers.modbus.values import raw, value
from gateway.model.device import Device, Role
from gateway.model.reading import Quality
from gateway.model.time import Instant


def of(words, **told):
    point = Point(**({"address": 0, "type": "uint16"} | told))
    return value(point, raw(point, words), words)


def read(words, role=Role.STORAGE, **points):
    known = RegisterMap(map="x", points=points)
    device = Device(id="x", role=role, driver="modbus", connection="", line="")
    placed = {
        (table, at): word for table in ("holding", "input", "coil") for at, word in enumerate(words)
    }
    return Measurer(device, known).reading(placed, Instant(0), None)


POWER = {"address": 0, "type": "int16", "role": "power"}


def test_the_set_bits_of_a_word_are_told_by_name_and_unknown_ones_by_number():
    assert of({0: 0b1000_0101}, bits={0: "earth", 2: "hot"}) == "earth, hot, bit 7"
    assert of({0: 0}, bits={0: "earth"}) == ""


def test_bits_of_two_words_count_from_the_low_one():
    word = {0: 0x0001, 1: 0x8000}
    assert of(word, type="uint32", bits={15: "low", 16: "high"}) == "low, high"


def test_a_raw_value_has_its_name_and_an_unknown_one_stays_a_number():
    names = {1: "off", 2: "on"}
    assert of({0: 2}, values=names) == "on"
    assert of({0: 49}, values=names) == 49


def test_a_raw_value_can_stand_for_a_number_and_an_unknown_one_for_none():
    watts = {0: 0, 1: 1500}
    assert of({0: 1}, values=watts) == 1500
    assert of({0: 7}, values=watts) is None


@pytest.mark.parametrize(
    ("word", "exponent", "number"),
    [(31250, 0xFFFF, 3125), (31250, 0, 31250), (5, 3, 5000), (5, 0x8000, None), (5, 11, None)],
)
def test_a_power_of_ten_beside_the_value_scales_it(word, exponent, number):
    assert of({0: word, 1: exponent}, exponent=1) == number


@pytest.mark.parametrize(
    ("state", "number"), [(0x02, 1500), (0x04, -1500), (0x00, 0), (0x06, -1500), (0x80, 0)]
)
def test_another_register_tells_which_way_a_value_flows(state, number):
    sign = {"address": 1, "positive": 0x02, "negative": 0x04}
    assert of({0: 1500, 1: state}, sign=sign) == number


def test_a_value_that_has_a_sign_already_is_not_turned_twice():
    """Some firmware sends the sign as well."""
    sign = {"address": 1, "positive": 0x02, "negative": 0x04}
    assert of({0: 0x10000 - 1500, 1: 0x04}, type="int16", sign=sign) == -1500


@pytest.mark.parametrize("word", [0x7FFF, 0xFFFF])
def test_any_of_several_sentinels_is_no_value(word):
    assert of({0: word}, missing=(0x7FFF, 0xFFFF)) is None


def test_a_sentinel_is_known_in_the_order_it_was_not_swapped_too():
    """A sleeping battery sends its sentinel with the high word first."""
    swapped = {"type": "int32", "order": "little", "missing": (-0x80000000, 0x8000)}
    assert of({0: 0, 1: 0x8000}, **swapped) is None
    assert of({0: 0x8000, 1: 0}, **swapped) is None


def test_coils_are_a_number_whose_first_is_the_lowest_bit():
    assert of({0: 1, 1: 0, 2: 1}, table="coil", length=3) == 5


def test_a_sum_goes_on_without_an_optional_part_and_not_without_another():
    part = {"type": "int16", "missing": -1, "role": "power"}
    strings = {f"pv{n}": {"address": n, "optional": True, **part} for n in range(3)}
    assert read([1000, 0xFFFF, 500], **strings).power_w == 1500
    assert read([0xFFFF] * 3, **strings).quality is Quality.MISSING
    strings["pv1"]["optional"] = False
    assert read([1000, 0xFFFF, 500], **strings).power_w is None


def test_power_in_kilowatts_is_told_in_watts():
    assert read([12], power={**POWER, "unit": "kW"}).power_w == 12_000


def test_a_state_can_be_sleep_or_a_fault_by_name():
    state = {
        "address": 1, "type": "uint16", "role": "state",
        "values": {2: "night", 4: "run", 7: "broken"}, "asleep": (2,), "faulty": (7,),
    }  # fmt: skip
    asleep = read([0, 2], power=POWER, state=state)
    running = read([5, 4], power=POWER, state=state)
    faulty = read([0, 7], power=POWER, state=state)
    assert (asleep.asleep, asleep.fault) == (True, "")
    assert (running.asleep, running.fault) == (False, "")
    assert (faulty.asleep, faulty.fault) == (False, "state broken")


def test_fault_bits_are_the_reading_s_fault():
    events = {"address": 1, "type": "uint16", "role": "fault", "bits": {3: "over temperature"}}
    assert read([0, 8], power=POWER, events=events).fault == "over temperature"
    assert read([0, 0], power=POWER, events=events).fault == ""


@pytest.mark.parametrize(("word", "soc"), [(0, 0), (100, 100), (101, None), (6554, None)])
def test_a_charge_that_no_battery_can_have_is_none(word, soc):
    reading = read([0, word], power=POWER, charge={"address": 1, "type": "uint16", "role": "soc"})
    assert reading.soc_pct == soc


def test_what_is_left_of_the_countdown_is_told():
    left = {"address": 1, "type": "uint16", "role": "timer_left"}
    assert read([0, 42], power=POWER, left=left).timer_left_s == 42
