"""A client for the tests: keep-alive connections, raw bytes where a test wants them, and answers as they are."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from contract.codec import encode
from contract.event import Event

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem, after a look at its form."""
        assert self.headers["content-type"] == "application/problem+json", self
        problem = self.json
        assert problem["status"] == self.status
        assert problem["type"] == "about:blank"
        assert problem["title"]
        assert problem["detail"]
        return str(problem["code"])


class Connection:
    """One connection to the service; a context manager."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self._port = port
        self._token = token

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def request(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Sends a whole request and reads its answer."""
        self.send_head(method, path, {"Content-Length": str(len(body)), **(headers or {})})
        self.writer.write(body)
        await self.writer.drain()
        return await self.answer()

    def send_head(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        """Only the head, with the token if there is one."""
        given = {"Host": "127.0.0.1", **({"Authorization": f"Bearer {self._token}"} if self._token else {}), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def answer(self) -> Answer:
        """The next answer. Raises IncompleteReadError when the server has closed the connection."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(first.split()[1]), headers, await self.reader.readexactly(int(headers["content-length"])))

    async def publish(self, *events: Event) -> Answer:
        """One event as it is, several as a batch."""
        if len(events) == 1:
            return await self.post_event(encode(events[0]))
        body = b"[" + b",".join(encode(event) for event in events) + b"]"
        return await self.request("POST", "/v1/events", body, {"Content-Type": BATCH})

    async def post_event(self, body: bytes, content_type: str = STRUCTURED) -> Answer:
        return await self.request("POST", "/v1/events", body, {"Content-Type": content_type})


async def ask(port: int, path: str) -> Answer:
    """A GET without a token."""
    async with Connection(port) as connection:
        return await connection.request("GET", path)
