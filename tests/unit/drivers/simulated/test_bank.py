"""The register memory, against pysunspec2's own objects as the oracle."""

import struct

import pytest
from sunspec2 import device as oracle

from drivers.sunspec.bank import BASE, Bank
from gateway.model.errors import RequestRefused

INVERTER = {"W_SF": 1, "W": 5430, "A_SF": -2, "A": 7.91, "WH_SF": 0, "WH": 70_000, "Evt1": 4}


def decoded(bank, model, count):
    """The first model of the chain as pysunspec2 reads it."""
    words = bank.read(BASE + 2, count + 2)
    data = struct.pack(f">{len(words)}H", *words)
    return oracle.Model(model_id=model, model_addr=BASE + 2, model_len=words[1], data=data)


def test_values_and_scale_factors_are_what_pysunspec2_reads():
    model = decoded(Bank([(103, 0, INVERTER)]), 103, 50)
    found = {name: getattr(model, name).cvalue for name in ("W", "A", "WH", "Evt1", "W_SF")}
    assert found == {"W": 5430, "A": 7.91, "WH": 70_000, "Evt1": 4, "W_SF": 1}


def test_points_never_set_are_not_implemented():
    model = decoded(Bank([(103, 0, INVERTER)]), 103, 50)
    points = (model.DCV, model.VAr, model.St, model.EvtVnd1, model.DCV_SF)
    assert [point.value for point in points] == [None] * 5


def test_repeating_groups_stand_where_pysunspec2_looks():
    values = {"N": 2, "DCW_SF": 0, "1.IDStr": "East", "1.DCW": 100, "2.IDStr": "West", "2.DCW": 200}
    model = decoded(Bank([(160, 2, values)]), 160, 48)
    found = [(module.IDStr.value, module.DCW.cvalue) for module in model.groups["module"]]
    assert found == [("East", 100), ("West", 200)]


def test_negative_values_and_strings_survive():
    bank = Bank([(203, 0, {"W_SF": 0}), (1, 0, {"Mn": "Maker"})])
    bank.put("203.W", -1234)
    assert decoded(bank, 203, 105).W.cvalue == -1234
    words = bank.read(bank.address("1.Mn"), 16)
    assert struct.pack(">16H", *words).rstrip(b"\0") == b"Maker"


def test_what_was_put_is_what_is_got():
    bank = Bank([(123, 0, {"WMaxLimPct_SF": -2})])
    bank.put("123.WMaxLimPct", 60.5)
    assert (bank.get("123.WMaxLimPct"), bank.get("123.Conn")) == (60.5, None)


def test_value_beyond_the_type_saturates():
    bank = Bank([(203, 0, {"W_SF": 0})])
    bank.put("203.W", 50_000)
    assert bank.get("203.W") == 32_767


def test_accumulator_rolls_over():
    bank = Bank([(103, 0, {"WH_SF": 0})])
    bank.put("103.WH", 2**32 + 5)
    assert bank.get("103.WH") == 5


def test_chain_begins_with_the_marker_and_ends_with_the_end_model():
    bank = Bank([(123, 0, {})])
    assert bank.read(BASE, 4) == [0x5375, 0x6E53, 123, 24]
    assert bank.read(BASE + 4 + 24, 2) == [0xFFFF, 0]


@pytest.mark.parametrize(("address", "count"), [(0, 2), (BASE - 1, 2), (BASE + 28, 3)])
def test_read_outside_the_chain_is_refused_with_code_2(address, count):
    with pytest.raises(RequestRefused) as refused:
        Bank([(123, 0, {})]).read(address, count)
    assert refused.value.code == 2


def test_write_to_a_read_only_point_is_refused_with_code_2():
    bank = Bank([(123, 0, {"WMaxLimPct_SF": -2})])
    with pytest.raises(RequestRefused) as refused:
        bank.offered(bank.address("123.WMaxLimPct_SF"), [1])
    assert refused.value.code == 2


def test_write_over_unimplemented_points_leaves_them_out():
    bank = Bank([(123, 0, {"WMaxLimPct_SF": -2, "WMaxLimPct": 100, "WMaxLimPct_RvrtTms": 0})])
    wanted = bank.offered(bank.address("123.WMaxLimPct"), [4000, 0, 60])
    assert wanted == {"123.WMaxLimPct": 40, "123.WMaxLimPct_RvrtTms": 60}
