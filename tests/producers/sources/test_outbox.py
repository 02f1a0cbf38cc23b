"""The outbox: what its SQL writes, and what draining it publishes, in which order, and what is left."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from contract.event import CancelledEvent, ChangedEvent, Event
from deploy.sandbox.ports import free_ports
from deploy.sandbox.postgres import PrivatePostgres
from producers.publisher import BrokerAway, Publisher
from producers.sources.postgres.connection import EXPECTED_DSN, PostgresFailed, checked_dsn
from producers.sources.postgres.outbox import Drained, Refused, drain, follow
from tests.producers.sources.studio_database import BEGINS, SOURCE, studio_database, waiting, write_shift
from tests.producers.topology import Arrivals, declare_topology
from tests.support import eventually_async

ANNA, BO = "anna@example.com", "bo@example.com"


def key(event: Event) -> tuple[str, str, int]:
    assert isinstance(event, ChangedEvent | CancelledEvent)
    return event.mailbox, event.data.booking, event.data.revision


async def drained(dsn: str, amqp_url: str) -> tuple[Drained, list[Refused]]:
    tally, refused = Drained(), list[Refused]()
    async with Publisher(amqp_url) as publisher:
        await drain(dsn, publisher, tally, refused.append)
    return tally, refused


def test_the_trigger_says_what_a_row_is_now(postgres: PrivatePostgres) -> None:
    dsn = studio_database(postgres)
    with psycopg.connect(dsn) as connection:
        write_shift(connection, "S-1", ANNA, "Grading")
        write_shift(connection, "S-1", ANNA, "Mix")
        connection.execute("UPDATE shift SET remark = 'nobody publishes this'")
        connection.execute("UPDATE shift SET email = 'ANNA@example.com'")
        write_shift(connection, "S-1", BO, "Mix")
        connection.execute("UPDATE shift SET state = 'cancelled'")
        connection.execute("UPDATE shift SET state = 'tentative'")
        write_shift(connection, "S-1", None, "Mix")
        write_shift(connection, "S-1", BO, "Mix")
        connection.execute("DELETE FROM shift")
    told = waiting(dsn)
    assert [(mailbox, data and (data["title"], data["status"])) for mailbox, _, _, data in told] == [
        (ANNA, ("Grading", "confirmed")),
        (ANNA, ("Mix", "confirmed")),
        ("ANNA@example.com", ("Mix", "confirmed")),
        ("ANNA@example.com", None),
        (BO, ("Mix", "confirmed")),
        (BO, None),
        (BO, ("Mix", "tentative")),
        (BO, None),
        (BO, ("Mix", "tentative")),
        (BO, None),
    ]
    assert [revision for *_, revision, _ in told] == list(range(1, 11))


def test_what_is_rolled_back_was_never_there(postgres: PrivatePostgres) -> None:
    dsn = studio_database(postgres)
    with psycopg.connect(dsn) as connection:
        write_shift(connection, "S-1", ANNA, "Grading")
        connection.rollback()
        write_shift(connection, "S-2", ANNA, "Mix")
    assert [booking for _, booking, _, _ in waiting(dsn)] == ["S-2"]


async def test_the_outbox_is_published_in_order_and_is_empty_then(postgres: PrivatePostgres, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    dsn = studio_database(postgres)
    with psycopg.connect(dsn) as connection:
        for number in range(1200):  # more than two batches
            write_shift(connection, f"S-{number % 40}", ANNA, f"Job {number}")
        connection.execute("SELECT callsheet_cancel(%s, %s, 'S-0')", (SOURCE, ANNA))
    expected = [(mailbox, booking, revision) for mailbox, booking, revision, _ in waiting(dsn)]
    tally, refused = await drained(dsn, amqp_url)
    assert (tally.published, refused) == (1201, [])
    assert waiting(dsn) == []
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 1201)
    assert [key(event) for event in arrivals.events] == expected
    first, last = arrivals.events[0], arrivals.events[-1]
    assert isinstance(first, ChangedEvent)
    assert isinstance(last, CancelledEvent)
    assert (first.source, first.data.title, first.data.start) == (SOURCE, "Job 0", datetime.fromisoformat(BEGINS))
    assert abs((datetime.now(UTC) - first.time).total_seconds()) < 60
    assert (await drained(dsn, amqp_url))[0].published == 0


async def test_a_row_that_is_no_event_stays_with_its_reason_and_holds_up_nobody(
    postgres: PrivatePostgres, amqp_url: str
) -> None:
    await declare_topology(amqp_url)
    dsn = studio_database(postgres)
    bad = ['{"title": "Mix"}', '{"title": "Mix", "start": "soon", "end": "later"}', "[]", '{"a": 1e400}']
    with psycopg.connect(dsn) as connection:
        for data in bad:
            connection.execute("SELECT callsheet_publish(%s, %s, 'bad', %s)", (SOURCE, ANNA, data))
        connection.execute("SELECT callsheet_cancel(%s, 'nobody', 'bad')", (SOURCE,))
        write_shift(connection, "S-1", ANNA, "Grading")
    tally, refused = await drained(dsn, amqp_url)
    assert (tally.published, tally.refused) == (1, 5)
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT position, refusal FROM callsheet_outbox ORDER BY position").fetchall()
    assert rows == [(one.position, one.reason) for one in refused]
    assert [reason.partition(":")[0] for _, reason in rows] == [
        "missing_field",
        "wrong_field",
        "wrong_field",
        "broken_json",
        "bad_mailbox",
    ]


async def test_nothing_is_deleted_while_the_broker_is_away(postgres: PrivatePostgres) -> None:
    dsn = studio_database(postgres)
    with psycopg.connect(dsn) as connection:
        write_shift(connection, "S-1", ANNA, "Grading")
    publisher = Publisher(f"amqp://guest:guest@127.0.0.1:{free_ports(1)[0]}/", deadline_seconds=0.5)
    with pytest.raises(BrokerAway):
        await drain(dsn, publisher, Drained())
    assert len(waiting(dsn)) == 1


async def test_following_wakes_up_for_a_commit_and_outlives_the_database(amqp_url: str) -> None:
    await declare_topology(amqp_url)
    with PrivatePostgres() as server:
        dsn = studio_database(server)
        tally, troubles = Drained(), list[Exception]()
        async with Publisher(amqp_url) as publisher:
            work = asyncio.create_task(follow(checked_dsn(dsn), publisher, tally, report_trouble=troubles.append))
            for round_number in (1, 2):
                with psycopg.connect(dsn) as connection:
                    write_shift(connection, "S-1", ANNA, f"Round {round_number}")
                # Much sooner than it would look on its own.
                await eventually_async(lambda wanted=round_number: tally.published == wanted, 5)
            await asyncio.to_thread(server.stop)
            await eventually_async(lambda: bool(troubles), 10, what="it noticed")
            await asyncio.to_thread(server.start)
            with psycopg.connect(dsn) as connection:
                write_shift(connection, "S-1", ANNA, "After the restart")
            await eventually_async(lambda: tally.published == 3, 15)
            work.cancel()
            await asyncio.wait([work])
    assert all(isinstance(trouble, PostgresFailed) for trouble in troubles)


async def test_two_that_drain_share_the_work(postgres: PrivatePostgres, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    dsn = studio_database(postgres)
    with psycopg.connect(dsn) as connection:
        for number in range(1500):
            write_shift(connection, f"S-{number}", ANNA, "Grading")
    tallies = [drained(dsn, amqp_url), drained(dsn, amqp_url)]
    results = await asyncio.gather(*tallies)
    assert sum(tally.published for tally, _ in results) == 1500
    assert waiting(dsn) == []


async def test_a_database_without_outbox_is_told_what_to_do(postgres: PrivatePostgres, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    with pytest.raises(PostgresFailed, match="callsheet-producer outbox sql"):
        await drained(postgres.new_database(), amqp_url)


def test_a_connection_string_keeps_what_is_given_and_its_errors_keep_secrets() -> None:
    assert "connect_timeout=3" in checked_dsn("host=db connect_timeout=3")
    assert "application_name=callsheet-producer" in checked_dsn("postgresql://anna:s3cret@db/rota")
    with pytest.raises(ValueError, match="dbname") as caught:
        checked_dsn("s3cret is no connection string")
    assert str(caught.value) == EXPECTED_DSN
