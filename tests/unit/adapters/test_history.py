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
