"""How events look on a terminal, in the journal and as JSON, and what never reaches it."""

import json
import logging
import os
import re
from pathlib import Path

import pytest
import structlog

from gateway.adapters.clock import WallClock
from gateway.adapters.log import configure_log, is_journal
from gateway.model.site import LogSettings


class SteppedClock(WallClock):
    """A clock whose monotonic time the test moves."""

    minutes = 0

    def monotonic(self):
        return self.minutes * 60 * 10**9


@pytest.fixture
def said(tmp_path):
    """``said(format=..., journal=...)`` opens a log; the lines so far are ``log.lines``."""
    kept = structlog.get_config()
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    path, files = tmp_path / "log", []

    def opened(*, journal=False, **settings):
        file = path.open("w+", encoding="utf-8")
        files.append(file)
        found = os.fstat(file.fileno())
        environ = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"} if journal else {}
        root.handlers.clear()
        clock = SteppedClock()
        log = configure_log(LogSettings(**settings), environ, clock, file)
        return _Said(log, clock, path)

    yield opened
    structlog.configure(**kept)
    root.handlers[:] = handlers
    root.setLevel(logging.WARNING)
    for file in files:
        file.close()


class _Said:
    def __init__(self, log, clock, path):
        self.log, self.clock, self._path = log, clock, path
        self.say = structlog.get_logger()

    @property
    def lines(self):
        return self._path.read_text(encoding="utf-8").splitlines()


def test_the_journal_gets_readable_lines_with_priorities_and_no_time(said):
    log = said(journal=True, level="debug")
    log.say.debug("mqtt.ghost_cleared", topic="rmf/1/home/dir")
    log.say.info("device.state_changed", device="roof", state="offline", reason="no answer")
    log.say.warning("setpoint.failed", device="roof", reason='it said "busy"')
    log.say.error("config.kept", reason="")
    assert log.lines == [
        "<7>mqtt.ghost_cleared topic=rmf/1/home/dir",
        '<6>device.state_changed device=roof state=offline reason="no answer"',
        '<4>setpoint.failed device=roof reason="it said \\"busy\\""',
        "<3>config.kept",
    ]


def test_every_line_of_a_traceback_has_its_priority(said):
    log = said(journal=True)
    try:
        raise ValueError(7)  # noqa: TRY301
    except ValueError:
        log.say.exception("driver.failed", device="roof")
    assert log.lines[0] == "<3>driver.failed device=roof"
    assert log.lines[1] == "<3>Traceback (most recent call last):"
    assert log.lines[-1] == "<3>ValueError: 7"
    assert all(line.startswith("<3>") for line in log.lines)


def test_a_value_from_outside_cannot_make_a_line_of_its_own(said):
    log = said(journal=True)
    log.say.info("request.refused", party="app", reason="x\n<0>gateway.stopped\x1b[2J")
    assert log.lines == ['<6>request.refused party=app reason="x\\n<0>gateway.stopped\\u001b[2J"']


def test_json_in_the_journal_is_json_once_the_priority_is_taken_off(said):
    log = said(journal=True, format="json")
    log.say.warning("gate.held_late", product="power", late_s=0.25)
    (line,) = log.lines
    assert line.startswith("<4>")
    assert json.loads(line.removeprefix("<4>")) == {
        "event": "gate.held_late", "level": "warning", "product": "power", "late_s": 0.25
    }  # fmt: skip


def test_json_elsewhere_carries_the_time(said):
    log = said(format="json")
    log.say.info("gateway.started", area="home", epoch=3)
    (line,) = [json.loads(line) for line in log.lines]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", line.pop("timestamp"))
    assert line == {"event": "gateway.started", "level": "info", "area": "home", "epoch": 3}


def test_the_console_shows_time_level_event_and_fields(said):
    log = said()
    log.say.info("gateway.started", area="home", epoch=3)
    (line,) = log.lines
    assert re.match(r"\d\d:\d\d:\d\d \[info +\] gateway.started +area=home epoch=3", line)


@pytest.mark.parametrize("journal", [True, False])
def test_repeats_are_counted_and_told_after_a_while(said, journal):
    log = said(journal=journal)
    for _ in range(38):
        log.say.warning("setpoint.failed", device="roof", reason="busy")
    assert len(log.lines) == 1
    log.clock.minutes = 10
    log.log.end()
    assert len(log.lines) == 2
    assert "37 times in 10 min" in log.lines[1]


def test_repeats_are_numbers_for_a_machine(said):
    log = said(format="json")
    for minute in (0, 1, 10):
        log.clock.minutes = minute
        log.say.warning("setpoint.failed", device="roof", reason="busy")
    last = json.loads(log.lines[-1])
    assert (len(log.lines), last["repeated"], last["within_s"]) == (2, 2, 600)


def test_the_level_changes_while_loggers_are_in_use(said):
    log = said(level="warning")
    log.say.info("gateway.started")
    log.log.threshold.set("info")
    log.say.info("gateway.started")
    log.log.threshold.set("error")
    log.say.warning("mqtt.lost")
    assert len(log.lines) == 1


def test_what_a_library_says_is_an_event_and_its_chatter_is_not_heard(said):
    log = said(format="json")
    logging.getLogger("pymodbus").warning("frame of %d bytes", 7)
    logging.getLogger("pymodbus").info("connected")
    (line,) = [json.loads(line) for line in log.lines]
    assert (line["event"], line["level"]) == ("library.said", "warning")
    assert (line["library"], line["text"]) == ("pymodbus", "frame of 7 bytes")


def test_a_log_that_nobody_reads_any_more_stops_nothing(said):
    log = said(journal=True)
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", closefd=True) as gone:
        log.log._out._out = gone
        log.say.info("gateway.started", area="home")
        log.log._out._out = None
        with Path(os.devnull).open("wb") as sink:
            os.dup2(sink.fileno(), gone.fileno())  # what was buffered has somewhere to go


@pytest.mark.parametrize("stream", ["1:2", "", None])
def test_a_stream_that_is_not_the_journals_is_not_taken_for_it(tmp_path, stream):
    environ = {} if stream is None else {"JOURNAL_STREAM": stream}
    with (tmp_path / "log").open("w") as file:
        assert not is_journal(file, environ)
