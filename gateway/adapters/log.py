"""How the log looks: lines for a person, on a terminal or in the journal; JSON for a machine.

An event is one line ``noun.verb key=value ...``; docs/events.md lists them all.  Under systemd
each line carries its priority as ``<N>`` (sd-daemon(3)) and no time, which the journal keeps.
"""

import contextlib
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.adapters.log_repeats import Event, Repeats
from gateway.model.site import LogSettings
from gateway.model.time import MINUTE
from gateway.ports.clock import Clock

# Source: syslog(3).
_PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_SECONDS_PER_MINUTE: Final = 60


class Threshold:
    """Drops what is below a level, which can change while loggers are in use."""

    def __init__(self, level: str) -> None:
        self._number = 0
        self.set(level)

    def set(self, level: str) -> None:
        """Name of the lowest level that is still said: debug, info, warning, error."""
        self._number = logging.getLevelNamesMapping()[level.upper()]
        logging.getLogger().setLevel(max(self._number, logging.WARNING))

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Pass the event on, or drop it."""
        name = "ERROR" if method == "exception" else method.upper()
        if logging.getLevelNamesMapping()[name] < self._number:
            raise structlog.DropEvent
        return event


class Log:
    """The log of this process.

    Attributes:
        threshold: the level in force.
    """

    def __init__(self, settings: LogSettings, clock: Clock, out: TextIO, *, journal: bool) -> None:
        self.threshold = Threshold(settings.level)
        self._rendering = _rendering(settings.format, journal=journal, out=out)
        self._journal = journal
        self._out = _Out(out)
        self._clock = clock
        self._repeats = Repeats()

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> str:
        """The last processor: the lines to print."""
        lines = [self._line(one) for one in self._repeats.hear(event, self._clock.monotonic())]
        if not lines:
            raise structlog.DropEvent
        return "\n".join(lines)

    async def run(self) -> None:
        """Every minute say what was repeated long enough, for ever."""
        while True:
            await self._clock.sleep(MINUTE)
            self._print(self._repeats.due(self._clock.monotonic()))

    def end(self) -> None:
        """Say what was repeated and not said yet."""
        self._print(self._repeats.end(self._clock.monotonic()))

    def open(self, *_arguments: object) -> "_Out":
        """What structlog writes to."""
        return self._out

    def _print(self, events: Sequence[Event]) -> None:
        for event in events:
            self._out.msg(self._line(event))

    def _line(self, event: Event) -> str:
        level, shown = str(event.get("level", "")), dict(event)
        for processor in self._rendering:
            shown = processor(None, level, shown)  # type: ignore[assignment]
        return _prioritised(level, str(shown)) if self._journal else str(shown)


def configure_log(
    settings: LogSettings, environ: Mapping[str, str], clock: Clock, out: TextIO = sys.stderr
) -> Log:
    """Set up structlog for this process, once; the threshold can be moved later.

    ``auto`` and ``console`` are lines for a person, in the journal with priorities instead of
    the time; ``json`` is JSON, one object a line.  What libraries say themselves is the event
    ``library.said``, from WARNING on.
    """
    log = Log(settings, clock, out, journal=is_journal(out, environ))
    structlog.configure(
        processors=[
            log.threshold,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _without_empty,
            log,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=log.open,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries()])
    return log


def is_journal(out: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether what is written to ``out`` goes to the journal.

    Source: systemd.exec(5), JOURNAL_STREAM: device and inode of the stream; a child that
    redirects its output still has the variable.
    """
    try:
        found = os.fstat(out.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def _rendering(wanted: str, *, journal: bool, out: TextIO) -> list[Processor]:
    timed = structlog.processors.TimeStamper
    if wanted == "json":
        json_line = structlog.processors.JSONRenderer(ensure_ascii=False)
        return [json_line] if journal else [timed(fmt="iso", utc=True), json_line]
    if journal:
        return [_worded, _journal_line]
    console = structlog.dev.ConsoleRenderer(
        colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [_worded, timed(fmt="%H:%M:%S", utc=False), console]


def _without_empty(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A reason that is not there needs no room."""
    return {key: value for key, value in event.items() if value != ""}


def _worded(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """How often something was repeated, as a person says it."""
    if "repeated" in event:
        count, within_s = event.pop("repeated"), event.pop("within_s")
        minutes = round(within_s / _SECONDS_PER_MINUTE)
        span = f"{minutes} min" if minutes else f"{within_s} s"
        event["repeated"] = f"{count} times in {span}"
    return event


def _journal_line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    """``noun.verb key=value ...``, a traceback below it."""
    name, trace = event.pop("event"), event.pop("exception", "")
    event.pop("level", None)
    words = [str(name), *(f"{key}={_value(value)}" for key, value in event.items())]
    return "\n".join((" ".join(words), *str(trace).splitlines()))


def _value(value: object) -> str:
    text = str(value)
    plain = text and text.isprintable() and not any(sign in text for sign in ' "=\\')
    return text if plain else json.dumps(text, ensure_ascii=False)


def _prioritised(level: str, text: str) -> str:
    """Each line with its priority, which journald takes off again."""
    priority = _PRIORITIES.get(level, _PRIORITIES["info"])
    return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


class _Out:
    """Prints lines; whoever read them may have gone, and the house goes on."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def msg(self, text: str) -> None:
        """Print one event."""
        with contextlib.suppress(OSError, ValueError):
            print(text, file=self._out, flush=True)

    debug = info = warning = error = critical = msg


class _Libraries(logging.Handler):
    """What a library says by ``logging`` is an event of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it at its own level."""
        log = structlog.get_logger()
        text, traced = record.getMessage(), record.exc_info
        if record.levelno >= logging.ERROR:
            log.error("library.said", library=record.name, text=text, exc_info=traced)
        else:
            log.warning("library.said", library=record.name, text=text, exc_info=traced)
