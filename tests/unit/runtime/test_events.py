"""Events of a device as faults: told when they come, when their words change, when they go."""

from gateway.model.time import Instant
from gateway.runtime.events import DeviceEvents


def told(fakes, *steps):
    bus = fakes.Heard()
    events = DeviceEvents(bus)
    for second, now in enumerate(steps):
        events.take(fakes.reading("d", Instant(second), 0.0, events=now))
    return [(fault.code, fault.active, fault.at) for fault in bus]


def test_an_event_is_told_once_when_it_comes_and_once_when_it_goes(fakes):
    hot = {"OVER_TEMP": "103 Evt1 bit 7"}
    assert told(fakes, {}, hot, dict(hot), dict(hot), {}, {}) == [
        ("OVER_TEMP", True, 1),
        ("OVER_TEMP", False, 4),
    ]


def test_one_goes_while_another_comes_and_a_raw_number_changes(fakes):
    one, two = {"A": "x", "VENDOR_EVENT": "0x1"}, {"B": "y", "VENDOR_EVENT": "0x3"}
    assert told(fakes, one, two) == [
        ("A", True, 0),
        ("VENDOR_EVENT", True, 0),
        ("A", False, 1),
        ("B", True, 1),
        ("VENDOR_EVENT", True, 1),
    ]
