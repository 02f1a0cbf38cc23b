"""Server-sent events: which mailboxes have changed, and how much has happened."""

import asyncio

import orjson

from emulator.counters import Counters
from emulator.http.message import EventStream, Peer

_GATHER_SECONDS = 0.12
_KEEP_ALIVE_SECONDS = 15.0
_MOST_ADDRESSES = 200


class LiveFeed:
    """Tells every open page about changes, gathered for a moment so that a burst of writes is one message.

    Events: `changed` {"addresses": […], "all": bool} (`all`: too many to name), `counts` {"changes": n, "requests": n}.
    It costs nothing while no page is open.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._pages: set[Peer] = set()
        self._addresses: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._keep_alive: asyncio.TimerHandle | None = None
        self._sent_counts = b""

    def stream(self) -> EventStream:
        """The answer to a page that wants to follow."""
        return EventStream(self._join)

    def mailbox_changed(self, address: str) -> None:
        """To be called after each write to a mailbox."""
        if self._pages:
            self._addresses.add(address)
            self._wake()

    def request_counted(self) -> None:
        """To be called after each EWS request."""
        if self._pages:
            self._wake()

    def close(self) -> None:
        """Stop the timers."""
        for timer in (self._timer, self._keep_alive):
            if timer is not None:
                timer.cancel()
        self._timer = self._keep_alive = None

    def _join(self, peer: Peer) -> None:
        self._pages.add(peer)
        peer.closed.add_done_callback(lambda _: self._pages.discard(peer))
        peer.send_event(b"retry: 1000\n\n" + self._counts())
        if self._keep_alive is None:
            self._keep_alive = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._send_keep_alive)

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_GATHER_SECONDS, self._flush)

    def _flush(self) -> None:
        self._timer = None
        message = b""
        if self._addresses:
            every = len(self._addresses) > _MOST_ADDRESSES
            addresses = [] if every else sorted(self._addresses)
            message = _event("changed", {"addresses": addresses, "all": every})
            self._addresses.clear()
        counts = self._counts()
        if counts != self._sent_counts:
            message += counts
            self._sent_counts = counts
        if message:
            self._send(message)

    def _send_keep_alive(self) -> None:
        self._keep_alive = None
        self._send(b": here\n\n")
        if self._pages:
            self._keep_alive = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._send_keep_alive)

    def _send(self, data: bytes) -> None:
        for peer in tuple(self._pages):
            if not peer.send_event(data):
                self._pages.discard(peer)

    def _counts(self) -> bytes:
        requests = self._counters.requests.total()
        return _event("counts", {"changes": self._counters.changes, "requests": requests})


def _event(name: str, value: object) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(value) + b"\n\n"
