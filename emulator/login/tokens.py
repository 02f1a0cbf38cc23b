"""OAuth2 with client credentials: a token endpoint and the tokens it has given.

The token file is TOML:

    [[client]]
    id = "callsheet-app"
    secret = "…"                # what the client shows at the token endpoint
    user = "callsheet"          # the account its tokens act as
    lifetime_seconds = 3600     # optional
    token = "…"                 # optional: a token that is good from the start and does not end
"""

import hmac
import secrets
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from emulator.http.message import HttpRequest, HttpResponse, json_response
from emulator.login.basic import read_basic
from emulator.organisation import Account, Organisation


class TokenFileError(ValueError):
    """The token file cannot be used; the message says where and why."""


class _Client(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(min_length=1)
    secret: SecretStr
    user: str
    lifetime_seconds: int = Field(default=3600, gt=0)
    token: SecretStr | None = None


class _TokenFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    client: list[_Client] = Field(min_length=1)


class Tokens:
    """Clients that may have tokens, and the tokens given. Raises TokenFileError if the file cannot be used."""

    def __init__(self, file: Path, organisation: Organisation, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, tuple[Account, float]] = {}
        self._clients: dict[str, tuple[_Client, Account]] = {}
        for client in _read(file):
            account = organisation.account(client.user)
            if account is None:
                raise TokenFileError(
                    f"{file}: client {client.id}: user {client.user!r} is no account of the organisation"
                )
            self._clients[client.id] = (client, account)
            if client.token is not None:
                self._given[client.token.get_secret_value()] = (account, float("inf"))

    def account(self, token: str) -> Account | None:
        """Whom a bearer token stands for; None: it was never given or has ended."""
        account, ends = self._given.get(token, (None, 0.0))
        return account if ends > self._clock() else None

    def give(self, request: HttpRequest) -> HttpResponse:
        """Answer the token endpoint: the client credentials grant of RFC 6749, section 4.4, errors as in 5.2."""
        if request.method != "POST":
            return _refusal(405, "invalid_request", "POST the form of a client credentials grant")
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "unsupported_grant_type", "only grant_type=client_credentials is supported")
        shown = read_basic(request.headers.get("authorization", ""))
        client_id, secret = shown or (form.get("client_id", ""), form.get("client_secret", ""))
        client, account = self._clients.get(client_id, (None, None))
        expected = client.secret.get_secret_value() if client else secrets.token_hex(16)
        if not hmac.compare_digest(secret.encode(), expected.encode()) or client is None or account is None:
            return _refusal(401, "invalid_client", "client id or secret is wrong")
        now = self._clock()
        self._given = {token: entry for token, entry in self._given.items() if entry[1] > now}
        token = secrets.token_urlsafe(32)
        self._given[token] = (account, now + client.lifetime_seconds)
        return json_response({"token_type": "Bearer", "expires_in": client.lifetime_seconds, "access_token": token})


def _read(file: Path) -> list[_Client]:
    try:
        return _TokenFile.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))).client
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TokenFileError(f"{file}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise TokenFileError(f"{file}: {where}: {first['msg']}") from None


def _refusal(status: int, code: str, text: str) -> HttpResponse:
    return json_response({"error": code, "error_description": text}, status)
