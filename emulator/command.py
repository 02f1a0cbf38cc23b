"""The command line of the emulator, checked."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from emulator.login.authenticator import Scheme

_DESCRIPTION = """\
A stand-in Exchange server: EWS at /EWS/Exchange.asmx with real item storage, change keys, conflicts, impersonation
rights, Basic, NTLM and OAuth2; a page with the calendars at /; faults and counters on a port of their own.
"""
_EPILOG = """\
The organisation file (--mailboxes), in TOML:

  [[account]]                          # somebody who logs in: callsheet, DOMAIN\\callsheet, callsheet@any.domain
  user = "callsheet"
  password = "secret"                  # or password_file = "FILE"
  impersonate = ["*@example.com"]      # the mailboxes it may act as
  [[mailbox]]
  address = "anna@example.com"
  name = "Anna Andersson"              # optional, as are the rest
  kind = "user"                        # user, room or equipment
  aliases = ["a.andersson@example.com"]
  quota_kib = 0                        # 0: no limit
  owner_password = "hers"              # gives the owner a log-in under the address

The token file (--token-file), in TOML: [[client]] with id, secret, user (an account), optional lifetime_seconds and
token. Tokens are given at /oauth2/token.

When it is ready it prints one line of JSON: the addresses of EWS, page and control endpoint, and its process id.
Ctrl-C or SIGTERM stops it.

Faults:    curl -d '{"kind": "latency", "ms": 50}' http://127.0.0.1:CONTROL/faults
Counters:  curl http://127.0.0.1:CONTROL/counters
Kinds: latency, server_busy, http_status, soap_fault, item_error, commit_then_drop, commit_late, partial_commit, drop,
hang, refuse, truncate. Any of them may be limited by operation, mailbox, share, count, seconds.

Everybody who reaches the ports sees every calendar on the page and may switch faults on: leave --host as it is unless
the network is yours.
"""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the command line asks for."""

    host: str
    port: int
    control_port: int
    mailboxes: Path
    store: Path | None
    tls: Path | None
    tls_hosts: tuple[str, ...]
    tls_expired: bool
    late_change_keys: bool
    latency_ms: float
    schemes: tuple[Scheme, ...]
    token_file: Path | None
    journal: Path | None
    seed: int


def read_arguments(argv: list[str] | None = None) -> Arguments:
    """Read the command line; on a wrong one say what is expected and exit with 2."""
    parser = argparse.ArgumentParser(
        "python -m emulator", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mailboxes", type=Path, required=True, metavar="FILE", help="the organisation: see below")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, default=0, help="port of EWS and the page; 0: any free one (0)")
    parser.add_argument("--control-port", type=_port, default=0, help="port of faults and counters (0)")
    parser.add_argument("--store", type=Path, metavar="FILE", help="keep everything in this SQLite file (in memory)")
    parser.add_argument(
        "--auth", type=_schemes, default="ntlm,basic", metavar="LIST", help="log-ins on offer, in order (ntlm,basic)"
    )
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="OAuth2 clients: see below (no OAuth2)")
    parser.add_argument(
        "--tls", type=Path, metavar="DIR", help="serve https with a certificate made in DIR; trust ca.pem"
    )
    parser.add_argument(
        "--tls-host",
        action="append",
        metavar="NAME",
        help="name in the certificate, may be repeated (localhost, 127.0.0.1)",
    )
    parser.add_argument("--tls-expired", action="store_true", help="serve a certificate that ended yesterday")
    parser.add_argument(
        "--late-change-keys", action="store_true", help="change keys change once more two seconds after a create"
    )
    parser.add_argument(
        "--latency-ms", type=_milliseconds, default=0.0, metavar="N", help="wait so long before every request (0)"
    )
    parser.add_argument("--journal", type=Path, metavar="FILE", help="append the moment and the mailbox of each write")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the faults' shares (0)")
    found = parser.parse_args(argv)
    if found.tls is None and (found.tls_host or found.tls_expired):
        parser.error("--tls-host and --tls-expired belong to --tls DIR")
    return Arguments(
        host=found.host,
        port=found.port,
        control_port=found.control_port,
        mailboxes=found.mailboxes,
        store=found.store,
        tls=found.tls,
        tls_hosts=tuple(found.tls_host or ("localhost", "127.0.0.1")),
        tls_expired=found.tls_expired,
        late_change_keys=found.late_change_keys,
        latency_ms=found.latency_ms,
        schemes=found.auth,
        token_file=found.token_file,
        journal=found.journal,
        seed=found.seed,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a port, 0 to 65535")
    return int(text)


def _milliseconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3_600_000:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected milliseconds, 0 to 3600000")
    return value


def _schemes(text: str) -> tuple[Scheme, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    if any(name not in ("basic", "ntlm") for name in names) or len(set(names)) != len(names):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected basic, ntlm or both, with a comma between")
    return cast(tuple[Scheme, ...], names)
