"""How the log looks: lines for a person on a terminal, JSON for a machine."""

import logging
import sys
from collections.abc import Mapping

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.model.site import LogSettings


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


def configure_log(settings: LogSettings, environ: Mapping[str, str]) -> Threshold:
    """Set up structlog for this process, once; the threshold can be moved later.

    ``auto`` is JSON under systemd (``JOURNAL_STREAM``) and lines elsewhere.  What pymodbus,
    paho and asyncio say themselves is shown from WARNING on.
    """
    logging.basicConfig(stream=sys.stderr, format="%(name)s: %(message)s")
    threshold = Threshold(settings.level)
    json = settings.format == "json" or (settings.format == "auto" and "JOURNAL_STREAM" in environ)
    processors: list[Processor] = [
        threshold,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _without_empty,
    ]
    if json:
        if "JOURNAL_STREAM" not in environ:  # the journal keeps the time itself
            processors.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
        processors += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    else:
        processors += [
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    return threshold


def _without_empty(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A reason that is not there needs no room."""
    return {key: value for key, value in event.items() if value != ""}
