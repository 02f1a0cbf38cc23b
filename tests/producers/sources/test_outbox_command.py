"""``callsheet-producer outbox`` as people and scripts meet it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import psycopg
import pytest

from deploy.sandbox.children import CHECKOUT, Child
from deploy.sandbox.installation import clean_environment
from deploy.sandbox.postgres import PrivatePostgres
from tests.producers.sources.studio_database import studio_database, waiting, write_shift
from tests.producers.topology import declare_topology
from tests.support import eventually_async


def run(*arguments: str, amqp_url: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**clean_environment(), **({"CALLSHEET_AMQP_URL": amqp_url} if amqp_url else {})}
    command = [sys.executable, "-m", "producers", "outbox", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50, cwd=CHECKOUT)


def fill(dsn: str, *people: str) -> None:
    with psycopg.connect(dsn) as connection:
        for number, email in enumerate(people):
            write_shift(connection, f"S-{number}", email, "Grading")


async def test_it_publishes_what_waits_and_says_so(postgres: PrivatePostgres, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    dsn = studio_database(postgres)
    fill(dsn, "anna@example.com", "nobody")
    done = run("postgres", dsn, amqp_url=amqp_url)
    assert (done.returncode, done.stdout) == (0, "outbox: published=1 refused=1\n")
    assert "outbox row 2 is refused: bad_mailbox" in done.stderr
    assert orjson.loads(run("postgres", dsn, "--json", amqp_url=amqp_url).stdout) == {"published": 0, "refused": 0}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_following_ends_with_a_signal_and_a_summary(
    postgres: PrivatePostgres, amqp_url: str, tmp_path: Path, number: signal.Signals
) -> None:
    await declare_topology(amqp_url)
    dsn = studio_database(postgres)
    command = [sys.executable, "-m", "producers", "outbox", "postgres", dsn, "--follow"]
    environment = {**clean_environment(), "CALLSHEET_AMQP_URL": amqp_url}
    child = Child("outbox", command, log=tmp_path / "outbox.log", environment=environment, directory=CHECKOUT)
    fill(dsn, "anna@example.com")
    await eventually_async(lambda: not waiting(dsn), 30, what="it is published")
    child.signal(number)
    assert child.wait(10) == 0
    assert child.tail().splitlines()[-1] == "outbox: published=1 refused=0"


async def test_what_is_wrong_is_one_line_without_the_password(postgres: PrivatePostgres, amqp_url: str) -> None:
    await declare_topology(amqp_url)
    wrong = run("postgres", "s3cret is no dsn", amqp_url=amqp_url)
    assert wrong.returncode == 2
    assert "s3cret" not in wrong.stderr
    for dsn, said in (
        ("host=127.0.0.1 port=1 user=anna password=s3cret dbname=rota", "Connection refused"),
        (postgres.new_database(), "callsheet-producer outbox sql"),
    ):
        failed = run("postgres", dsn, amqp_url=amqp_url)
        assert failed.returncode == 1
        assert said in failed.stderr
        assert "s3cret" not in failed.stderr
        assert "Traceback" not in failed.stderr


def test_the_sql_is_printed() -> None:
    assert run("sql").stdout == (CHECKOUT / "producers/sources/postgres/outbox.sql").read_text()


def test_without_psycopg_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')\n")
    environment = {**clean_environment(), "PYTHONPATH": f"{tmp_path}{os.pathsep}{CHECKOUT}"}
    command = [sys.executable, "-m", "producers", "outbox", "postgres", "dbname=rota"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=50)
    assert done.returncode == 2
    assert "callsheet[postgres]" in done.stderr
