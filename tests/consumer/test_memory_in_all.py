"""What a whole process takes that remembers as much as it may."""

import json
import subprocess
import sys

import pytest

MAILBOXES, BOOKINGS, LAST = 10_000, 40, 5_000
"""More than fit. With 50,000 the process takes no more, only longer."""


@pytest.mark.timeout(120)
def test_a_replica_stays_small_and_knows_the_last_five_thousand_mailboxes() -> None:
    command = [sys.executable, "-m", "tests.consumer.many_mailboxes", *map(str, (MAILBOXES, BOOKINGS, LAST))]
    seen = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=110).stdout)
    assert seen["known_of_the_last"] == LAST, "an edit in each of them is one request"
    assert LAST <= seen["known_of_all"] < MAILBOXES, "the others were forgotten"
    assert seen["largest"] <= 128 * 1024 * 1024
    assert seen["peak_rss"] < 300 * 1024 * 1024
