"""How the log looks: lines for a person on a terminal, JSON for a machine."""

import logging
import sys
from collections.abc import Mapping

import structlog
from structlog.typing import Processor

from gateway.model.site import LogSettings


def configure_log(settings: LogSettings, environ: Mapping[str, str]) -> None:
    """Set up structlog for this process, once.

    ``auto`` is JSON under systemd (``JOURNAL_STREAM``) and lines elsewhere.  What pymodbus,
    paho and asyncio say themselves is shown from WARNING on.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    json = settings.format == "json" or (settings.format == "auto" and "JOURNAL_STREAM" in environ)
    processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
    ]
    if json:
        processors.append(structlog.processors.JSONRenderer())
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
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(stream=sys.stderr, level=max(level, logging.WARNING))
