"""``callsheet-producer serve``: the HTTP entrance for events."""

import os
import ssl
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from producers.command_line import FAILED, WRONG_USAGE, AmqpUrl, clear_errors, say_error
from producers.serve.limits import Limits
from producers.serve.token_file import TokenFile, TokenFileError
from producers.settings import Settings

EXAMPLES: Final = """**Examples**

`callsheet-producer token new rota --source rota://studio --mailbox '*@studio.example.com' >> tokens.toml` – make a
token first; it is shown once

`callsheet-producer serve --tokens tokens.toml` – on 127.0.0.1:8460

`curl http://127.0.0.1:8460/v1/events -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/cloudevents+json'
-d @event.json` – publish an event

`callsheet-producer serve --tokens tokens.toml --host 0.0.0.0 --tls-certificate cert.pem --tls-key key.pem` – for
others, with TLS"""

_DEFAULTS: Final = Limits()


def serve(
    tokens: Annotated[
        Path,
        typer.Option(
            metavar="FILE.toml",
            help="Who may publish what: entries as `token new` prints them. Read again when it changes.",
        ),
    ],
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one, named in the log.")] = 8460,
    tls_certificate: Annotated[
        Path | None, typer.Option(metavar="CERT.pem", help="Certificate and chain; makes it https.", dir_okay=False)
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="KEY.pem", help="The certificate's key.", dir_okay=False)
    ] = None,
    sync_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Trigger of a running sync, to which POST /v1/sync is handed on."),
    ] = None,
    max_body: Annotated[
        int, typer.Option(metavar="BYTES", min=1024, help="Size of one request's body.")
    ] = _DEFAULTS.body_bytes,
    max_batch: Annotated[
        int, typer.Option(metavar="EVENTS", min=1, max=10_000, help="Events in one batch.")
    ] = _DEFAULTS.batch_events,
    max_in_flight: Annotated[
        int,
        typer.Option(metavar="EVENTS", min=1, help="Events that may wait for the broker; more are answered 503."),
    ] = _DEFAULTS.in_flight_events,
    rate: Annotated[
        float,
        typer.Option(metavar="EVENTS", min=0.001, help="Events a second of a token whose entry names no other rate."),
    ] = _DEFAULTS.events_per_second,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0.1, help="How long a request may wait for the confirm.")
    ] = 10.0,
    request_timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, help="How long a client may take to send one request."),
    ] = _DEFAULTS.request_seconds,
    amqp_url: AmqpUrl = None,
) -> None:
    """Takes events over HTTP, and answers when the broker has confirmed them.

    `POST /v1/events` takes CloudEvents, one or a batch, with a bearer token; `POST /v1/sync` asks a running sync for an
    update now. `/v1/openapi.json` describes both. `/healthz`, `/readyz` and `/metrics` are for whoever looks after it:
    publish only `/v1/` to others. SIGTERM ends it when what is under way is done. The log is JSON on standard error.
    """
    # Here, because every other command starts sooner without a web server.
    from producers.serve.logs import configure_logs
    from producers.serve.run import Service, run

    configure_logs("info")
    with clear_errors():
        settings = Settings.read(os.environ, amqp_url)
        if max_batch > max_in_flight:
            raise typer.BadParameter(f"--max-in-flight: expected at least --max-batch, {max_batch}")
        limits = Limits(
            body_bytes=max_body,
            all_bodies_bytes=max(_DEFAULTS.all_bodies_bytes, max_body),
            batch_events=max_batch,
            in_flight_events=max_in_flight,
            events_per_second=rate,
            request_seconds=request_timeout,
        )
        service = Service(
            settings=settings,
            tokens=_token_file(tokens),
            host=host,
            port=port,
            tls=_tls(tls_certificate, tls_key),
            sync_url=_checked_sync_url(sync_url),
            confirm_seconds=wait,
            limits=limits,
        )
        try:
            run(service)
        except ssl.SSLError as error:
            say_error(ValueError(f"--tls-certificate, --tls-key: expected PEM files that belong together ({error})"))
            raise typer.Exit(FAILED) from None


def _token_file(path: Path) -> TokenFile:
    try:
        return TokenFile(path)
    except TokenFileError as error:
        say_error(TokenFileError(f"--tokens: {error}"))
        raise typer.Exit(WRONG_USAGE) from None


def _tls(certificate: Path | None, key: Path | None) -> tuple[Path, Path] | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise typer.BadParameter("expected both, --tls-certificate and --tls-key")
    return certificate, key


def _checked_sync_url(url: str | None) -> str | None:
    if url is None:
        return None
    expected = "--sync-url: expected an address like http://127.0.0.1:9465/trigger, without a user in it"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc:
        raise typer.BadParameter(expected)
    return url
