"""Every size limit, just kept and just broken."""

import json

import pytest

from contract.codec import decode
from contract.event import (
    MAX_EVENT_BYTES,
    MAX_SNAPSHOT_BYTES,
    ChangedEvent,
    EventType,
    SnapshotEvent,
    revision_in_future,
)
from contract.reasons import EventError, Reason
from contract.times import parse_instant
from tests.contract.samples import golden, with_value

CHANGED, SNAPSHOT = EventType.CHANGED, EventType.SNAPSHOT


def too_large(body: bytes) -> str:
    with pytest.raises(EventError) as caught:
        decode(body)
    assert caught.value.reason is Reason.TOO_LARGE
    return str(caught.value)


def padded(event_type: EventType, size: int) -> bytes:
    """A golden event of exactly so many bytes, by a field that nobody knows."""
    document = {**golden(event_type), "padding": ""}
    document["padding"] = "x" * (size - len(json.dumps(document)))
    body = json.dumps(document).encode()
    assert len(body) == size
    return body


def test_an_event_of_256_kib() -> None:
    assert MAX_EVENT_BYTES == 262_144
    assert isinstance(decode(padded(CHANGED, 262_144)), ChangedEvent)
    assert too_large(padded(CHANGED, 262_145)) == "message: found 262145 bytes, expected at most 262144 bytes"


def test_a_snapshot_of_1_mib() -> None:
    assert MAX_SNAPSHOT_BYTES == 1_048_576
    assert isinstance(decode(padded(SNAPSHOT, 1_048_576)), SnapshotEvent)
    text = "message: found 1048577 bytes, expected at most 1048576 bytes for a snapshot"
    assert too_large(padded(SNAPSHOT, 1_048_577)) == text


def test_what_is_too_large_is_not_even_read() -> None:
    assert too_large(b"[" * 2_000_000).startswith("message: found 2000000 bytes")


@pytest.mark.parametrize(
    ("path", "most", "just_too_much", "text"),
    [
        ("id", "i" * 200, "i" * 201, "id: found 201 characters, expected at most 200 characters"),
        ("source", "s" * 500, "s" * 501, "source: found 501 characters, expected at most 500 characters"),
        ("data.booking", "Ø" * 200, "Ø" * 201, "data.booking: found 201 characters, expected at most 200 characters"),
        (
            "data.title",
            "t" * 20_000,
            "t" * 20_001,
            "data.title: found 20001 characters, expected at most 20000 characters",
        ),
        (
            "data.location",
            "t" * 20_000,
            "t" * 20_001,
            "data.location: found 20001 characters, expected at most 20000 characters",
        ),
        (
            "data.notes",
            "n" * 32_768,
            "n" * 32_769,
            "data.notes: found a longer text, expected at most 32768 bytes of UTF-8",
        ),
        (
            "data.notes",
            "🎬" * 8_192,
            "🎬" * 8_193,
            "data.notes: found a longer text, expected at most 32768 bytes of UTF-8",
        ),
        ("data.categories", ["c"] * 25, ["c"] * 26, "data.categories: found 26 entries, expected at most 25 entries"),
        (
            "data.categories.0",
            "c" * 255,
            "c" * 256,
            "data.categories.0: found 256 characters, expected at most 255 characters",
        ),
        (
            "data.url",
            "https://" + "u" * 2040,
            "https://" + "u" * 2041,
            "data.url: found 2049 characters, expected at most 2048 characters",
        ),
    ],
)
def test_a_field(path: str, most: object, just_too_much: object, text: str) -> None:
    decode(with_value(CHANGED, path, most))
    assert too_large(with_value(CHANGED, path, just_too_much)) == text


@pytest.mark.parametrize("revision", [0, 2**53 - 1])
def test_the_ends_of_the_revisions(revision: int) -> None:
    event = decode(with_value(CHANGED, "data.revision", revision))
    assert isinstance(event, ChangedEvent)
    assert event.data.revision == revision


def test_revisions_that_lie_in_the_future() -> None:
    now = parse_instant("2026-11-23T09:00:00Z")
    in_ms = 1_795_424_400_000
    assert not revision_in_future(in_ms + 3_600_000, now), "an hour ahead is still allowed"
    assert revision_in_future(in_ms + 3_600_001, now)
    assert not revision_in_future(10**12 - 1, now), "a counter, not a time"
    long_ago = parse_instant("1990-01-01T00:00:00Z")
    assert not revision_in_future(10**12 - 1, long_ago)
    assert revision_in_future(10**12, long_ago)
