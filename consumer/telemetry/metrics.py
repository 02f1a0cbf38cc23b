"""Every metric, with what it means. No label ever holds a mailbox."""

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from consumer.core.actions import Outcome
from consumer.lanes.memory import Recall
from consumer.version import VERSION
from contract import names

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_FRESHNESS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600)


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.events = Counter(
            "callsheet_events_total", "Events settled, by what became of them.", ["outcome"], registry=self.registry
        )
        self._by_outcome = {outcome: self.events.labels(outcome) for outcome in Outcome}
        self.parked = Counter(
            "callsheet_events_parked_total", "Events put aside, by reason.", ["reason"], registry=self.registry
        )
        self.writes = Counter("callsheet_writes_total", "Calendar items written.", ["action"], registry=self.registry)
        self._by_action = {action: self.writes.labels(action) for action in ("create", "update", "delete")}
        self.ews_requests = Counter(
            "callsheet_ews_requests_total",
            "Requests to Exchange, by operation and result (ok, or the response code).",
            ["operation", "result"],
            registry=self.registry,
        )
        self.ews_seconds = Histogram(
            "callsheet_ews_request_seconds",
            "Time of one request to Exchange, waiting for a free connection included.",
            ["operation"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.freshness = Histogram(
            "callsheet_freshness_seconds",
            "From the event's own time to the moment its content stands in the calendar.",
            buckets=_FRESHNESS,
            registry=self.registry,
        )
        self.lane_wait = Histogram(
            "callsheet_lane_wait_seconds",
            "From a message's arrival in this replica to its settling.",
            buckets=_FRESHNESS,
            registry=self.registry,
        )
        self.lanes_active = Gauge(
            "callsheet_lanes_active", "Mailboxes that have something to do here.", registry=self.registry
        )
        self.recalls = Counter(
            "callsheet_mailbox_recalls_total",
            "Rounds in a mailbox, by whether it was remembered (hit) or had to be loaded (miss).",
            ["result"],
            registry=self.registry,
        )
        for result in Recall:
            self.recalls.labels(result)
        self.memory_bytes = Gauge(
            "callsheet_memory_bytes", "Bytes that remembered mailboxes take, about.", registry=self.registry
        )
        self.memory_mailboxes = Gauge(
            "callsheet_memory_mailboxes", "Mailboxes that are remembered.", registry=self.registry
        )
        self.partitions_active = Gauge(
            "callsheet_partitions_active",
            "Partitions of its own, as this replica sees it.",
            registry=self.registry,
        )
        self.breaker_state = Gauge(
            "callsheet_breaker_state",
            "0 closed: Exchange is written to; 1 open: it is not; 2 trying, one message at a time.",
            registry=self.registry,
        )
        self.parked_messages = Gauge(
            "callsheet_parked_messages", "Messages in the parked queue.", registry=self.registry
        )
        self.held_messages = Gauge("callsheet_held_messages", "Messages in the held queue.", registry=self.registry)
        self._by_action["repaired"] = Counter(
            "callsheet_repaired_total",
            "Items written again by a snapshot, because a user had changed them or thrown them away.",
            registry=self.registry,
        )
        self._by_action["removed"] = Counter(
            "callsheet_removed_total", "Items removed because a snapshot did not name them.", registry=self.registry
        )
        self.repair_conflicts = Counter(
            "callsheet_repair_conflicts_total",
            "Items left as their user has them, because they were repaired once on that day.",
            registry=self.registry,
        )
        self.batch_limit = Gauge(
            "callsheet_ews_batch_limit", "Most items in one request to Exchange, as it adapts.", registry=self.registry
        )
        self.concurrency_limit = Gauge(
            "callsheet_ews_concurrency_limit",
            "Most mailboxes that this replica works on at once, as it adapts.",
            registry=self.registry,
        )
        self.stuck_requests = Counter(
            "callsheet_ews_stuck_requests_total",
            "Requests that did not end by their deadline, so that their worker was replaced.",
            registry=self.registry,
        )
        Info("callsheet_build", "Which release this is.", registry=self.registry).info({"version": VERSION})

    def count_event(self, outcome: Outcome) -> None:
        """Count one event that was settled."""
        self._by_outcome[outcome].inc()

    def observe_request(self, operation: str, result: str, seconds: float) -> None:
        """Count one request to Exchange."""
        self.ews_requests.labels(operation, result).inc()
        self.ews_seconds.labels(operation).observe(seconds)

    def count_write(self, action: str) -> None:
        """Count one calendar item that was written, or what a snapshot put right by it."""
        self._by_action[action].inc()

    def count_put_aside(self, queue: str, messages: int) -> None:
        """Say how many messages wait for a person, in the parked or the held queue."""
        {names.PARKED_QUEUE: self.parked_messages, names.HELD_QUEUE: self.held_messages}[queue].set(messages)

    def watch_lanes(self, active: Callable[[], int]) -> None:
        """Ask for the number of active lanes whenever the metrics are read."""
        self.lanes_active.set_function(active)

    def watch_pace(self, items: Callable[[], int], mailboxes: Callable[[], int]) -> None:
        """Ask for the limits of requests to Exchange whenever the metrics are read."""
        self.batch_limit.set_function(items)
        self.concurrency_limit.set_function(mailboxes)

    def count_recall(self, result: Recall) -> None:
        """Count one question to the memory."""
        self.recalls.labels(result).inc()

    def watch_memory(self, size: Callable[[], int], mailboxes: Callable[[], int]) -> None:
        """Ask for the bytes and the mailboxes in memory whenever the metrics are read."""
        self.memory_bytes.set_function(size)
        self.memory_mailboxes.set_function(mailboxes)
