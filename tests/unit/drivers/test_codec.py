"""The codec against pysunspec2's objects, which are the oracle."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sunspec2.device import Model

from drivers.sunspec.codec import exponent, layout, layout_of, raw, words_for
from drivers.sunspec.dialect import Dialect

LENGTHS = {
    1: 66,
    101: 50,
    102: 50,
    103: 50,
    111: 60,
    112: 60,
    113: 60,
    120: 26,
    121: 30,
    122: 44,
    123: 24,
    124: 24,
    201: 105,
    202: 105,
    203: 105,
    204: 105,
    211: 124,
    213: 124,
    701: 153,
    702: 50,
    703: 17,
    704: 65,
    713: 7,
    715: 7,
    802: 62,
}
LARGEST = 3.4e38
WORDS = st.one_of(
    st.integers(0, 0xFFFF),
    st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFF, 0x7FC0, 0x7F80, 0xFF80, 0xFFFE]),
)


def oracle(model, length, words):
    """Decoded points by our names, and which of them pysunspec2 has no right answer for."""
    data = struct.pack(f">{len(words)}H", *words)
    reference = Model(model_id=model, model_addr=0, model_len=length, data=data)
    values, doubtful = {}, set()
    groups = [("", reference)]
    for name, inner in reference.groups.items():
        if isinstance(inner, list):
            groups += [(f"{number}.", group) for number, group in enumerate(inner, 1)]
        else:
            groups.append((f"{name}.", inner))
    for prefix, group in groups:
        for name, point in group.points.items():
            kind = point.pdef["type"]
            if kind in {"sunssf", "pad"} or (not prefix and name in {"ID", "L"}):
                continue
            key = f"{model}.{prefix}{name}"
            values[key] = point.cvalue
            if point.sf:
                factor = reference.points[point.sf].value
                if factor is None or not -10 <= factor <= 10:
                    doubtful.add(key)
            if kind == "string":
                values[key] = None
                start = point.offset * 2
                raw = data[start : start + point.len * 2].split(b"\0", 1)[0]
                values[key] = raw.decode("utf-8", "replace") or None
            elif kind == "float32" and isinstance(values[key], float):
                beyond = not -LARGEST < values[key] < LARGEST
                values[key] = None if beyond else values[key]
    return values, doubtful


def assert_agrees(model, length, words):
    expected, doubtful = oracle(model, length, words)
    actual = layout(model, length).decode(words)
    assert expected.keys() == actual.keys()
    for name, value in expected.items():
        if name in doubtful:
            assert actual[name] is None, name
        elif isinstance(value, float):
            assert math.isclose(actual[name], value, rel_tol=1e-12, abs_tol=1e-12), name
        else:
            assert actual[name] == value, name


@pytest.mark.parametrize("model", LENGTHS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_words_decode_as_the_oracle_does(model, data):
    length = LENGTHS[model]
    words = data.draw(st.lists(WORDS, min_size=length, max_size=length))
    for point in layout(model, length).points:
        if point.type == "sunssf":
            factor = data.draw(st.one_of(st.integers(-12, 12), st.just(-0x8000)))
            words[point.offset - 2] = factor & 0xFFFF
    assert_agrees(model, length, (model, length, *words))


@given(modules=st.integers(0, 12), data=st.data())
def test_repeating_modules_decode_as_the_oracle_does(modules, data):
    length = 8 + 20 * modules
    words = data.draw(st.lists(WORDS, min_size=length, max_size=length))
    words[6] = modules
    for place in range(4):
        words[place] = data.draw(st.integers(-10, 10)) & 0xFFFF
    assert_agrees(160, length, (160, length, *words))


def test_a_shorter_model_has_the_points_that_fit():
    points = layout(103, 13).decode((103, 13, *range(13)))
    assert points["103.W"] is None  # there, but its scale factor lies behind the end
    assert "103.Hz" not in points


def test_a_longer_model_ends_with_registers_nobody_knows():
    words = (123, 30, *[0] * 21, 0xFFFE, *[0] * 8)
    assert layout(123, 30).decode(words)["123.WMaxLimPct"] == 0.0


def test_a_scale_factor_that_moves_is_used_as_it_stands_in_the_read():
    words = [0] * 52
    words[0:2] = 103, 50
    words[14] = 1234
    first = layout(103, 50).decode(tuple(words))["103.W"]
    words[15] = 0xFFFF
    assert (first, layout(103, 50).decode(tuple(words))["103.W"]) == (1234, 123.4)


@pytest.mark.parametrize("bits", [0x7FC00000, 0x7FBFFF80, 0xFFC00000, 0x7F800000, 0xFF800000])
def test_every_nan_and_infinity_is_a_missing_value(bits):
    words = [0] * 62
    words[0:2] = 113, 60
    words[22:24] = bits >> 16, bits & 0xFFFF
    assert layout(113, 60).decode(tuple(words))["113.W"] is None


def test_a_string_ends_at_its_first_nul_whatever_follows():
    words = [0] * 68
    words[2:5] = 0x4142, 0x0043, 0xFFFE
    assert layout(1, 66).decode(tuple(words))["1.Mn"] == "AB"


@pytest.mark.parametrize(
    ("word", "power"), [(0, 0), (0xFFFE, -2), (10, 10), (11, None), (0xFFF5, None), (0x8000, None)]
)
def test_a_scale_factor_outside_ten_powers_is_none(word, power):
    assert exponent(word) == power


def test_a_group_that_stands_once_is_named_and_not_repeated():
    names = [point.name for point in layout(704, 65).points]
    assert names[-8:-4] == ["PFWInj.PF", "PFWInj.Ext", "PFWInjRvrt.PF", "PFWInjRvrt.Ext"]
    assert len(names) == len(set(names))


def test_ports_of_714_are_as_many_as_its_length_holds():
    assert layout(714, 68).point("2.DCW").offset == 57
    assert layout(714, 68).point("3.DCW") is None


@given(curves=st.integers(0, 4), points=st.integers(0, 8))
def test_groups_within_groups_are_counted_by_the_models_own_words(curves, points):
    length = 13 + curves * (10 + 2 * points)
    words = [705, length, *range(100, 100 + length)]
    shape = layout(705, length)
    words[shape.point("NCrv").offset], words[shape.point("NPt").offset] = curves, points
    names = {point.name for point in layout_of(words).points}
    assert {n for n in names if n.endswith(".V")} == {
        f"{c}.{p}.V" for c in range(1, curves + 1) for p in range(1, points + 1)
    }


def test_a_scale_factor_may_stand_in_the_definition_itself():
    assert layout(307, 11).decode((307, 11, 225, *[0x8000] * 10))["307.TmpAmb"] == 22.5


def test_a_hardware_address_is_text_and_all_ones_are_none():
    words = [11, 13, *[0] * 13]
    at = layout(11, 13).point("MAC").offset
    words[at : at + 4] = 0x0000, 0x0040, 0xADA9, 0x9576
    assert layout(11, 13).decode(tuple(words))["11.MAC"] == "00:40:AD:A9:95:76"
    words[at : at + 4] = [0xFFFF] * 4
    assert layout(11, 13).decode(tuple(words))["11.MAC"] is None


@given(value=st.integers(-(2**40), 2**40), name=st.sampled_from(["WSet", "WSetPct", "WMaxLimPct"]))
def test_a_number_becomes_words_and_back_or_the_nearest_that_is_not_nothing(value, name):
    point = layout(704, 65).point(name)
    back = raw(point, words_for(point, value))
    most = {"WSet": 2**31 - 1, "WSetPct": 2**15 - 1, "WMaxLimPct": 2**16 - 2}[name]
    assert back == max(0 if name == "WMaxLimPct" else -most, min(most, value))


@pytest.mark.parametrize(("word", "w"), [(0x8000, 1234), (0xFFFF, 123.4), (11, None)])
def test_a_bare_number_counts_only_where_no_scale_factor_is_implemented(word, w):
    words = (103, 50, *[0] * 12, 1234, word, *[0] * 36)
    bare = layout(103, 50, (), Dialect(bare_numbers=True))
    assert bare.decode(words)["103.W"] == w
