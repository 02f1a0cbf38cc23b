"""Reading the metrics of a replica."""

import re
import urllib.request
from collections import Counter
from typing import Final

from benchmarks.histogram import Histogram

_EVENTS: Final = re.compile(r'^callsheet_events_total\{outcome="([a-z_]+)"\} (\S+)$', re.MULTILINE)
_FRESHNESS: Final = re.compile(r'^callsheet_freshness_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)
_PARTITIONS: Final = re.compile(r"^callsheet_partitions_active (\S+)$", re.MULTILINE)


def outcomes_of(port: int) -> Counter[str]:
    """Events settled since the replica's start, by outcome. Raises OSError when it does not answer."""
    return Counter({outcome: int(float(count)) for outcome, count in _EVENTS.findall(_metrics(port))})


def freshness_of(port: int) -> Histogram:
    """Its histogram of freshness. Raises OSError when it does not answer."""
    return Histogram({float(bound): float(count) for bound, count in _FRESHNESS.findall(_metrics(port))})


def partitions_of(port: int) -> int:
    """How many partitions it has now. Raises OSError when it does not answer."""
    found = _PARTITIONS.search(_metrics(port))
    return int(float(found[1])) if found else 0


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        text: str = response.read().decode()
    return text
