"""Memory: many mailboxes with their bookings pass through one replica, and the last of them must still be known."""

import json
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.bench import Bench
from benchmarks.events import DOMAIN, Booking, mailboxes, publish
from benchmarks.measuring import BenchmarkFailed
from benchmarks.results import Memory
from benchmarks.slim_exchange import booking_of
from benchmarks.subjects import Callsheet
from deploy.sandbox.broker import Broker, vhost_of
from deploy.sandbox.children import CHECKOUT, Child

_STOPPED_SECONDS: Final = 60.0
_LOOK_EVERY_SECONDS: Final = 0.5


def memory(bench: Bench) -> None:
    """An edit in each mailbox, which makes the replica load all its bookings; then one more in each of the last."""
    sizes = bench.sizes
    boxes = mailboxes("memory", sizes.memory_mailboxes)
    earlier, last = boxes[: -sizes.memory_last], boxes[-sizes.memory_last :]
    folder = bench.folder / "memory"
    folder.mkdir()
    amqp_url = bench.broker.new_vhost()
    with _Slim(folder, sizes.memory_bookings) as exchange, Callsheet(amqp_url, exchange, folder, (DOMAIN,)) as subject:
        started, cpu = time.monotonic(), subject.cpu_seconds()
        for part in (earlier, last):
            _edit(bench.broker, amqp_url, subject, part, 2)
        seconds, cpu = time.monotonic() - started, subject.cpu_seconds() - cpu
        rss = subject.peak_rss_mib()
        exchange.reset_counters()
        _edit(bench.broker, amqp_url, subject, last, 3)
        requests = sum(exchange.counters().values())
    bench.broker.delete_vhost(amqp_url)
    found = Memory(
        mailboxes=len(boxes),
        bookings=sizes.memory_bookings,
        rss_mib=rss,
        seconds=seconds,
        last=len(last),
        requests_for_last=requests,
        cpu_ms_per_mailbox=1000 * cpu / len(boxes),
    )
    bench.results.memory = found
    bench.say(
        f"memory           {found.mailboxes} mailboxes of {found.bookings} bookings: {found.rss_mib:.0f} MiB, "
        f"{found.requests_for_last} requests for an edit in each of the last {found.last}, {found.seconds:.0f} s"
    )


def _edit(broker: Broker, amqp_url: str, subject: Callsheet, boxes: Sequence[str], revision: int) -> None:
    """One booking of each mailbox at a new revision; returns when all are settled. Raises BenchmarkFailed."""
    before = subject.outcomes()["applied"]
    events = [Booking(box, 0, revision).event() for box in boxes]
    for box, event in zip(boxes, events, strict=True):
        event["data"]["booking"] = booking_of(box, 0)
    publish(amqp_url, events)
    vhost, moved_at, last = vhost_of(amqp_url), time.monotonic(), -1
    while True:
        waiting = sum(broker.management.queues(vhost).values())
        if not waiting and subject.outcomes()["applied"] - before >= len(boxes):
            return
        subject.require_running()
        if waiting != last:
            last, moved_at = waiting, time.monotonic()
        if time.monotonic() > moved_at + _STOPPED_SECONDS:
            raise BenchmarkFailed(f"{waiting} messages wait and nothing goes on: {subject.outcomes()}")
        time.sleep(_LOOK_EVERY_SECONDS)


class _Slim:
    """The server without a memory, as a process."""

    user = "callsheet"
    password = "anybody-may"  # it lets everybody in

    def __init__(self, folder: Path, bookings: int) -> None:
        command = [sys.executable, "-m", "benchmarks.slim_exchange", str(bookings)]
        log = folder / "slim-exchange.log"
        self._child = Child("the slim Exchange", command, log=log, capture_stdout=True, directory=CHECKOUT)
        line = self._child.stdout.readline()
        if not line:
            self._child.require_running()
        self._url = str(json.loads(line)["url"])

    @property
    def ews_url(self) -> str:
        """Where it answers."""
        return f"{self._url}/EWS/Exchange.asmx"

    def counters(self) -> dict[str, int]:
        """Requests by operation."""
        return self._counters("GET")

    def reset_counters(self) -> None:
        """Begin anew."""
        self._counters("DELETE")

    def _counters(self, method: str) -> dict[str, int]:
        request = urllib.request.Request(f"{self._url}/counters", method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            found: dict[str, Any] = json.loads(response.read())
        return found

    def __enter__(self) -> "_Slim":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.stop()
