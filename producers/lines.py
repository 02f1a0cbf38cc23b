"""Events as JSON lines: reading a stream of any size, checking every line, publishing the good ones."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

from contract.event import MAX_SNAPSHOT_BYTES, Event
from contract.reasons import EventError, Reason
from producers.checked import checked_event
from producers.publisher import MAX_IN_FLIGHT, Publisher

_CHUNK_BYTES: Final = 64 * 1024


class ByteStream(Protocol):
    """What lines are read from: an open binary file, or standard input."""

    def read1(self, size: int, /) -> bytes:
        """The bytes that are there, at most ``size``; none at the end of the stream."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a stream. ``content`` is None for a line that is too long to be kept."""

    number: int
    content: bytes | None
    length: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was not published, and why."""

    file: str
    line: int
    reason: str
    error: str


class LineSplitter:
    """Cuts a stream of chunks into lines, holding never more than one line of legal length."""

    def __init__(self, longest: int = MAX_SNAPSHOT_BYTES) -> None:
        self._longest = longest
        self._number = 0
        self._begun = b""
        self._dropped = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            yield self._line(part)
        self._keep(rest)

    def end(self) -> Iterator[Line]:
        """The last line, if the stream does not end with a line break."""
        if self._begun or self._dropped:
            yield self._line(b"")

    def _keep(self, part: bytes) -> None:
        self._begun += part
        if len(self._begun) > self._longest or self._dropped:
            self._dropped += len(self._begun)
            self._begun = b""

    def _line(self, part: bytes) -> Line:
        self._keep(part)
        self._number += 1
        content, length = (None, self._dropped) if self._dropped else (self._begun, len(self._begun))
        self._begun, self._dropped = b"", 0
        return Line(self._number, content, length)


def checked(line: Line, now: datetime) -> Event:
    """The event in a line. Raises :class:`EventError` with the same reasons that a consumer would park it with."""
    if line.content is None:
        expected = f"at most {MAX_SNAPSHOT_BYTES} bytes for a snapshot"
        raise EventError(Reason.TOO_LARGE, "message", f"{line.length} bytes", expected)
    return checked_event(line.content, now)


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    good: int = 0
    published: int = 0
    bad: int = 0


async def publish_lines(
    stream: ByteStream,
    file: str,
    publisher: Publisher | None,
    tally: Tally,
    *,
    report_bad: Callable[[BadLine], None],
    advance: Callable[[int], None],
) -> None:
    """Checks every line and publishes the good ones; without a publisher it only checks.

    Empty lines are skipped. ``advance`` is called with the number of lines done. Raises the errors of
    :meth:`Publisher.publish`; what was confirmed until then is in ``tally``.
    """
    under_way: set[asyncio.Task[None]] = set()

    async def publish(event: Event) -> None:
        if publisher is not None:
            await publisher.publish(event)
            tally.published += 1
        advance(1)

    try:
        async for line in _lines(stream):
            if line.content is not None and not line.content.strip():
                continue
            try:
                event = checked(line, datetime.now(UTC))
            except EventError as error:
                tally.bad += 1
                report_bad(BadLine(file, line.number, str(error.reason), str(error)))
                advance(1)
                continue
            tally.good += 1
            under_way.add(asyncio.create_task(publish(event)))
            if len(under_way) >= MAX_IN_FLIGHT:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                await asyncio.gather(*done)  # raises the first error, and takes note of the others
        await asyncio.gather(*under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _lines(stream: ByteStream) -> AsyncIterator[Line]:
    splitter = LineSplitter()
    async for chunk in _chunks(stream):
        for line in splitter.feed(chunk):
            yield line
    for line in splitter.end():
        yield line


async def _chunks(stream: ByteStream) -> AsyncIterator[bytes]:
    """The stream as it comes, without holding up the event loop: a pipe may stay silent for hours.

    A daemon thread reads, because a thread of the loop's own pool would be waited for when the program is interrupted.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[bytes | OSError] = asyncio.Queue(maxsize=4)

    def read() -> None:
        chunk: bytes | OSError = b"to begin with"
        while chunk and not isinstance(chunk, OSError):
            try:
                chunk = stream.read1(_CHUNK_BYTES)
            except (OSError, ValueError) as error:  # ValueError: the file was closed, because publishing failed
                chunk = error if isinstance(error, OSError) else b""
            handing_over = waiting.put(chunk)
            try:
                asyncio.run_coroutine_threadsafe(handing_over, loop).result()
            except (RuntimeError, CancelledError):  # the loop is at its end: nobody wants the rest
                handing_over.close()
                return

    threading.Thread(target=read, name="line-reader", daemon=True).start()
    while chunk := await waiting.get():
        if isinstance(chunk, OSError):
            raise chunk
        yield chunk
