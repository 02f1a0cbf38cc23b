"""The composition root of ``callsheet-consumer run``: builds everything, lets it work, takes it down in order."""

import asyncio
import contextlib
import signal
import time
from datetime import UTC, datetime

from aio_pika.abc import AbstractIncomingMessage

from consumer.amqp.intake import Intake, facts_of
from consumer.amqp.replica import Replica, Work
from consumer.amqp.settle import Settle
from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.ews.messages import SHOWABLE_ZONES
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.reachable import until_reachable
from consumer.core.appointment import Defaults
from consumer.core.window import Window
from consumer.enrolment import EnrolmentError, EnrolmentFile
from consumer.lanes.delivery import Delivery
from consumer.lanes.lane import Surroundings
from consumer.lanes.lanes import Lanes
from consumer.lanes.memory import Memory
from consumer.settings import PREFIX, RunSettings, SettingsError
from consumer.telemetry.health import Health, HttpPort
from consumer.telemetry.logs import logger
from consumer.telemetry.metrics import Metrics
from contract import times
from contract.partition import partition_of

_SECOND_LOOK_MARGIN_SECONDS = 60.0


async def run(settings: RunSettings) -> None:
    """Consume until SIGTERM or SIGINT; returns when everything is settled and handed over.

    Raises :class:`SettingsError` for what only shows when it is used: a CA file without certificates, a port that is
    taken, an enrolment file that cannot be read.
    """
    endpoint = settings.endpoint()
    try:
        enrolment = EnrolmentFile(settings.enrolment_file)
    except EnrolmentError as error:
        raise SettingsError([f"{PREFIX}ENROLMENT_FILE: {error}"]) from None
    if settings.ews_insecure:
        logger().warning("insecure", problem=f"{PREFIX}EWS_INSECURE=true: Exchange's certificate is not checked")
    metrics, health = Metrics(), Health()
    try:
        port = HttpPort(settings.http_host, settings.http_port, metrics, health)
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        name = f"{PREFIX}HTTP_HOST, {PREFIX}HTTP_PORT"
        raise SettingsError([f"{name}: {where} cannot be had ({error.strerror}); expected a free port"]) from None
    logger().info("started", replica=settings.replica, http_port=port.port, enabled=settings.enabled)
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    beating = asyncio.create_task(_beat(health, enrolment))
    calendars = EwsGateway(endpoint, settings.ews_concurrency, metrics.observe_request)
    try:
        if settings.enabled:
            await until_reachable(endpoint, health, stop)
            await _consume(settings, calendars, enrolment, metrics, health, stop)
        else:
            await stop.wait()
    finally:
        beating.cancel()
        await calendars.close()
        port.close()
        logger().info("stopped", replica=settings.replica)


async def _consume(
    settings: RunSettings,
    calendars: EwsGateway,
    enrolment: EnrolmentFile,
    metrics: Metrics,
    health: Health,
    stop: asyncio.Event,
) -> None:
    zone = times.zone(settings.timezone)

    def now() -> datetime:
        return datetime.now(UTC)

    def window() -> Window:
        return Window.around(now().astimezone(zone).date(), settings.days_before, settings.days_after, zone)

    def partition(mailbox: str) -> int:
        return partition_of(mailbox, settings.partitions)

    def report_fault(mailbox: str, fault: Exception) -> None:
        logger().error("fault", mailbox=mailbox, exc_info=fault)

    async def on_message(message: AbstractIncomingMessage, number: int) -> None:
        taken = intake.take(message, number)
        if isinstance(taken, Delivery):
            lanes.accept(taken)
        else:
            await settle.settle_message(message, taken, facts_of(message, number))

    memory = Memory(time.monotonic)
    defaults = Defaults(settings.timezone, SHOWABLE_ZONES, DIALECTS[settings.ews_version].working_elsewhere)
    intake = Intake(settings.partitions, defaults, lambda: enrolment.current, now)
    work = Work(
        on_message=on_message,
        give_up=lambda number: lanes.give_up(number),
        on_partitions=metrics.partitions_active.set,
        on_parked=metrics.parked_messages.set,
        on_state=lambda state: setattr(health, "broker", state),
    )
    url = settings.amqp_url.get_secret_value()
    replica = Replica(url, settings.replica, settings.partitions, settings.prefetch, work)
    settle = Settle(replica.publish, metrics, now)
    lanes = Lanes(
        lambda look_again: Surroundings(
            calendars=calendars,
            settler=settle,
            memory=memory,
            slots=asyncio.Semaphore(settings.ews_concurrency),
            window=window,
            now=now,
            count_write=metrics.count_write,
            look_again=look_again,
            report_fault=report_fault,
        ),
        memory,
        partition,
        settings.ews_timeout + _SECOND_LOOK_MARGIN_SECONDS,
    )
    metrics.watch_lanes(lambda: lanes.active)
    await replica.run(stop)


async def _beat(health: Health, enrolment: EnrolmentFile) -> None:
    """Once a second: the event loop is alive, and the enrolment is as the file has it."""
    while True:
        health.beat()
        with contextlib.suppress(asyncio.CancelledError):
            try:
                if enrolment.refresh():
                    logger().info("enrolment_changed")
            except EnrolmentError as error:
                logger().error("enrolment_unreadable", error=str(error), now="the enrolment from before stays in force")
        await asyncio.sleep(1)
