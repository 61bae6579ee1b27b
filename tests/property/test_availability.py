"""What a party may tender for is what an hour-by-hour reading of RFC 7953 leaves."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.calendar import read_calendar
from gateway.model.time import HOUR, Instant, Interval, parse_rfc3339
from gateway.runtime.standings import Standings, unread

START = parse_rfc3339("2026-10-23T00:00:00Z")  # over the night in which clocks go back
HOURS = 96
BERLIN = ZoneInfo("Europe/Berlin")

spans = st.tuples(st.integers(0, HOURS - 1), st.integers(1, 24))
daily = st.tuples(st.integers(0, 23), st.integers(1, 10))
parts = st.lists(
    st.fixed_dictionaries({
        "priority": st.integers(0, 9),
        "range": st.none() | spans,
        "product": st.sampled_from(["", "power", "heat"]),
        "busy": st.sampled_from(["BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE"]),
        "once": st.lists(spans, max_size=2),
        "daily": st.lists(daily, max_size=2),
    }),
    max_size=4,
    unique_by=lambda part: part["priority"],
)  # fmt: skip


def utc(hour):
    return f"{datetime.fromtimestamp(START // 10**9, UTC) + timedelta(hours=hour):%Y%m%dT%H%M%SZ}"


def window(*lines):
    return ("BEGIN:AVAILABLE", "UID:w", "DTSTAMP:20260101T000000Z", *lines, "END:AVAILABLE")


def text(found):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for part in found:
        lines += ["BEGIN:VAVAILABILITY", "UID:a", "DTSTAMP:20260101T000000Z"]
        lines += [f"PRIORITY:{part['priority']}", f"BUSYTYPE:{part['busy']}"]
        lines += [f"X-RMF-PRODUCT:{part['product']}"] if part["product"] else []
        if part["range"]:
            begin, length = part["range"]
            lines += [f"DTSTART:{utc(begin)}", f"DURATION:PT{length}H"]
        for begin, length in part["once"]:
            lines += window(f"DTSTART:{utc(begin)}", f"DTEND:{utc(begin + length)}")
        for hour, length in part["daily"]:
            at = datetime(2026, 10, 20, hour, tzinfo=BERLIN)
            end = at + timedelta(hours=length)
            zone = ";TZID=Europe/Berlin:"
            lines += window(
                f"DTSTART{zone}{at:%Y%m%dT%H%M%S}",
                f"DTEND{zone}{end:%Y%m%dT%H%M%S}",
                "RRULE:FREQ=DAILY",
            )
        lines += ["END:VAVAILABILITY"]
    return "\n".join([*lines, "END:VCALENDAR", ""])


def is_inside(hour, part):
    """By the clock on the wall: from its hour of a day to that hour and its length."""
    if any(begin <= hour < begin + length for begin, length in part["once"]):
        return True
    at = datetime.fromtimestamp(START // 10**9 + hour * 3600, UTC)
    for days in range(-1, HOURS // 24 + 2):
        for begin, length in part["daily"]:
            first = datetime(2026, 10, 23, begin, tzinfo=BERLIN) + timedelta(days=days)
            last = first + timedelta(hours=length)
            if first.astimezone(UTC) <= at < last.astimezone(UTC):
                return True
    return False


def is_free(hour, found, product):
    """The highest of what reaches the hour decides; 0 is the lowest, then 9 to 1."""
    told = [
        part for part in found
        if part["product"] in {"", product}
        and (not part["range"] or part["range"][0] <= hour < sum(part["range"]))
    ]  # fmt: skip
    if not told:
        return True
    return is_inside(hour, min(told, key=lambda part: part["priority"] or 10))


@given(parts, parts, spans, st.sampled_from(["power", "heat", "water"]))
def test_a_party_may_trade_where_both_its_own_word_and_the_owners_leave_it_free(
    own, owners, asked, product
):
    begin, length = asked
    interval = Interval(Instant(START + begin * HOUR), Instant(START + (begin + length) * HOUR))
    standings = Standings(None, read_calendar)
    free = True
    if own:
        standings.set_calendar("anna", text(own))
    if owners:
        standings.bind("anna", read_calendar(text(owners)))
    for hour in range(begin, begin + length):
        free &= is_free(hour, own, product) and is_free(hour, owners, product)
    refused = standings.refusal("anna", product, [interval], START)
    assert (refused is None) is free
    assert refused is None or refused.term == "availabilitySchedule"
    assert Standings(None, unread).refusal("anna", product, [interval], START) is None
