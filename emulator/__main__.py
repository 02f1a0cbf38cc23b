"""`python -m emulator`: puts the parts together and runs them."""

import asyncio
import logging
import os
import signal
import sqlite3
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import orjson

from emulator.command import Arguments, read_arguments
from emulator.control import Control
from emulator.counters import Counters
from emulator.ews.exchange import Exchange, Options
from emulator.ews_endpoint import EwsEndpoint
from emulator.faults.board import FaultBoard
from emulator.http.server import HttpServer
from emulator.journal import Journal
from emulator.login.authenticator import Authenticator
from emulator.login.ntlm import NtlmAcceptor
from emulator.login.tokens import TokenFileError, Tokens
from emulator.organisation import Organisation
from emulator.organisation_file import OrganisationError, read_organisation
from emulator.page.live import LiveFeed
from emulator.page.site import Site
from emulator.request_log import RequestLog
from emulator.routes import EWS_PATH, Routes
from emulator.store import MemoryStore, SqliteStore
from emulator.tls import make_certificates

_FINISH_SECONDS = 2.0


async def serve(arguments: Arguments, organisation: Organisation, tokens: Tokens | None, private: Path) -> None:
    """Run the emulator until SIGTERM or SIGINT. `private` is a folder only this user can read.

    Raises OSError if a port, the store or the certificates' folder cannot be had.
    """
    loop = asyncio.get_running_loop()
    tls = None
    if arguments.tls is not None:
        tls = make_certificates(arguments.tls, arguments.tls_hosts, expired=arguments.tls_expired)
    with ExitStack() as cleanup:
        store = SqliteStore(arguments.store) if arguments.store is not None else MemoryStore()
        cleanup.callback(store.close)
        counters, requests = Counters(), RequestLog()
        live = LiveFeed(counters)
        store.watch(live.mailbox_changed)
        if arguments.journal is not None:
            journal = cleanup.enter_context(closing(Journal(arguments.journal)))
            store.watch(journal.mailbox_changed)
        exchange = Exchange(organisation, store, options=Options(late_change_keys=arguments.late_change_keys))
        acceptor = NtlmAcceptor(organisation, private)
        authenticator = Authenticator(organisation, counters, arguments.schemes, acceptor, tokens)
        faults = FaultBoard(
            arguments.seed,
            struck=lambda kind: counters.faults.update((kind,)),
            refuse=lambda refuse: ews_server.close() if refuse else ews_server.open(),
            later=loop.call_later,
        )
        ews = EwsEndpoint(exchange, organisation, authenticator, faults, counters, requests, live, arguments.latency_ms)
        routes = Routes(ews, Site(organisation, store, live), tokens)
        ews_server = HttpServer(routes.answer, arguments.host, arguments.port, tls)
        control_server = HttpServer(Control(counters, requests, faults).answer, arguments.host, arguments.control_port)
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        ews_server.open()
        control_server.open()
        _announce(arguments, ews_server, control_server)
        await stopped.wait()
        control_server.close()
        faults.clear()
        await ews_server.finish(_FINISH_SECONDS)
        live.close()


def _announce(arguments: Arguments, ews: HttpServer, control: HttpServer) -> None:
    host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
    page = f"{'http' if arguments.tls is None else 'https'}://{host}:{ews.port}"
    line = {
        "ews": page + EWS_PATH,
        "page": page + "/",
        "control": f"http://{host}:{control.port}",
        "pid": os.getpid(),
    }
    if arguments.tls is not None:
        line["ca_file"] = str((arguments.tls / "ca.pem").resolve())
    sys.stdout.write(orjson.dumps(line).decode() + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the command. Returns 0 when it was stopped, 1 if it cannot run, 2 if its files are wrong."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    arguments = read_arguments()
    try:
        organisation = read_organisation(arguments.mailboxes)
        tokens = Tokens(arguments.token_file, organisation) if arguments.token_file else None
    except (OrganisationError, TokenFileError) as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 2
    if not arguments.schemes and tokens is None:
        sys.stderr.write("emulator: nobody could log in: give --auth at least one scheme, or --token-file.\n")
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="callsheet-emulator-") as private:
            coroutine = serve(arguments, organisation, tokens, Path(private))
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(coroutine)
    except (OSError, ValueError, sqlite3.Error) as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 1
    return 0


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # it only makes the server faster
        return None
    return uvloop.Loop


if __name__ == "__main__":
    sys.exit(main())
