"""The history file: batches, retention, and what happens to a broken one."""

import pytest

from gateway.adapters.history import KEEP, HistoryFile
from gateway.adapters.state import StateUnusable
from gateway.model.time import Instant, parse_rfc3339, seconds
from gateway.ports.history import Entry

NOON = parse_rfc3339("2026-06-21T12:00:00Z")


def entry(series, after_s, value):
    return Entry(series=series, at=Instant(NOON + seconds(after_s)), value=value)


def test_what_was_added_is_read_by_series_and_time_the_oldest_first(tmp_path):
    HistoryFile(tmp_path).add([entry("sun", 900, 2.0), entry("load", 0, 1.0)])
    HistoryFile(tmp_path).add([entry("load", 900, 3.5), entry("load", 0, 1.5)])
    assert HistoryFile(tmp_path).past(["load"], NOON) == (
        entry("load", 0, 1.5),
        entry("load", 900, 3.5),
    )
    assert HistoryFile(tmp_path).past(["load"], Instant(NOON + seconds(900))) == (
        entry("load", 900, 3.5),
    )


def test_without_a_file_there_is_no_past_and_reading_makes_none(tmp_path):
    assert HistoryFile(tmp_path).past(["load"], NOON) == ()
    assert not (tmp_path / "history.sqlite").exists()


def test_what_is_older_than_the_retention_goes_with_the_next_batch(tmp_path):
    history = HistoryFile(tmp_path)
    history.add([entry("load", 0, 1.0), entry("load", 900, 2.0)])
    history.add([Entry(series="load", at=Instant(NOON + KEEP + seconds(900)), value=3.0)])
    assert [one.value for one in history.past(["load"], NOON)] == [2.0, 3.0]


def test_a_broken_file_is_set_aside_with_a_message_and_history_begins_anew(tmp_path):
    (tmp_path / "history.sqlite").write_bytes(b"no database at all" * 100)
    history = HistoryFile(tmp_path)
    with pytest.raises(StateUnusable, match=r"it is now history\.sqlite\.broken"):
        history.past(["load"], NOON)
    history.add([entry("load", 0, 1.0)])
    assert len(history.past(["load"], NOON)) == 1
    assert (tmp_path / "history.sqlite.broken").exists()


def test_a_clock_that_is_years_ahead_for_a_while_costs_no_more_than_a_day_of_the_past(tmp_path):
    history = HistoryFile(tmp_path)
    day = 24 * 3600
    history.add([entry("load", n * day, float(n)) for n in range(10)])
    history.add([entry("load", 50 * 365 * day, 0.0)])
    history.add([entry("load", 10 * day, 10.0)])
    kept = [one.value for one in history.past(["load"], NOON)]
    assert kept == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0]


def test_who_only_reads_changes_nothing_also_of_a_broken_file(tmp_path):
    HistoryFile(tmp_path).add([entry("load", 0, 1.0)])
    file = tmp_path / "history.sqlite"
    file.chmod(0o444)
    reading = HistoryFile(tmp_path, read_only=True)
    assert len(reading.past(["load"], NOON)) == 1
    assert file.stat().st_mode & 0o777 == 0o444
    file.chmod(0o600)
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(StateUnusable, match="not a database"):
        reading.past(["load"], NOON)
    assert [one.name for one in tmp_path.iterdir()] == ["history.sqlite"]
