"""A query as a schedule, on a real PostgreSQL."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from deploy.sandbox.postgres import PrivatePostgres
from producers.sources.damaged import DamagedFile
from producers.sources.interval import Interval
from producers.sources.postgres.connection import PostgresFailed
from producers.sources.postgres.query import read_query
from tests.producers.samples import write
from tests.producers.sources.reading import booking, person, room, span

TABLES = """
    CREATE TABLE job (
        id int PRIMARY KEY, name text, begins timestamptz, ends timestamptz, local timestamp, secret boolean
    );
    CREATE TABLE crew (job int REFERENCES job, email text);
    INSERT INTO job VALUES
        (1, 'Mix', '2026-12-01 09:00+01', '2026-12-01 17:30:00.5+01', '2026-12-01 09:00', true),
        (2, 'Foley', '2026-12-24 09:00+01', '2026-12-24 12:00+01', '2026-12-24 09:00', NULL);
    INSERT INTO crew VALUES (1, 'anna@example.com'), (1, 'bo@example.com'), (2, 'bo@example.com');
"""
QUERY = """
-- everybody's jobs
SELECT id AS booking, name AS title, begins AS start, ends AS "end", secret AS private, email AS people,
       ARRAY['Suite 4', 'Van 2'] AS rooms, 'Europe/Copenhagen' AS timezone
FROM job JOIN crew ON crew.job = job.id
"""
WINDOWED = (
    QUERY
    + """
WHERE begins < current_setting('callsheet.to')::timestamptz AND ends > current_setting('callsheet.from')::timestamptz;
"""
)


@pytest.fixture
def database(postgres: PrivatePostgres) -> str:
    dsn = postgres.new_database()
    with psycopg.connect(dsn) as connection:
        connection.execute(TABLES)
    return dsn


def test_a_query_gives_bookings(database: str, tmp_path: Path) -> None:
    schedule = read_query(database, write(tmp_path / "jobs.sql", QUERY))
    mix = booking(schedule, "1")
    assert schedule.source == "postgres://jobs"
    assert (mix.title, mix.private, mix.timezone, mix.location) == ("Mix", True, "Europe/Copenhagen", "Suite 4, Van 2")
    assert span(mix) == ("2026-12-01T08:00:00Z", "2026-12-01T16:30:00Z")
    assert not booking(schedule, "2").private
    rooms = {room("Suite 4"), room("Van 2")}
    assert schedule.bookings["1"].objects == {person("anna@example.com"), person("bo@example.com"), *rooms}
    assert schedule.bookings["2"].objects == {person("bo@example.com"), *rooms}


def test_a_query_may_ask_for_the_interval(database: str, tmp_path: Path) -> None:
    interval = Interval(datetime(2026, 12, 20, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
    schedule = read_query(database, write(tmp_path / "jobs.sql", WINDOWED), interval=interval)
    assert schedule.bookings.keys() == {"2"}


def test_values_without_offset_and_a_mapping(database: str, tmp_path: Path) -> None:
    query = write(tmp_path / "jobs.sql", "SELECT id, name, local, local + interval '1 hour' AS till FROM job")
    mapping = '[columns]\nbooking = "id"\ntitle = "name"\nstart = "local"\nend = "till"\n'
    mapping_file = write(tmp_path / "m.toml", mapping)
    schedule = read_query(database, query, mapping_file, source="rota://studio", timezone="Europe/Copenhagen")
    assert schedule.source == "rota://studio"
    assert span(booking(schedule, "2")) == ("2026-12-24T08:00:00Z", "2026-12-24T09:00:00Z")


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        ("SELECT id FROM job", DamagedFile, "no column booking, title, start, end; there are id"),
        (QUERY.replace("name AS title", "'x' || email AS title"), DamagedFile, "row 2: booking 1 stands also in row 1"),
        (QUERY.replace("begins AS start", "NULL AS start"), DamagedFile, "row 1: column start: ''"),
        (QUERY.replace("FROM job", "FROM nothing"), PostgresFailed, 'relation "nothing" does not exist'),
        ("DELETE FROM crew", PostgresFailed, "syntax error"),
        ("SELECT 1; DELETE FROM crew", PostgresFailed, "cannot insert multiple commands"),
        ("WITH gone AS (DELETE FROM crew RETURNING *) SELECT * FROM gone", PostgresFailed, "WITH"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    database: str, tmp_path: Path, query: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=r".") as caught:
        read_query(database, write(tmp_path / "jobs.sql", query))
    assert said in str(caught.value)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM crew").fetchone() == (3,)


def test_a_database_that_is_away_is_an_error_without_secrets(database: str, tmp_path: Path) -> None:
    dsn = "host=127.0.0.1 port=1 user=anna password=s3cret dbname=rota"
    with pytest.raises(PostgresFailed) as caught:
        read_query(dsn, write(tmp_path / "jobs.sql", QUERY))
    assert "s3cret" not in str(caught.value)
