"""Canonical JSON: what is written, and that it reads back."""

import json
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

import pytest

from gateway.model.canonical import from_json, quantise, text, thousandths, to_json
from gateway.model.device import Capabilities, Control, DeviceState, Timer
from gateway.model.event import Detail, Refused, ResponseCode
from gateway.model.position import Position
from gateway.model.reading import Quality, Reading
from gateway.model.request import Reply
from gateway.model.resource import POWER
from gateway.model.setpoint import Arming, RegisterWrite
from gateway.model.snapshot import DeviceView, Snapshot
from gateway.model.tender import Side, Tender, TenderSet
from gateway.model.time import SECOND, Duration, Instant, Interval

SLOT = Interval(Instant(10 * SECOND), Instant(20 * SECOND))
TENDERS = TenderSet(
    party="roof",
    product="power",
    interval=SLOT,
    tenders=(Tender(id="a", side=Side.SELL, price=-20, quantity=3000),),
    netting=True,
)
READING = Reading(
    device="roof",
    at=Instant(7),
    flows={POWER: -2310.4567},
    quality=Quality.GOOD,
    points={"103.W": -2310.5, "103.St": 4, "1.Mn": "Maker", "103.PF": None},
)
SNAPSHOT = Snapshot(
    at=Instant(9),
    devices={
        "roof": DeviceView(
            id="roof",
            state=DeviceState.ONLINE,
            capabilities=Capabilities(control=Control.LIMIT, rating_w=8000, timer=Timer(max_s=60)),
            since=Instant(1),
            reading=READING,
            quality=Quality.GOOD,
        ),
    },
    import_price=0.3,
    residual_w=1.0005,
)
REPLY = Reply(
    party="ann",
    request_id="r1",
    at=Instant(3),
    outcomes=(
        Refused(
            party="ann",
            product="power",
            code=ResponseCode.RULES_VIOLATION,
            detail=Detail.RULES_VIOLATION,
            description="no",
        ),
        Position(party="ann", product="power", steps=()),
    ),
)
ARMING = Arming(
    device="roof",
    connection="tcp://127.0.0.1:502",
    unit=1,
    at=Instant(5),
    identity=(RegisterWrite(address=40002, words=(1, 66)),),
    found=(RegisterWrite(address=40100, words=(10000, 0)),),
    level=(),
    timeout=Duration(SECOND),
)


@dataclass(frozen=True)
class _Odd:
    level: int | None = 5
    share: float = 0.5
    pair: tuple[int, str] = (1, "a")
    extra: object = None


class _Colour(StrEnum):
    RED = "red"


class _Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize("value", [TENDERS, REPLY, ARMING, _Odd(), _Odd(level=None)], ids=repr)
def test_value_without_fine_floats_reads_back_equal(value):
    assert value == from_json(type(value), json.loads(text(value)))


def test_text_has_sorted_keys_no_spaces_and_integers_only():
    expected = '{"extra":{"a":[1,null],"b":1500},"level":5,"pair":[1,"a"],"share":500}'
    assert expected == text(_Odd(extra={"b": 1.5, "a": (1, None)}))


def test_integer_in_a_float_field_is_written_in_thousandths_too():
    assert text(_Odd(share=2.0)) == text(_Odd(share=2))


def test_union_of_dataclasses_is_tagged_with_the_class_name():
    outcomes = to_json(REPLY)["outcomes"]
    assert [outcome["_"] for outcome in outcomes] == ["Refused", "Position"]
    assert "description" in outcomes[0]


def test_floats_are_rounded_half_to_even_thousandths():
    expected = [0, 2, 2, -2, -2, 1234]
    assert expected == [thousandths(x) for x in (0.0005, 0.0015, 0.0025, -0.0015, -0.0025, 1.2341)]


def test_large_floats_keep_their_exact_value():
    assert thousandths(1e17) == 10**20
    assert thousandths(1e17) / 1000 == 1e17


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_number_that_is_none_is_refused_naming_the_field(number):
    with pytest.raises(ValueError, match=r"_Odd.share: .*missing value is None"):
        text(_Odd(share=number))


def test_quantised_snapshot_equals_what_is_read_from_its_text():
    assert quantise(SNAPSHOT) == from_json(Snapshot, json.loads(text(SNAPSHOT)))
    assert quantise(SNAPSHOT) == quantise(quantise(SNAPSHOT))
    assert quantise(SNAPSHOT).devices["roof"].power_w == -2310.457


def test_point_values_keep_int_float_str_and_none():
    points = quantise(READING).points
    assert points == {"103.W": -2310.5, "103.St": 4, "1.Mn": "Maker", "103.PF": None}
    assert isinstance(points["103.St"], int)


def test_mapping_order_does_not_change_the_text():
    turned = replace(READING, points=dict(reversed(READING.points.items())))
    assert text(READING) == text(turned)


def test_non_ascii_text_is_escaped():
    assert text({"name": "été"}) == r'{"name":"\u00e9t\u00e9"}'


def test_enums_are_written_by_value():
    assert text([_Colour.RED, _Number.ONE]) == '["red",1]'


def test_what_is_empty_and_reads_back_empty_is_not_written():
    slim = replace(TENDERS, netting=False, revision=0, tenders=())
    assert sorted(to_json(slim)) == ["interval", "party", "product", "tenders"]
    assert to_json(_Odd(level=0, share=0.0))["level"] == 0
    assert to_json(_Odd(level=None))["level"] is None


def test_unknown_key_is_ignored_and_missing_one_takes_its_default():
    assert _Odd(level=7) == from_json(_Odd, {"level": 7, "later": 1})


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"device": 4}, r"Arming.device: expected str, found 4"),
        ([], r"expected an object"),
        (
            to_json(ARMING) | {"found": [{"address": "x", "words": []}]},
            r"Arming.found: RegisterWrite.address: expected int, found 'x'",
        ),
        ({k: v for k, v in to_json(ARMING).items() if k != "unit"}, r"Arming.unit: expected int"),
    ],
)
def test_data_that_does_not_fit_is_refused_naming_class_and_field(data, complaint):
    with pytest.raises(ValueError, match=complaint):
        from_json(Arming, data)


def test_value_without_canonical_form_is_refused():
    with pytest.raises(TypeError, match="has no canonical form"):
        text({"a": {1, 2}})
    with pytest.raises(TypeError, match="keys of a mapping are strings"):
        text({1: 2})
