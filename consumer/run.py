"""The composition root of ``callsheet-consumer run``: builds everything, lets it work, takes it down in order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from consumer.amqp.care import Care
from consumer.amqp.holding import Work
from consumer.amqp.intake import Intake, facts_of
from consumer.amqp.late import LateWrites
from consumer.amqp.received import Received
from consumer.amqp.replica import Replica
from consumer.amqp.settle import Settle
from consumer.breaker import Breaker, BreakerState
from consumer.broker_settings import seconds
from consumer.calendars.ews.gateway import EwsGateway
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.ews.zones import SHOWABLE_ZONES
from consumer.calendars.guarded import GuardedCalendars
from consumer.calendars.pace import Pace
from consumer.core.appointment import Defaults
from consumer.core.guard import Guard
from consumer.core.window import Window
from consumer.enrolment import EnrolmentError, EnrolmentFile
from consumer.lanes.delivery import Delivery
from consumer.lanes.lanes import Lanes
from consumer.lanes.memory import Memory
from consumer.lanes.slots import Slots
from consumer.lanes.surroundings import Surroundings
from consumer.settings import PREFIX, RunSettings, SettingsError
from consumer.telemetry.health import Health, HttpPort
from consumer.telemetry.logs import logger
from consumer.telemetry.metrics import Metrics
from contract import times
from contract.partition import partition_of


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
    pace = Pace(settings.ews_batch, settings.ews_concurrency, settings.ews_timeout / 2, time.monotonic)
    metrics.watch_pace(lambda: pace.items, lambda: pace.mailboxes)
    gateway = EwsGateway(endpoint, pace, metrics.observe_request, _stuck(metrics))
    try:
        if settings.enabled:
            await _consume(settings, gateway, pace, enrolment, metrics, health, stop)
        else:
            await stop.wait()
    finally:
        beating.cancel()
        await gateway.close()
        port.close()
        logger().info("stopped", replica=settings.replica)


async def _consume(
    settings: RunSettings,
    gateway: EwsGateway,
    pace: Pace,
    enrolment: EnrolmentFile,
    metrics: Metrics,
    health: Health,
    stop: asyncio.Event,
) -> None:
    zone = times.zone(settings.timezone)
    rung_seconds = {name: seconds(name) for name in settings.retry_delays}

    def now() -> datetime:
        return datetime.now(UTC)

    def window() -> Window:
        return Window.around(now().astimezone(zone).date(), settings.days_before, settings.days_after, zone)

    def partition(mailbox: str) -> int:
        return partition_of(mailbox, settings.partitions)

    def breaker_changed() -> None:
        health.exchange = breaker.reason
        metrics.breaker_state.set(breaker.state.value)
        log = logger().warning if breaker.state is BreakerState.OPEN else logger().info
        log("breaker", state=breaker.state.name.lower(), reason=breaker.reason)
        replica.look()

    async def on_message(message: Received, number: int) -> None:
        taken = intake.take(message, number)
        if isinstance(taken, Delivery):
            taken.as_standby = not replica.owns(number)
            if taken.alone:
                care.suspect(number)
            lanes.accept(taken)
        else:
            facts = partial(facts_of, message, number)
            # Nothing was written to a calendar, so nobody needs to know whether the acknowledgement got through.
            await settle.settle_message(message, number, taken, facts, written=False)

    breaker = Breaker(time.monotonic, settings.login_pause)
    metrics.breaker_state.set(breaker.state.value)
    calendars = GuardedCalendars(gateway, breaker, lambda: _renewed(settings, gateway), breaker_changed)
    care = Care(breaker, settings.prefetch)
    defaults = Defaults(settings.timezone, SHOWABLE_ZONES, DIALECTS[settings.ews_version].working_elsewhere)
    guard = Guard(settings.guard_share, settings.guard_count)
    intake = Intake(settings.partitions, defaults, lambda: enrolment.current, now, guard, breaker.steady)
    work = Work(
        prefetch=care.prefetch,
        available=care.available,
        on_message=on_message,
        forget=lambda number: lanes.forget(number),
        give_up=lambda number: lanes.give_up(number),
        on_partitions=metrics.partitions_active.set,
        on_parked=metrics.count_put_aside,
        on_state=lambda state: setattr(health, "broker", state),
    )
    url, rungs = settings.amqp_url.get_secret_value(), list(rung_seconds.items())
    replica = Replica(url, settings.replica, settings.partitions, rungs, work)
    settle = Settle(replica.publish, metrics, now, _look_rung(settings, rung_seconds))
    late = LateWrites(settle.publish_late)
    memory = Memory(time.monotonic, settings.memory_limit, count=metrics.count_recall)
    lanes = Lanes(
        lambda lanes: Surroundings(
            calendars=calendars,
            settler=settle,
            memory=memory,
            slots=Slots(lambda: pace.mailboxes),
            rungs=settings.retry_delays,
            share=max(1, settings.prefetch // 4),
            window=window,
            now=now,
            count_write=metrics.count_write,
            promise_look=settle.promise_look,
            broken=lanes.broken,
            late=late.add,
            report_fault=lambda mailbox, fault: logger().error("fault", mailbox=mailbox, exc_info=fault),
        ),
        memory,
        partition,
        rung_seconds,
    )
    metrics.watch_lanes(lambda: lanes.active)
    metrics.watch_memory(lambda: memory.size, lambda: len(memory))
    background = [asyncio.create_task(work) for work in (calendars.watch(), lanes.sweep(), late.run())]
    serving = asyncio.create_task(replica.run(stop))
    try:
        ended, _ = await asyncio.wait({serving, *background}, return_when=asyncio.FIRST_COMPLETED)
        # None of the others ever ends by itself: better no replica than half of one.
        stop.set()
        await serving
        for task in ended - {serving}:
            task.result()
    finally:
        for task in background:
            task.cancel()
        await asyncio.wait(background)


def _look_rung(settings: RunSettings, rung_seconds: dict[str, float]) -> str:
    """The first rung after which a request that is under way now has surely ended; else the longest."""
    needed = settings.ews_timeout + settings.second_look_margin
    by_delay = sorted(rung_seconds, key=lambda name: rung_seconds[name])
    return next((name for name in by_delay if rung_seconds[name] >= needed), by_delay[-1])


def _renewed(settings: RunSettings, gateway: EwsGateway) -> bool:
    """Read the password again; True when it is another one."""
    try:
        return gateway.renew(settings.endpoint())
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        logger().warning("password_unreadable", error=str(error))
        return False


def _stuck(metrics: Metrics) -> Callable[[str, str | None], None]:
    def report(operation: str, mailbox: str | None) -> None:
        metrics.stuck_requests.inc()
        logger().error("request_stuck", operation=operation, mailbox=mailbox, now="its connection is replaced")

    return report


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
