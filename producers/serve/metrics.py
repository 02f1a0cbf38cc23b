"""What the HTTP entrance counts. No label ever holds a mailbox, a source or the name of a token."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector


class Fate(StrEnum):
    """What became of an event that came in."""

    PUBLISHED = "published"
    """The broker has confirmed it."""
    REFUSED = "refused"
    """It, or another one of its batch, is wrong or not allowed."""
    UNCONFIRMED = "unconfirmed"
    """The broker did not take it, or nobody can tell. The client was told to send it again."""


class Metrics:
    """The metrics of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "callsheet_ingress_requests_total",
            "Requests answered, by path and status.",
            ["path", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "callsheet_ingress_request_seconds",
            "From the head of a request to the end of its answer.",
            ["path"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.events = Counter(
            "callsheet_ingress_events_total",
            "Events that came in, by what became of them.",
            ["outcome"],
            registry=self.registry,
        )
        for fate in Fate:
            self.events.labels(fate)
        self.in_flight = Gauge(
            "callsheet_ingress_events_in_flight", "Events that wait for the broker's confirm.", registry=self.registry
        )
        self.broker_up = Gauge(
            "callsheet_ingress_broker_up", "1 while the broker is connected, else 0.", registry=self.registry
        )
        self.token_file_good = Gauge(
            "callsheet_ingress_token_file_good",
            "0 when the file of tokens was changed into one that cannot be used: the former tokens count.",
            registry=self.registry,
        )
        self.token_file_good.set(1)
