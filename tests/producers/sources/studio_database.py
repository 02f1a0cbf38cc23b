"""A small scheduling database: shifts of people, with the outbox and its trigger."""

from importlib.resources import files
from typing import Any

import psycopg

from deploy.sandbox.postgres import PrivatePostgres

SOURCE = "rota://studio"
_SHIFTS = """
    CREATE TABLE shift (
        id text PRIMARY KEY,
        email text,
        job text NOT NULL,
        begins timestamptz NOT NULL,
        ends timestamptz NOT NULL,
        state text NOT NULL DEFAULT 'confirmed',
        remark text
    );
    CREATE TRIGGER callsheet AFTER INSERT OR UPDATE OR DELETE ON shift FOR EACH ROW EXECUTE FUNCTION
        callsheet_publish_row('rota://studio', 'mailbox=email', 'booking=id', 'title=job', 'start=begins', 'end=ends',
                              'status=state')
"""
BEGINS, ENDS = "2026-12-01T09:00:00+01:00", "2026-12-01T17:00:00+01:00"


def studio_database(server: PrivatePostgres) -> str:
    """Connection string of a new database with the outbox and an empty table of shifts."""
    dsn = server.new_database()
    outbox = files("producers.sources.postgres").joinpath("outbox.sql").read_bytes()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(outbox)
        connection.execute(_SHIFTS)
    return dsn


def write_shift(connection: psycopg.Connection[Any], shift: str, email: str | None, job: str) -> None:
    """Insert or update one."""
    connection.execute(
        "INSERT INTO shift (id, email, job, begins, ends) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (id) DO UPDATE SET email = excluded.email, job = excluded.job",
        (shift, email, job, BEGINS, ENDS),
    )


def waiting(dsn: str) -> list[tuple[str, str, int, Any]]:
    """Mailbox, booking, revision and data of what waits in the outbox, in order."""
    query = "SELECT mailbox, booking, revision, data FROM callsheet_outbox WHERE refused_at IS NULL ORDER BY position"
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(query).fetchall()
    return [(str(mailbox), str(booking), int(revision), data) for mailbox, booking, revision, data in rows]
