"""A calendar at an address, from a real HTTP server: fetched only when changed, and never half."""

import base64
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.sandbox.ports import free_ports
from producers.sources.damaged import DamagedFile
from producers.sources.ical.download import MAX_BYTES, Download, DownloadFailed
from producers.sources.ical.reader import read_icalendar
from producers.sources.interval import Interval
from tests.producers.sources.ics import calendar_ics, event_ics

INTERVAL = Interval(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


class Server(ThreadingHTTPServer):
    """Answers with what the test has put into it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = calendar_ics(event_ics("SUMMARY:Mix")).encode()
        self.headers: dict[str, str] = {}
        self.status = 200
        self.length: int | None = None
        self.trickle = False
        self.released = threading.Event()
        self.asked: list[dict[str, str]] = []
        self.answered: list[int] = []

    @property
    def url(self) -> str:
        return f"http://anna:s3cret@127.0.0.1:{self.server_port}/team.ics?token=t0ken"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        known = (self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since"))
        now = (self.server.headers.get("ETag"), self.server.headers.get("Last-Modified"))
        status = 304 if any(known) and known == now else self.server.status
        self.server.answered.append(status)
        self.send_response(status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        if status == 304:
            self.end_headers()
            return
        self.send_header("Content-Length", str(self.server.length or len(self.server.body)))
        self.end_headers()
        if self.server.trickle:
            while not self.server.released.wait(0.05):
                self.wfile.write(b" ")
        self.wfile.write(self.server.body)

    def log_request(self, *_: object) -> None:
        """Nothing: the test looks at what was asked."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield running
    running.released.set()
    running.shutdown()
    running.server_close()
    thread.join(10)


def test_a_calendar_is_read_from_its_address(server: Server) -> None:
    schedule = read_icalendar(Download(server.url), INTERVAL)
    assert schedule.source == f"ical://127.0.0.1:{server.server_port}/team.ics"
    assert schedule.bookings.keys() == {"a"}
    assert server.asked[0]["Authorization"] == "Basic " + base64.b64encode(b"anna:s3cret").decode()


@pytest.mark.parametrize("headers", [{"ETag": '"v1"'}, {"Last-Modified": "Sun, 22 Nov 2026 15:00:00 GMT"}])
def test_it_is_fetched_again_only_when_it_has_changed(server: Server, headers: dict[str, str]) -> None:
    server.headers = headers
    download = Download(server.url)
    first = read_icalendar(download, INTERVAL)
    assert read_icalendar(download, INTERVAL) == first
    server.body = calendar_ics(event_ics(uid="b")).encode()
    server.headers = {"ETag": '"v2"', "Last-Modified": "Mon, 23 Nov 2026 15:00:00 GMT"}
    assert read_icalendar(download, INTERVAL).bookings.keys() == {"b"}
    assert server.answered == [200, 304, 200]


def failure(server: Server, download: Download) -> str:
    with pytest.raises(DownloadFailed) as caught:
        read_icalendar(download, INTERVAL)
    assert "s3cret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("status", [401, 404, 500, 503, 206])
def test_an_answer_that_is_no_calendar_is_an_error(server: Server, status: int) -> None:
    server.status = status
    assert f"the server answers {status}" in failure(server, Download(server.url))


def test_an_answer_that_is_cut_off_is_an_error(server: Server) -> None:
    server.length = len(server.body) + 100
    assert "the answer was cut off" in failure(server, Download(server.url))


def test_a_server_that_trickles_does_not_get_round_the_deadline(server: Server) -> None:
    server.trickle, server.length = True, 10**6
    assert "no complete answer within 0.5 s" in failure(server, Download(server.url, 0.5))


def test_nobody_there(server: Server) -> None:
    url = f"http://anna:s3cret@127.0.0.1:{free_ports(1)[0]}/team.ics?token=t0ken"
    assert "it cannot be reached" in failure(server, Download(url, 2))


def test_too_much_is_refused(server: Server) -> None:
    server.body = b" " * (MAX_BYTES + 1)
    with pytest.raises(DamagedFile, match="more than 64 MiB"):
        read_icalendar(Download(server.url), INTERVAL)


@pytest.mark.parametrize("url", ["team.ics", "ftp://example.com/team.ics", "https:///team.ics"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"an address like https://example\.com/team\.ics"):
        Download(url)


def test_webcal_is_https() -> None:
    assert Download("webcal://example.com/team.ics").host_and_path == "example.com/team.ics"
