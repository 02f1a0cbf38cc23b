"""One authenticated connection to Exchange: a SOAP body in, the response messages out, every failure a CalendarError.

exchangelib opens the session (Basic, NTLM, OAuth2 with its token); the request goes out once and is never repeated
here. Blocking: each worker thread has one of its own.
"""

import math
import ssl
import time
from dataclasses import dataclass
from typing import Any, Final

import requests
from exchangelib import OAUTH2, Configuration
from exchangelib.credentials import BaseCredentials, Credentials, OAuth2Credentials
from exchangelib.protocol import BaseProtocol
from oauthlib.oauth2 import OAuth2Error
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError, NewConnectionError

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews.soap import envelope, response_messages
from consumer.calendars.ews.versions import Dialect

_CONNECT_SECONDS: Final = 10.0
_TOKEN_MARGIN_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """An application that is registered to write to mailboxes."""

    tenant: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return f"OAuthClient(tenant={self.tenant!r}, client_id={self.client_id!r})"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Exchange is and who we are. ``auth`` is ntlm, basic or oauth2. The password never shows in a repr."""

    url: str
    auth: str
    user: str
    password: str
    oauth: OAuthClient | None
    dialect: Dialect
    tls: ssl.SSLContext
    timeout_seconds: float
    user_agent: str

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r}, auth={self.auth!r}, user={self.user!r})"

    def credentials(self) -> BaseCredentials:
        """Fresh credentials: a connection shares them with no other, since exchangelib locks and renews them."""
        if self.oauth is not None:
            return OAuth2Credentials(
                client_id=self.oauth.client_id, client_secret=self.oauth.client_secret, tenant_id=self.oauth.tenant
            )
        return Credentials(self.user, self.password)


class Connection:
    """One session on one TCP connection. Not for use by two threads at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._protocol = _protocol(endpoint)
        self._session: requests.Session | None = None
        self._request = requests.PreparedRequest()

    def ask(self, operation: str, mailbox: str | None, body: str) -> list[Any]:
        """Send one operation in the name of a mailbox, or of the account itself; its response messages, in order.

        ``body`` is the XML of the operation's element. Raises :class:`CalendarError`.
        """
        if self._token_ends_soon():
            self._drop_token()
        try:
            session = self._session or self._open()
            response = session.send(
                self._next_request(session, mailbox, envelope(self._endpoint.dialect.schema, mailbox, body)),
                timeout=(min(_CONNECT_SECONDS, self._endpoint.timeout_seconds), self._endpoint.timeout_seconds),
                allow_redirects=False,
            )
        except (requests.RequestException, HTTPError, OSError, OAuth2Error, KeyError, ValueError) as error:
            self.close()
            if isinstance(error, OAuth2Error):
                self._drop_token()
            raise _failure_below_http(error) from error
        if response.status_code == 401:
            self._drop_token()
        return response_messages(operation, response)

    def close(self) -> None:
        """Give up the session; the next request opens a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> requests.Session:
        """A new session, and the request that all of its requests are copies of.

        What is the same in every request is prepared once, the log-in included: that is over a third of what a
        request costs on our side. A token in it is as old as the session, which ends before the token does.
        """
        session: requests.Session = self._protocol.create_session()
        self._request = session.prepare_request(requests.Request("POST", self._endpoint.url))
        self._session = session
        return session

    def _next_request(self, session: requests.Session, mailbox: str | None, content: bytes) -> requests.PreparedRequest:
        request = self._request.copy()
        request.prepare_body(content, None)
        if mailbox:
            request.headers["X-AnchorMailbox"] = mailbox
        if session.cookies:
            # With its cookies Exchange finds the server behind the load balancer that knows this connection.
            request.headers.pop("Cookie", None)
            request.prepare_cookies(session.cookies)
        return request

    def _token_ends_soon(self) -> bool:
        if self._endpoint.oauth is None or self._session is None:
            return False
        token = self._protocol.credentials.access_token or {}
        return bool(token.get("expires_at", math.inf) < time.time() + _TOKEN_MARGIN_SECONDS)

    def _drop_token(self) -> None:
        """Get a new token for the next request.

        exchangelib gives an old token to a new session for ever, and its own renewal needs a refresh token, which
        client credentials never come with (RFC 6749, section 4.4.3): only new credentials have no token.
        """
        if self._endpoint.oauth is not None:
            self.close()
            self._protocol = _protocol(self._endpoint)


def tls_context(ca_file: str | None, insecure: bool) -> ssl.SSLContext:
    """The system's certificates, or those of one file. Raises OSError or ssl.SSLError when the file cannot be used."""
    context = ssl.create_default_context(cafile=ca_file)
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _protocol(endpoint: Endpoint) -> BaseProtocol:
    """exchangelib's maker of sessions, with a class of its own: adapter and User-Agent are set on the class."""

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=endpoint.tls, **kwargs)

        def cert_verify(self, *args: Any) -> None:
            """The TLS context alone decides; requests would add certificates of its own."""

    class Sessions(BaseProtocol):
        HTTP_ADAPTER_CLS = Adapter
        USERAGENT = endpoint.user_agent

        @classmethod
        def raw_session(cls, *args: Any, **kwargs: Any) -> requests.Session:
            session: requests.Session = super().raw_session(*args, **kwargs)
            # A .netrc or a proxy of the environment has no say in which account is used, or who sees the traffic.
            session.trust_env = False
            session.verify = endpoint.tls.verify_mode is not ssl.CERT_NONE
            return session

    return Sessions(
        Configuration(
            service_endpoint=endpoint.url,
            credentials=endpoint.credentials(),
            auth_type=OAUTH2 if endpoint.oauth else "NTLM" if endpoint.auth == "ntlm" else "basic",
            version=endpoint.dialect.version(),
            max_connections=1,
        )
    )


def _failure_below_http(error: Exception) -> CalendarError:
    """Whether the request can have reached the server decides: what was not sent was not done."""
    reason: object = error.args[0] if error.args else None
    if isinstance(reason, MaxRetryError):
        reason = reason.reason
    if isinstance(error, requests.exceptions.SSLError):
        return CalendarError("TLS", f"no secure connection: {reason}", Remedy.OUTAGE)
    if isinstance(error, requests.ConnectTimeout):
        return CalendarError("ConnectTimeout", "the server does not accept a connection in time", Remedy.OUTAGE)
    if isinstance(reason, NameResolutionError):
        return CalendarError("NameResolution", "the server's name cannot be resolved", Remedy.OUTAGE)
    if isinstance(reason, NewConnectionError):
        return CalendarError("ConnectionRefused", "the server does not accept connections", Remedy.OUTAGE)
    if isinstance(error, requests.Timeout):
        return CalendarError("Deadline", "no answer in time", Remedy.LOOK_FIRST)
    if isinstance(error, OAuth2Error):
        return CalendarError("HTTP401", f"no access token: {error.error}", Remedy.OUTAGE)
    return CalendarError("NoAnswer", f"the connection was lost ({type(error).__name__})", Remedy.LOOK_FIRST)
