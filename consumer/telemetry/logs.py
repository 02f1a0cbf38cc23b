"""Logs: one JSON object a line, or something for human eyes in a terminal. No text from an event can break a line."""

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger, Processor

# exchangelib writes whole requests, with what is in people's calendars, into its log when something goes wrong.
_SILENT = ("exchangelib", "requests_ntlm", "spnego", "urllib3", "oauthlib", "requests_oauthlib")


def configure_logs(level: str) -> None:
    """Send all logs of the process to standard error, from ``level`` on (debug, info, warning, error)."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    rename = structlog.processors.EventRenamer("action")
    if sys.stderr.isatty():
        render: Processor = structlog.dev.ConsoleRenderer(event_key="action")
    else:
        render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, rename, render],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # Else a warning of Python, like urllib3's about a certificate that is not checked, would be no JSON.
    logging.captureWarnings(True)
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # What its own reconnecting says we say ourselves.
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.ERROR)


def logger() -> "FilteringBoundLogger":
    """The logger. Every record has ``action`` as its first word: what is being done, in snake case."""
    log: FilteringBoundLogger = structlog.get_logger("callsheet")
    return log


def logger_debugs() -> bool:
    """False when what is said at level debug goes nowhere, so that it need not be put together."""
    return logging.getLogger().isEnabledFor(logging.DEBUG)
