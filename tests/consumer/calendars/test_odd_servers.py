"""Answers that are not Exchange's: from proxies, from other servers, from nobody who means well."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.ews import workers
from consumer.calendars.ews.connection import Connection, tls_context
from consumer.calendars.ews.connection import Endpoint as Way
from consumer.calendars.ews.versions import DIALECTS
from consumer.calendars.ews.workers import Workers
from tests.support import eventually_async

OK = "HTTP/1.1 200 OK"
ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
    ' xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors"><s:Body>{}</s:Body></s:Envelope>'
)
FINE = ENVELOPE.format(
    '<m:FindFolderResponse><m:ResponseMessages><m:FindFolderResponseMessage ResponseClass="Success"><m:ResponseCode>'
    "NoError</m:ResponseCode></m:FindFolderResponseMessage></m:ResponseMessages></m:FindFolderResponse>"
)


def fault(detail: str = "", text: str = "Sorry.") -> str:
    return ENVELOPE.format(
        f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{text}</faultstring>{detail}</s:Fault>"
    )


Serve = Callable[[bytes], Awaitable[Workers]]


class Server:
    """A port that answers every request with the same bytes, or with a trickle of them."""

    def __init__(self) -> None:
        self.answer = b""
        self.trickle_seconds = 0.0
        self.requests: list[bytes] = []
        self.port = 0
        self.way: Workers | None = None
        self.stuck: list[tuple[str, str | None]] = []
        self.open: set[asyncio.StreamWriter] = set()

    def _note_stuck(self, operation: str, mailbox: str | None) -> None:
        self.stuck.append((operation, mailbox))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                if self.trickle_seconds:
                    for byte in self.answer:
                        writer.write(bytes([byte]))
                        await writer.drain()
                        await asyncio.sleep(self.trickle_seconds)
                else:
                    writer.write(self.answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.open.discard(writer)

    def says(self, body: str | bytes, status: str = OK, *headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        lines = (status, "Content-Type: text/xml; charset=utf-8", f"Content-Length: {len(content)}", *headers, "", "")
        self.answer = "\r\n".join(lines).encode() + content

    async def ask(self, timeout_seconds: float = 5.0) -> list[Any]:
        if self.way is None:
            way = Way(
                url=f"http://127.0.0.1:{self.port}/EWS/Exchange.asmx",
                auth="basic",
                user="callsheet",
                password="Only-for-tests-1",
                oauth=None,
                dialect=DIALECTS["2016"],
                tls=tls_context(None, insecure=False),
                timeout_seconds=timeout_seconds,
                user_agent="Callsheet/9.9",
            )
            self.way = Workers(lambda: Connection(way), 1, timeout_seconds, self._note_stuck)
        return await self.way.ask("FindFolder", "o'hara&co@example.com", "<m:FindFolder/>")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    here = Server()
    listening = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    here.port = listening.sockets[0].getsockname()[1]
    yield here
    if here.way is not None:
        await here.way.close()
    listening.close()
    for writer in here.open:
        writer.close()
    await eventually_async(lambda: not here.open)


async def failure(server: Server, timeout_seconds: float = 5.0) -> CalendarError:
    with pytest.raises(CalendarError) as caught:
        await server.ask(timeout_seconds)
    assert "Only-for-tests-1" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert "\n" not in str(caught.value)
    return caught.value


async def test_what_goes_over_the_wire(server: Server) -> None:
    server.says(FINE)
    await server.ask()
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"User-Agent: Callsheet/9.9" in head
    assert b"X-AnchorMailbox: o'hara&co@example.com" in head
    assert b"<t:PrimarySmtpAddress>o'hara&amp;co@example.com</t:PrimarySmtpAddress>" in body
    assert b'<t:RequestServerVersion Version="Exchange2016"/>' in body
    assert b"text/xml" in head


async def test_the_cookies_of_a_load_balancer_go_along_with_every_later_request(server: Server) -> None:
    server.says(FINE, OK, "Set-Cookie: X-BackEndCookie=mbx1; path=/EWS; HttpOnly")
    await server.ask()
    server.says(FINE, OK, "Set-Cookie: X-BackEndCookie=mbx2; path=/EWS; HttpOnly")
    await server.ask()
    server.says(FINE)
    await server.ask()
    sent = [
        b"".join(line for line in request.split(b"\r\n") if line.startswith(b"Cookie")) for request in server.requests
    ]
    assert sent == [b"", b"Cookie: X-BackEndCookie=mbx1", b"Cookie: X-BackEndCookie=mbx2"]


@pytest.mark.parametrize(
    ("body", "status", "headers", "code", "remedy"),
    [
        ("", OK, (), "BadAnswer", Remedy.LOOK_FIRST),
        ("<html>Sign in, please", OK, (), "BadAnswer", Remedy.LOOK_FIRST),
        ("<html><body>Sign in, please</body></html>", OK, (), "BadAnswer", Remedy.LOOK_FIRST),
        (ENVELOPE.format("<m:OtherResponse/>"), OK, (), "BadAnswer", Remedy.LOOK_FIRST),
        (b"\xff\xfe\x00", OK, (), "BadAnswer", Remedy.LOOK_FIRST),
        ("oops", "HTTP/1.1 500 Internal Server Error", (), "HTTP500", Remedy.UNKNOWN),
        ("", "HTTP/1.1 302 Found", ("Location: https://login.example.com/",), "HTTP302", Remedy.UNKNOWN),
        (fault(), "HTTP/1.1 500 Internal Server Error", (), "SOAPFault", Remedy.UNKNOWN),
        (fault(), OK, (), "SOAPFault", Remedy.UNKNOWN),
        (
            fault("<detail><e:ResponseCode>ErrorServerBusy</e:ResponseCode></detail>"),
            OK,
            (),
            "ServerBusy",
            Remedy.RETRY_SOON,
        ),
    ],
)
async def test_answers_without_an_answer(
    server: Server, body: str | bytes, status: str, headers: tuple[str, ...], code: str, remedy: Remedy
) -> None:
    server.says(body, status, *headers)
    error = await failure(server)
    assert (error.code, error.remedy) == (code, remedy)
    assert len(server.requests) == 1, "nothing is repeated here, and no redirection is followed"


async def test_external_entities_are_not_read(server: Server) -> None:
    server.says(
        '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY passwd SYSTEM "file:///etc/passwd">]>'
        + fault("<detail><e:Message>&passwd;</e:Message></detail>", "&passwd;")
    )
    error = await failure(server)
    assert "root:" not in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("0", 0.0), ("2.5", 2.5), ("-5", 0.0), ("soon", None), ("", None), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0)],
)
async def test_retry_after(server: Server, header: str, seconds: float | None) -> None:
    server.says("", "HTTP/1.1 503 Service Unavailable", f"Retry-After: {header}")
    assert (await failure(server)).retry_after_seconds == seconds


@pytest.mark.parametrize("header", ["nan", "inf", "1e999"])
async def test_retry_after_that_is_no_time(server: Server, header: str) -> None:
    server.says("", "HTTP/1.1 503 Service Unavailable", f"Retry-After: {header}")
    assert (await failure(server)).retry_after_seconds is None


async def test_retry_after_as_a_date(server: Server) -> None:
    then = datetime.now(UTC) + timedelta(seconds=90)
    server.says("", "HTTP/1.1 503 Service Unavailable", f"Retry-After: {format_datetime(then, usegmt=True)}")
    seconds = (await failure(server)).retry_after_seconds
    assert seconds is not None
    assert 60 < seconds <= 90


async def test_the_back_off_may_stand_anywhere(server: Server) -> None:
    values = (
        '<t:MessageXml><t:Value Name="Policy">x</t:Value><t:Value Name="MaxConcurrency">27</t:Value>'
        '<t:Value Name="BackOffMilliseconds"> 4321 </t:Value></t:MessageXml>'
    )
    server.says(fault(f"<detail><e:ResponseCode>ErrorServerBusy</e:ResponseCode>{values}</detail>"))
    error = await failure(server)
    assert (error.code, error.retry_after_seconds) == ("ServerBusy", 4.321)


async def test_an_answer_that_never_ends(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never does: the deadline is watched from outside the connection."""
    monkeypatch.setattr(workers, "_GRACE_SECONDS", 0.3)
    server.says(FINE)
    server.trickle_seconds = 0.05
    for attempt in (1, 2):
        started = time.monotonic()
        error = await failure(server, timeout_seconds=0.5)
        assert (error.code, error.remedy) == ("Deadline", Remedy.LOOK_FIRST)
        assert time.monotonic() - started < 5
        assert server.stuck == [("FindFolder", "o'hara&co@example.com")] * attempt
    server.trickle_seconds = 0.0
    assert await server.ask(), "another worker has taken the place of the stuck one"


async def test_requests_wait_for_a_free_worker(server: Server) -> None:
    server.says(FINE)
    answers = await asyncio.gather(*(server.ask() for _ in range(20)))
    assert len(answers) == len(server.requests) == 20


@pytest.mark.parametrize("pasted", ["&#xB;", "&#11;", "&#x0;", "\x0b", "&#xFFFF;"])
async def test_what_a_person_pasted_makes_no_mailbox_unreadable(server: Server, pasted: str) -> None:
    """Exchange hands on control characters that XML 1.0 does not allow; those that it allows stay."""
    server.says(
        FINE.replace("NoError</m:ResponseCode>", f"NoError</m:ResponseCode><m:Note>a{pasted}b&#x9;c&#233;</m:Note>")
    )
    (message,) = await server.ask()
    assert message.findtext("{*}Note") == "ab\tcé"
