"""Tariffs out of calendars: zones, clocks that change, exceptions, gaps, two at once, bounds."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.calendar_prices import read_prices
from gateway.adapters.calendar_text import CalendarUnusable
from gateway.model.time import HOUR, Instant, Interval, parse_rfc3339

BERLIN = "Europe/Berlin"


def event(*lines, uid="e"):
    return "\n".join(
        ("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT")
    )


def calendar(*events):
    return "\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR\n"))


def clock(name, start, end, *more, zone=BERLIN, day="20260101", end_day=None, rule="FREQ=DAILY"):
    return event(
        f"SUMMARY:{name}",
        f"DTSTART;TZID={zone}:{day}T{start}00",
        f"DTEND;TZID={zone}:{end_day or day}T{end}00",
        f"RRULE:{rule}",
        *more,
        uid=name,
    )


DAY = clock("Day 0.35", "0600", "2200")
NIGHT = clock("Night 0.21", "2200", "0600", end_day="20260102")


def at(prices, text):
    return prices.at(parse_rfc3339(text))


@pytest.mark.parametrize(
    ("instant", "price"),
    [
        ("2026-02-01T04:59:00Z", 0.21),  # winter: 06:00 is 05:00Z
        ("2026-02-01T05:00:00Z", 0.35),
        ("2026-07-01T03:59:00Z", 0.21),  # summer
        ("2026-07-01T04:00:00Z", 0.35),
        ("2026-07-01T20:00:00Z", 0.21),
    ],
)
def test_a_price_keeps_its_hours_on_the_clock(instant, price):
    assert at(read_prices(calendar(DAY, NIGHT), BERLIN, 0.5), instant) == price


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)]
)
@pytest.mark.parametrize("border", ["0200", "0230", "0300"])
def test_a_border_in_the_hour_of_the_change_leaves_no_gap_and_no_overlap(day, hours, border):
    early = clock("Early 0.1", "0000", border)
    late = clock("Late 0.2", border, "0000", end_day="20260102")
    prices = read_prices(calendar(early, late), BERLIN)
    start = parse_rfc3339(f"{day}T00:00:00+02:00" if hours != 23 else f"{day}T00:00:00+01:00")
    steps = prices.steps(Interval(start, Instant(start + hours * HOUR)))
    assert [price for _, price in steps] == [0.1, 0.2]


def test_hours_with_a_duration_follow_each_other_all_year_without_gap_or_overlap():
    hours = (
        event(
            f"X-RMF-PRICE:{n}",
            f"DTSTART;TZID={BERLIN}:20260101T{n:02}0000",
            "DURATION:PT1H",
            "RRULE:FREQ=DAILY",
            uid=str(n),
        )
        for n in range(24)
    )
    prices = read_prices(calendar(*hours), BERLIN)
    assert at(prices, "2026-03-29T01:00:00Z") == 3
    assert at(prices, "2026-10-25T01:30:00Z") == 2


def test_an_occurrence_that_is_left_out_has_the_default():
    without = clock(
        "All 0.3", "0000", "0000", f"EXDATE;TZID={BERLIN}:20260105T000000", end_day="20260102"
    )
    prices = read_prices(calendar(without), BERLIN, 0.9)
    assert at(prices, "2026-01-05T11:00:00Z") == 0.9
    assert at(prices, "2026-01-06T11:00:00Z") == 0.3


def test_an_occurrence_that_was_moved_is_elsewhere_and_may_cost_otherwise():
    moved = event(
        "SUMMARY:Day 0.99",
        f"RECURRENCE-ID;TZID={BERLIN}:20260105T060000",
        f"DTSTART;TZID={BERLIN}:20260105T100000",
        f"DTEND;TZID={BERLIN}:20260105T110000",
        uid="Day 0.35",
    )
    prices = read_prices(calendar(DAY, moved), BERLIN, 0.1)
    assert at(prices, "2026-01-05T08:00:00Z") == 0.1
    assert at(prices, "2026-01-05T09:30:00Z") == 0.99
    assert at(prices, "2026-01-06T08:00:00Z") == 0.35


def test_whole_days_are_days_of_the_house():
    weekend = event(
        "SUMMARY:Weekend 0.2",
        "DTSTART;VALUE=DATE:20260103",
        "DTEND;VALUE=DATE:20260105",
        "RRULE:FREQ=WEEKLY",
    )
    prices = read_prices(calendar(weekend), BERLIN, 0.4)
    assert at(prices, "2026-01-02T23:30:00Z") == 0.2
    assert at(prices, "2026-01-04T22:59:00Z") == 0.2
    assert at(prices, "2026-01-04T23:00:00Z") == 0.4


def test_a_property_goes_before_the_name():
    one = event(
        "SUMMARY:between 17 and 20",
        "X-RMF-PRICE:-0.05",
        "DTSTART:20260101T000000Z",
        "DTEND:20260102T000000Z",
    )
    assert at(read_prices(calendar(one), BERLIN), "2026-01-01T12:00:00Z") == -0.05


def test_before_the_first_and_after_the_last_nobody_knows():
    one = event("SUMMARY:0,31", "DTSTART:20260101T000000Z", "DTEND:20260102T000000Z")
    prices = read_prices(calendar(one), BERLIN, 0.2)
    told = prices.steps(
        Interval(parse_rfc3339("2025-12-31T20:00:00Z"), parse_rfc3339("2026-01-02T06:00:00Z"))
    )
    assert [price for _, price in told] == [None, 0.31, None]


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ((DAY,), "no price from 2026-01-01 22:00 to 2026-01-02 06:00"),
        ((DAY, clock("Peak 0.5", "1700", "2000")), "'Day 0.35' and 'Peak 0.5' hold at once"),
        ((clock("Day", "0600", "2200"),), "its price is no number"),
        ((clock("17 to 20", "0600", "2200"),), "its price is 17; 20"),
        ((clock("0.1", "0600", "2200", rule="FREQ=SECONDLY"),), "FREQ SECONDLY: taken are DAILY"),
        ((clock("0.1", "0600", "2200", rule="FREQ=MINUTELY"),), "FREQ MINUTELY: taken are DAILY"),
        ((clock("0.1", "0600", "2200", zone="Moon/Crater"),), "Europe/Berlin"),
        ((clock("0.1", "0600", "2200"),) * 51, "at most 50 are taken"),
        ((), "has no event"),
    ],
)
def test_what_is_no_tariff_is_said(events, says):
    with pytest.raises(CalendarUnusable, match=says):
        read_prices(calendar(*events), BERLIN)


def test_a_tariff_of_twenty_years_costs_as_little_as_one_of_this_year():
    old = [clock(f"{n} 0.1", f"{n:02}00", f"{n + 1:02}00", day="20060101") for n in range(20)]
    began = time.perf_counter()
    prices = read_prices(calendar(*old).replace("SUMMARY:", "X-RMF-PRICE:0.1\nSUMMARY:"), BERLIN, 1)
    assert at(prices, "2026-06-01T10:00:00Z") == 0.1
    assert time.perf_counter() - began < 2


_LINES = st.sampled_from(
    [
        "DTSTART:20260101T000000Z", "DTSTART;VALUE=DATE:20260101", "DTSTART:20260329T023000",
        "DTSTART;TZID=Europe/Berlin:20260329T023000", "DTSTART:99991231T235959Z", "DTSTART:x",
        "DTEND:20260101T060000Z", "DTEND;TZID=America/New_York:20260102T013000", "DURATION:PT1H",
        "DURATION:P9D", "DURATION:-PT1H", "DURATION:P99999999D", "RRULE:FREQ=DAILY",
        "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260301T000000Z",
        "RRULE:FREQ=YEARLY;INTERVAL=9999", "RRULE:FREQ=SECONDLY", "RRULE:;;=", "EXDATE:20260101",
        "RDATE:20260105T000000Z,20260106T000000Z", "EXDATE:00010101T000000Z", "SUMMARY:0.3",
        "RECURRENCE-ID:20260101T000000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000Z",
        "X-RMF-PRICE:nan", "X-RMF-PRICE:1e999", "STATUS:CANCELLED", "BEGIN:VALARM", "END:VEVENT",
        "DTSTART:00010101T000000Z", "UID:other", "SUMMARY:\\,0", "DTSTART;TZID=/etc/passwd:x",
    ]
)  # fmt: skip


@given(st.lists(st.lists(_LINES, max_size=7), max_size=4))
def test_whatever_stands_in_it_it_is_a_tariff_or_unusable(events):
    text = calendar(*(event(*lines, uid=str(n)) for n, lines in enumerate(events)))
    began = time.perf_counter()
    try:
        prices = read_prices(text, BERLIN, 0.3)
    except CalendarUnusable:
        pass
    else:
        start = parse_rfc3339("2026-01-01T00:00:00Z")
        told = prices.steps(Interval(start, Instant(start + 48 * HOUR)))
        assert [a for a, _ in told] == sorted({a for a, _ in told})
    assert time.perf_counter() - began < 5


@given(st.text())
def test_any_text_is_a_tariff_or_unusable(text):
    with pytest.raises(CalendarUnusable):
        read_prices(text, BERLIN)
