"""Availability out of calendars: windows that come again, time zones, priorities, limits."""

import json
import time

import pytest

from gateway.adapters.calendar import CalendarUnusable, read_calendar
from gateway.model.time import SECOND, Instant, Interval, parse_rfc3339


def available(*lines, inner="", **head):
    parts = "\n".join(f"{name.replace('_', '-')}:{value}" for name, value in head.items())
    window = "\n".join(("BEGIN:AVAILABLE", "UID:w", "DTSTAMP:20260101T000000Z", *lines))
    return (
        f"BEGIN:VAVAILABILITY\nUID:a\nDTSTAMP:20260101T000000Z\n{parts}\n"
        f"{window}\nEND:AVAILABLE\n{inner}END:VAVAILABILITY\n"
    ).replace("\n\n", "\n")


def calendar(*parts):
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{''.join(parts)}END:VCALENDAR\n"


def hour(text, hours=1.0):
    start = parse_rfc3339(text)
    return Interval(start, Instant(start + int(hours * 3600) * SECOND))


EVENINGS = (
    "DTSTART;TZID=Europe/Berlin:20260105T170000",
    "DTEND;TZID=Europe/Berlin:20260105T210000",
    "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
)


@pytest.mark.parametrize(
    ("interval", "inside"),
    [
        (hour("2026-03-27T16:00:00Z", 4), True),  # winter: 17:00 is 16:00Z
        (hour("2026-03-30T15:00:00Z", 4), True),  # summer time has begun
        (hour("2026-03-30T15:00:00Z", 4.01), False),
        (hour("2026-03-30T14:59:00Z"), False),
        (hour("2026-03-28T16:00:00Z"), False),  # a Saturday
        (hour("2026-01-02T16:00:00Z"), False),  # before it began
    ],
)
def test_a_weekly_window_keeps_its_hours_on_the_clock(interval, inside):
    found = read_calendar(calendar(available(*EVENINGS)))
    assert found.covers("power", interval) is inside


def test_a_calendar_about_one_product_leaves_the_others_free():
    found = read_calendar(calendar(available(*EVENINGS, X_RMF_PRODUCT="power")))
    saturday = hour("2026-03-28T16:00:00Z")
    assert not found.covers("power", saturday)
    assert found.covers("heat", saturday)


def test_outside_its_range_a_calendar_says_nothing():
    window = ("DTSTART:20260602T000000Z", "DTEND:20260602T060000Z")
    ranged = available(*window, DTSTART="20260601T000000Z", DTEND="20260701T000000Z")
    found = read_calendar(calendar(ranged))
    assert found.covers("power", hour("2026-05-31T23:00:00Z"))
    assert not found.covers("power", hour("2026-06-01T00:00:00Z"))
    assert not found.covers("power", hour("2026-05-31T23:30:00Z"))
    assert found.covers("power", hour("2026-06-02T05:00:00Z"))


def test_a_higher_priority_overrides_its_range():
    usual = available(*EVENINGS, PRIORITY="0")
    away = available(
        "DTSTART:20260330T190000Z",
        "DTEND:20260330T200000Z",
        DTSTART="20260330T000000Z",
        DTEND="20260331T000000Z",
        PRIORITY="1",
    )
    for parts in ((usual, away), (away, usual)):
        found = read_calendar(calendar(*parts))
        assert not found.covers("power", hour("2026-03-30T15:00:00Z"))
        assert found.covers("power", hour("2026-03-30T19:00:00Z"))
        assert found.covers("power", hour("2026-03-31T15:00:00Z"))


@pytest.mark.parametrize(
    ("rule", "meets", "misses"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2026-01-11", "2026-01-12"),
        ("FREQ=DAILY;COUNT=3", "2026-01-07", "2026-01-08"),
        ("FREQ=DAILY;UNTIL=20260110T120000Z", "2026-01-10", "2026-01-11"),
        ("FREQ=WEEKLY;INTERVAL=2", "2026-01-19", "2026-01-12"),
        ("FREQ=MONTHLY;BYDAY=1MO", "2026-02-02", "2026-02-09"),
        ("FREQ=MONTHLY", "2026-03-05", "2026-03-06"),
        ("FREQ=MONTHLY;BYMONTHDAY=5,-1", "2026-02-28", "2026-02-27"),
        ("FREQ=YEARLY", "2027-01-05", "2027-02-05"),
        ("FREQ=YEARLY;BYMONTH=1,6;BYDAY=MO", "2026-06-01", "2026-07-06"),
    ],
)
def test_a_rule_meets_its_days(rule, meets, misses):
    window = ("DTSTART:20260105T100000Z", "DURATION:PT2H", f"RRULE:{rule}")
    found = read_calendar(calendar(available(*window)))
    assert found.covers("power", hour(f"{meets}T10:00:00Z", 2))
    assert not found.covers("power", hour(f"{misses}T10:00:00Z"))


def test_days_left_out_and_added_are_heeded():
    window = (
        "DTSTART:20260105T100000Z",
        "DURATION:PT2H",
        "RRULE:FREQ=DAILY",
        "EXDATE:20260107T100000Z",
        "RDATE:20260107T150000Z",
    )
    found = read_calendar(calendar(available(*window)))
    assert not found.covers("power", hour("2026-01-07T10:00:00Z"))
    assert found.covers("power", hour("2026-01-07T15:00:00Z", 2))


BERLIN = "TZID=Europe/Berlin"
FRIDAY = (
    "BEGIN:AVAILABLE\nUID:w\nDTSTAMP:20260101T000000Z\n"
    f"RECURRENCE-ID;{BERLIN}:20260109T170000\n"
    f"DTSTART;{BERLIN}:20260109T190000\nDTEND;{BERLIN}:20260109T200000\nEND:AVAILABLE\n"
)


def test_one_evening_that_was_moved_stands_in_the_place_of_its_own_alone():
    found = read_calendar(calendar(available(*EVENINGS, inner=FRIDAY)))
    assert not found.covers("power", hour("2026-01-09T16:00:00Z"))
    assert found.covers("power", hour("2026-01-09T18:00:00Z"))
    assert not found.covers("power", hour("2026-01-09T18:00:00Z", 2))
    assert found.covers("power", hour("2026-01-08T16:00:00Z", 4))
    assert found.covers("power", hour("2026-01-16T16:00:00Z", 4))


def test_an_evening_moved_with_all_that_follow_is_refused():
    inner = FRIDAY.replace("ID;", "ID;RANGE=THISANDFUTURE;")
    with pytest.raises(CalendarUnusable, match="taken for one occurrence"):
        read_calendar(calendar(available(*EVENINGS, inner=inner)))


def test_windows_that_touch_are_one():
    second = "BEGIN:AVAILABLE\nUID:v\nDTSTAMP:20260101T000000Z\nDTSTART:20260105T120000Z\n"
    inner = f"{second}DTEND:20260105T140000Z\nEND:AVAILABLE\n"
    window = ("DTSTART:20260105T100000Z", "DTEND:20260105T120000Z")
    found = read_calendar(calendar(available(*window, inner=inner)))
    assert found.covers("power", hour("2026-01-05T11:00:00Z", 2))


def test_jcal_says_the_same():
    utc = "2026-01-05T10:00:00Z"
    window = [
        ["uid", {}, "text", "w"],
        ["dtstamp", {}, "date-time", "2026-01-01T00:00:00Z"],
        ["dtstart", {}, "date-time", utc],
        ["duration", {}, "duration", "PT2H"],
        ["rrule", {}, "recur", {"freq": "DAILY"}],
    ]
    whole = [
        ["uid", {}, "text", "a"],
        ["dtstamp", {}, "date-time", "2026-01-01T00:00:00Z"],
    ]
    head = [["version", {}, "text", "2.0"], ["prodid", {}, "text", "-//test//EN"]]
    jcal = ["vcalendar", head, [["vavailability", whole, [["available", window, []]]]]]
    found = read_calendar(json.dumps(jcal))
    assert found.covers("power", hour("2026-02-05T10:00:00Z", 2))
    assert not found.covers("power", hour("2026-02-05T12:00:00Z"))


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=SECONDLY"),
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=MINUTELY;INTERVAL=1"),
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;BYSECOND=1,2,3"),
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;INTERVAL=0"),
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=99999999"),
        ("DTSTART:20260105T100000Z", "DURATION:PT2H", "RRULE:FREQ=YEARLY;BYDAY=20MO"),
        ("DTSTART:20260105T100000Z", "DURATION:P30D", "RRULE:FREQ=DAILY"),
        ("DTSTART:20260104T100000Z", "DURATION:PT2H", "RRULE:FREQ=WEEKLY;BYDAY=MO"),
        ("DTSTART:20260105T100000", "DURATION:PT2H"),
        ("DTSTART;VALUE=DATE:20260105", "DURATION:P1D"),
        ("DTSTART:yesterday", "DURATION:PT2H"),
        ("DTSTART:20260105T100000Z",),
        ("DTSTART:20260105T100000Z", "DTEND:20260105T090000Z"),
        ("DURATION:PT2H",),
    ],
)
def test_what_explodes_or_floats_is_refused(lines):
    with pytest.raises(CalendarUnusable):
        read_calendar(calendar(available(*lines)))


@pytest.mark.parametrize(
    "text", ["", "garbage", "[]", "[1]", "{}", '["vcalendar"]', calendar(), "BEGIN:VCALENDAR"]
)
def test_what_is_no_calendar_is_refused(text):
    with pytest.raises(CalendarUnusable):
        read_calendar(text)


def test_a_calendar_of_too_many_parts_is_refused():
    window = ("DTSTART:20260105T100000Z", "DURATION:PT2H")
    with pytest.raises(CalendarUnusable, match="at most"):
        read_calendar(calendar(*[available(*window)] * 201))


def test_a_rule_costs_the_same_however_long_ago_it_began():
    window = ("DTSTART:19900101T100000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=MO")
    found = read_calendar(calendar(available(*window)))
    began = time.process_time()
    for _ in range(100):
        assert not found.covers("power", hour("2026-01-06T10:00:00Z"))
    assert time.process_time() - began < 1.0


def test_a_calendar_is_never_taken_for_the_name_of_a_file(tmp_path):
    secret = tmp_path / "owner"
    secret.write_text("a-password-of-one-line\n")
    with pytest.raises(CalendarUnusable) as refused:
        read_calendar(str(secret))
    assert "a-password" not in str(refused.value)


ZONE = (
    "BEGIN:VTIMEZONE\nTZID:{}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0100\n"
    "TZOFFSETTO:+1200\nRRULE:FREQ=SECONDLY\nEND:STANDARD\nEND:VTIMEZONE\n"
)


def test_a_zone_defined_by_its_party_is_that_of_nobody():
    known = ZONE.format("Europe/Berlin").replace("VTIMEZONE", "VTIME\r\n\n ZONE")
    found = read_calendar(calendar(known, available(*EVENINGS)))
    assert found.covers("power", hour("2026-03-27T16:00:00Z", 4))
    for own in ("", ZONE.format("Mine")):
        with pytest.raises(CalendarUnusable, match="Europe/Berlin"):
            read_calendar(calendar(own, available("DTSTART;TZID=Mine:20260105T170000")))


@pytest.mark.parametrize("zone", ["America", "Europe", "A" * 300, "../owner", "Mars/Base"])
def test_what_names_no_zone_is_refused_and_tells_nothing_of_our_files(zone):
    with pytest.raises(CalendarUnusable, match="TZID") as refused:
        read_calendar(calendar(available(f"DTSTART;TZID={zone}:20260105T170000", "DURATION:PT2H")))
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize(
    "calendar_text",
    [
        "[" * 1000 + "]" * 1000,
        calendar(available(*EVENINGS[:2], "RDATE:99991231T230000Z")),
        calendar(*(available(*EVENINGS[:2], EVENINGS[2] + ";COUNT=9") for _ in range(11))),
        calendar(available(*EVENINGS[:2], "RRULE:FREQ=DAILY;COUNT=20000")),
        calendar(
            available(
                "DTSTART:20260101T000000Z",
                "DURATION:PT1H",
                "RDATE:"
                + ",".join(
                    f"2026{n // 28 % 12 + 1:02}{n % 28 + 1:02}T0{n % 9}0000Z" for n in range(300)
                ),
            )
        ),
        calendar(available(*EVENINGS[:2], "RRULE:FREQ=MONTHLY;BYDAY=9MO")),
        calendar(available(*EVENINGS, "SUMMARY:\ud800")),
    ],
)
def test_what_would_take_long_or_overflow_is_refused_when_it_is_read(calendar_text):
    with pytest.raises(CalendarUnusable):
        read_calendar(calendar_text)


def test_a_counted_rule_ends_with_its_last_day():
    found = read_calendar(calendar(available(*EVENINGS[:2], "RRULE:FREQ=DAILY;COUNT=3")))
    assert found.covers("power", hour("2026-01-07T16:00:00Z", 4))
    assert not found.covers("power", hour("2026-01-08T16:00:00Z", 4))
