"""What a consumer replica tells of itself over HTTP."""

import re
import urllib.error
import urllib.request
from typing import Final

_EVENTS: Final = re.compile(r'^callsheet_events_total\{outcome="([a-z_]+)"\} ([0-9.e+]+)$', re.MULTILINE)


def is_ready(port: int) -> bool:
    """Whether ``/readyz`` answers 200: broker and Exchange are usable."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return int(response.status) == 200
    except (urllib.error.URLError, OSError):
        return False


def events_by_outcome(port: int) -> dict[str, int]:
    """``callsheet_events_total`` by outcome; empty while the replica does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            text = response.read().decode()
    except (urllib.error.URLError, OSError):
        return {}
    return {outcome: int(float(count)) for outcome, count in _EVENTS.findall(text)}
