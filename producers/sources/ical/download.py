"""A calendar at an address, fetched only when it has changed (RFC 9110, section 13: ETag, Last-Modified)."""

import time
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import requests
import urllib3

from producers.sources.damaged import DamagedFile

MAX_BYTES: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 30.0


class DownloadFailed(OSError):
    """The calendar could not be fetched. The text names host and path only: the rest of an address may be a secret."""


class Download:
    """A calendar at an http or https address (``webcal`` is https). Keeps the last body, for as long as it lives.

    ``deadline_seconds``: for the whole of one fetch. A user and password in the address are sent as Basic. Raises
    ValueError for an address that is none.
    """

    def __init__(self, url: str, deadline_seconds: float = 60.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "webcal") or not parts.hostname:
            raise ValueError("an address like https://example.com/team.ics")
        self._url = parts._replace(scheme="https").geturl() if parts.scheme == "webcal" else url
        self._deadline_seconds = deadline_seconds
        self._session = requests.Session()
        self._body: bytes | None = None
        self._validators: dict[str, str] = {}
        port = f":{parts.port}" if parts.port else ""
        self.host_and_path = f"{parts.hostname}{port}{parts.path}"

    def __str__(self) -> str:
        return self.host_and_path

    def read(self) -> bytes:
        """The calendar as it is now. Raises :class:`DownloadFailed`, and :class:`DamagedFile` when it is too long."""
        deadline = time.monotonic() + self._deadline_seconds
        headers = {"Accept": "text/calendar, */*;q=0.1", **self._validators}
        timeouts = (min(_CONNECT_SECONDS, self._deadline_seconds), min(_SILENCE_SECONDS, self._deadline_seconds))
        try:
            with self._session.get(self._url, headers=headers, timeout=timeouts, stream=True) as response:
                if response.status_code == HTTPStatus.NOT_MODIFIED and self._body is not None:
                    return self._body
                if response.status_code != HTTPStatus.OK:
                    raise DownloadFailed(f"{self}: the server answers {response.status_code} {response.reason}")
                body = self._received(response, deadline)
        except requests.Timeout:
            raise self._too_slow() from None
        except urllib3.exceptions.ReadTimeoutError:
            raise self._too_slow() from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise DownloadFailed(f"{self}: {_plain(error)}") from None
        known = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
        self._validators = {ours: response.headers[its] for ours, its in known.items() if its in response.headers}
        self._body = body
        return body

    def _received(self, response: requests.Response, deadline: float) -> bytes:
        chunks = bytearray()
        # What is there, however little: a server that trickles must not get round the deadline.
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            chunks += chunk
            if len(chunks) > MAX_BYTES:
                raise DamagedFile(str(self), f"more than {MAX_BYTES // 2**20} MiB, expected a calendar")
            if time.monotonic() > deadline:
                raise self._too_slow()
        return bytes(chunks)

    def _too_slow(self) -> DownloadFailed:
        return DownloadFailed(
            f"{self}: no complete answer within {self._deadline_seconds:g} s; the next run tries again"
        )


def _plain(error: requests.RequestException | urllib3.exceptions.HTTPError) -> str:
    """What went wrong without the address, which the libraries repeat in their messages."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted"
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "too many redirections"
    if isinstance(error, urllib3.exceptions.HTTPError):
        return "the answer was cut off"
    return "it cannot be reached, or closed the connection"
