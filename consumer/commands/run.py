"""``callsheet-consumer run``: consume until told to stop."""

import asyncio
from typing import TYPE_CHECKING

from consumer.amqp.foreign_properties import accept_foreign_properties
from consumer.broker_settings import SettingsError
from consumer.commands.command_line import settings_of, wrong_settings
from consumer.telemetry.logs import configure_logs

if TYPE_CHECKING:
    from consumer.settings import RunSettings


def run() -> None:
    """Consume schedule changes until SIGTERM or Ctrl-C.

    Needs at least `CALLSHEET_AMQP_URL`, `CALLSHEET_EWS_URL`, `CALLSHEET_EWS_USER`, `CALLSHEET_EWS_PASSWORD_FILE`,
    `CALLSHEET_TIMEZONE` and `CALLSHEET_ENROLMENT_FILE`. Replicas find each other on the broker and share the
    partitions evenly. On SIGTERM what is under way is finished, the partitions are handed over, and the exit code is 0.
    """
    from consumer.settings import RunSettings

    settings = settings_of(RunSettings)
    configure_logs(settings.log_level)
    accept_foreign_properties()
    try:
        _run_event_loop(settings)
    except SettingsError as error:
        wrong_settings(error)


def _run_event_loop(settings: "RunSettings") -> None:
    """With uvloop where it is installed: it halves the cost of a message."""
    from consumer.run import run as run_consumer

    try:
        import uvloop
    except ImportError:
        asyncio.run(run_consumer(settings))
    else:
        uvloop.run(run_consumer(settings))
