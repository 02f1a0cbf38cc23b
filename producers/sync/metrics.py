"""Every metric of a running sync, with what it means. No label ever holds a mailbox."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from producers.sync.failure import FailureKind
from producers.sync.run import Summary

_EVENTS: Final = ("changed", "cancelled", "sent_again", "snapshots")


class SyncMetrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._updates = Counter("callsheet_sync_updates_total", "Updates that ended well.", registry=self.registry)
        self._failures = Counter(
            "callsheet_sync_failures_total",
            "Updates that failed, by what was at fault: source, refused, state, broker.",
            ["kind"],
            registry=self.registry,
        )
        for kind in FailureKind:
            self._failures.labels(kind)
        self._events = Counter(
            "callsheet_sync_events_total", "Events published and confirmed.", ["kind"], registry=self.registry
        )
        for name in _EVENTS:
            self._events.labels(name)
        self._bookings = self._gauge("callsheet_sync_bookings", "Bookings in the source at the last good update.")
        self._unmapped = self._gauge("callsheet_sync_unmapped", "People and rooms without a mailbox, likewise.")
        self._seconds = self._gauge("callsheet_sync_update_seconds", "How long the last good update took to publish.")
        self._last_success = self._gauge(
            "callsheet_sync_last_success_timestamp_seconds", "When the last good update ended, in Unix time."
        )

    def succeeded(self, summary: Summary) -> None:
        """Count an update that ended well."""
        self._updates.inc()
        for name in _EVENTS:
            self._events.labels(name).inc(getattr(summary, name))
        self._bookings.set(summary.bookings)
        self._unmapped.set(len(summary.unmapped))
        self._seconds.set(summary.seconds)
        self._last_success.set_to_current_time()

    def failed(self, kind: FailureKind) -> None:
        """Count an update that failed."""
        self._failures.labels(kind).inc()

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self.registry)
