"""A PostgreSQL of our own: private data, a private port, and nothing left when we go.

PostgreSQL refuses to run as root: then it runs as the account ``postgres``, or ``nobody`` where there is none.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.sandbox.children import Child, ChildError, TemporaryFolder, wait_until
from deploy.sandbox.ports import free_ports

USER: Final = "callsheet"
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 20.0
_PORTS_TRIED: Final = 3
_PLACES: Final = Path("/usr/lib/postgresql")


class PostgresUnavailable(RuntimeError):
    """There is no PostgreSQL to start. The text says which command installs it."""


def postgres_binaries() -> Path:
    """The folder of the newest PostgreSQL's programs. Raises PostgresUnavailable."""
    installed = [folder for folder in _PLACES.glob("*/bin") if (folder / "postgres").is_file()]
    found = max(installed, key=_version_of, default=None)
    on_path = shutil.which("postgres")
    if found is None and on_path is None:
        raise PostgresUnavailable(
            "there is no PostgreSQL on this machine. Install it (as root): "
            "apt-get install --no-install-recommends postgresql"
        )
    return found or Path(on_path or "").resolve().parent


def _version_of(binaries: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", binaries.parent.name)]


class PrivatePostgres:
    """One PostgreSQL server as a child process, up inside ``with``. Its data are gone afterwards.

    It does not wait for the disk: that its own machine loses power is not what is tried here.
    """

    def __init__(self) -> None:
        self._binaries = postgres_binaries()
        self._temporary = TemporaryFolder("postgres")
        self._folder = self._temporary.path
        self._port = 0
        self._password = secrets.token_urlsafe(18)
        self._server: Child | None = None

    def dsn(self, database: str = "postgres") -> str:
        """How libpq reaches a database, password included."""
        return make_conninfo(host="127.0.0.1", port=self._port, user=USER, password=self._password, dbname=database)

    def new_database(self) -> str:
        """Create an empty database; its connection string."""
        name = f"d{secrets.token_hex(6)}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.dsn(name)

    def start(self) -> None:
        """Start on the same data and port as before; returns when it takes connections. Raises ChildError."""
        data = self._folder / "data"
        as_account = self._hand_over()
        if not data.exists():
            self._make_cluster(data, as_account)
        if self._port:
            self._start_on(self._port, data, as_account)
            return
        # Between our look and its own somebody else may take the port.
        for more in reversed(range(_PORTS_TRIED)):
            (self._port,) = free_ports(1)
            try:
                self._start_on(self._port, data, as_account)
                return
            except ChildError:
                if not more:
                    raise

    def stop(self) -> None:
        """A stop that ends every session, as a restart of the server would. Data stay, for ``start()``."""
        if self._server is not None:
            # SIGINT: fast shutdown. SIGTERM would wait for every client to leave.
            self._server.signal(signal.SIGINT)
            self._server.wait(_STOP_SECONDS)
            self._server = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._temporary.close()

    def _start_on(self, port: int, data: Path, as_account: list[str]) -> None:
        command: list[str | Path] = [
            *as_account,
            self._binaries / "postgres",
            *("-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", self._folder),
            *("-c", "fsync=off", "-c", "max_connections=40"),
        ]
        self._server = Child("PostgreSQL", command, log=self._folder / "server.log", directory=Path("/"))
        wait_until("PostgreSQL", self._answers, timeout_seconds=_START_SECONDS, children=[self._server])

    def _hand_over(self) -> list[str]:
        """The words that run a program as an account that PostgreSQL accepts; none where we are one ourselves."""
        if os.geteuid() != 0:
            return []
        names = {entry.pw_name for entry in pwd.getpwall()}
        account = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        os.chown(self._folder, account.pw_uid, account.pw_gid)
        return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]

    def _make_cluster(self, data: Path, as_account: list[str]) -> None:
        password_file = self._folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        shutil.chown(password_file, *self._owner())
        subprocess.run(
            [
                *as_account,
                self._binaries / "initdb",
                *("-D", data, "-U", USER, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
                *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            ],
            check=True,
            capture_output=True,
            timeout=60,
            cwd="/",
        )

    def _owner(self) -> tuple[int, int]:
        status = self._folder.stat()
        return status.st_uid, status.st_gid

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.dsn(), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False
