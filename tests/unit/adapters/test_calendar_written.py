"""Events of ours as text, and many people's as one file."""

from gateway.adapters.calendar_written import event_text, merged, says_same
from gateway.model.time import HOUR, Instant, Interval, parse_rfc3339

NOW = parse_rfc3339("2026-11-23T15:00:00Z")
HOUR_LATER = Interval(Instant(NOW + HOUR), Instant(NOW + 2 * HOUR))


def test_what_was_written_is_recognised_however_it_is_folded_and_other_words_are_not():
    text = event_text("a@gridtender", "car: 5.0 kWh", HOUR_LATER, NOW)
    folded = text.replace("SUMMARY:car", "SUMMARY:c\r\n ar")
    assert says_same(text, "car: 5.0 kWh", HOUR_LATER)
    assert says_same(folded, "car: 5.0 kWh", HOUR_LATER)
    assert not says_same(text, "car: 6.0 kWh", HOUR_LATER)
    later = Interval(HOUR_LATER.end, Instant(HOUR_LATER.end + HOUR))
    assert not says_same(text, "car: 5.0 kWh", later)


def test_events_are_found_with_folded_lines_spaces_and_without_returns():
    text = event_text("a", "tea", HOUR_LATER, NOW)
    odd = text.replace("BEGIN:VEVENT", "BEGIN:VEV\r\n ENT").replace("END:VEVENT", "END:VEVENT ")
    plain = text.replace("\r\n", "\n")
    assert merged([text, odd, plain, "no calendar", ""]).count("SUMMARY:tea\r\n") == 3


def test_zones_and_tasks_are_left_out():
    zone = "BEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE\r\nBEGIN:VTODO\r\nUID:t\r\nEND:VTODO\r\n"
    text = event_text("a", "tea", HOUR_LATER, NOW)
    assert merged([text.replace("BEGIN:VEVENT", f"{zone}BEGIN:VEVENT")]) == merged([text])
