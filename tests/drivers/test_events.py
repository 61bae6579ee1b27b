"""Event bitfields by the standard's names, out of every model that has them."""

import pytest

from drivers.sunspec.codec import known
from drivers.sunspec.discovery import Header
from drivers.sunspec.events import VENDOR, Events, fields

LONG = {401: 14 + 8 * 2, 160: 8 + 20 * 2, 714: 18 + 25 * 2}


def header(model):
    lengths = {103: 50, 113: 60, 203: 105, 213: 124, 701: 153, 802: 62} | LONG
    return Header(model=model, address=40100, length=lengths[model])


@pytest.mark.parametrize(
    ("point", "value", "told"),
    [
        ("103.Evt1", 1 << 7, {"OVER_TEMP": "103 Evt1 bit 7"}),
        ("103.Evt1", 1 << 20, {"EVT1_BIT_20": "103 Evt1 bit 20"}),
        ("103.Evt1", None, {}),
        ("103.Evt1", 0, {}),
        ("113.Evt1", 1 << 12, {"BLOWN_STRING_FUSE": "113 Evt1 bit 12"}),
        ("103.EvtVnd2", 0x21, {VENDOR: "103 EvtVnd2 is 0x00000021"}),
        ("103.Evt2", 1, {VENDOR: "103 Evt2 is 0x00000001"}),
        ("160.2.DCEvt", 1 << 15, {"ARC_DETECTION": "160 2 DCEvt bit 15"}),
        ("203.Evt", 1 << 7, {"M_EVENT_Missing_Sensor": "203 Evt bit 7"}),
        ("701.Alrm", 1 << 16, {"MANUFACTURER_ALRM": "701 Alrm bit 16"}),
        ("714.1.DCAlrm", 1, {"GROUND_FAULT": "714 1 DCAlrm bit 0"}),
        ("802.Evt1", 1 << 20, {"CONTACTOR_ERROR": "802 Evt1 bit 20"}),
    ],
)
def test_a_bit_is_told_by_its_name_and_place(point, value, told):
    model = int(point.partition(".")[0])
    assert known(model)
    assert Events([header(model)]).take({point: value}) == told


def test_one_name_out_of_two_models_is_one_event_with_two_places():
    events = Events([header(160), header(103)])
    found = events.take({"103.Evt1": 1, "160.1.DCEvt": 1})
    assert found == {"GROUND_FAULT": "160 1 DCEvt bit 0, 103 Evt1 bit 0"}


def test_a_model_that_was_not_read_has_said_what_it_said_last():
    events = Events([header(103), header(802)])
    first = events.take({"103.Evt1": 1, "802.Evt1": 1 << 20})
    assert events.take({"103.Evt1": 1}) is first
    assert events.take({"103.Evt1": 0}) == {"CONTACTOR_ERROR": "802 Evt1 bit 20"}


def test_states_and_modes_are_no_events():
    names = {field.point for model in (701, 802) for field in fields(header(model))}
    assert names == {"701.Alrm", "802.Evt1", "802.Evt2", "802.EvtVnd1", "802.EvtVnd2"}


async def test_an_inverter_that_works_is_not_faulty_by_an_event(rig):
    made = rig.inverter(Evt1_103=1 << 7, EvtVnd1_103=5)
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        works = await driver.read()
        made.put(W_103=0)
        stands = await driver.read()
    assert (works.fault, stands.fault) == ("", "OVER_TEMP")
    assert works.events == {
        "OVER_TEMP": "103 Evt1 bit 7",
        VENDOR: "103 EvtVnd1 is 0x00000005",
    }


async def test_a_state_of_failure_beside_a_flow_is_a_contradiction_and_noted(rig):
    made = rig.inverter(St_103=7)
    async with rig.mem(made.memory) as line:
        driver = rig.driver(line, "solar")
        await driver.connect()
        reading = await driver.read()
    assert reading.fault == ""
    assert "its power is believed" in reading.note
