"""The log of a service that stays up: one JSON object a line on standard error."""

import logging
import sys
from typing import TYPE_CHECKING

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor


def _json(record: object, **_: object) -> str:
    return orjson.dumps(record, default=repr).decode()


def configure_logs(level: str) -> None:
    """Send all logs of the process to standard error, from ``level`` on (debug, info, warning, error)."""
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    rename = structlog.processors.EventRenamer("action")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                rename,
                structlog.processors.JSONRenderer(serializer=_json),
            ],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)
    # What their own reconnecting says, and that a client sent something that is no HTTP, is no news of ours.
    for name in ("aio_pika", "aiormq", "uvicorn"):
        logging.getLogger(name).setLevel(logging.ERROR)
