import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.points import Point
from drivers.modbus.requests import together
from drivers.modbus.values import raw, value


def of(point, words):
    return value(point, raw(point, words), words)


CODES = {"uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "float32": "f"}


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("kind", CODES)
@given(data=st.binary(min_size=4, max_size=4))
def test_every_type_is_decoded_in_both_word_orders(kind, order, data):
    size = struct.calcsize(f">{CODES[kind]}")
    (expected,) = struct.unpack(f">{CODES[kind]}", data[:size])
    words = [int.from_bytes(data[at : at + 2], "big") for at in range(0, size, 2)]
    if order == "little":
        words.reverse()
    point = Point(address=7, type=kind, order=order)
    decoded = of(point, dict(enumerate(words, 7)))
    # With its words the other way round NaN is smaller than anything measured.
    tiny = kind == "float32" and order == "little" and 0 < abs(expected) < 1e-37
    assert decoded == expected if abs(expected) < 3.4e38 and not tiny else decoded is None


def test_a_missing_value_is_compared_before_it_is_scaled():
    point = Point(address=1, type="int16", scale=0.1, missing=-32768)
    assert of(point, {1: 0x8000}) is None
    assert of(point, {1: 215}) == 21.5


def test_points_near_each_other_share_a_request():
    wanted = [("holding", address, 2) for address in (110, 100, 300, 420)]
    blocks = [("holding", 100, 12), ("holding", 300, 2), ("holding", 420, 2)]
    assert list(together(wanted, gap=16, most=125)) == blocks
