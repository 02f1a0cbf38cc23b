"""What is read from a parked message, whatever it is; which are meant; and how one goes back to work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from aio_pika import IncomingMessage
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from consumer.parking.message import NO_REASON, ParkedMessage, Selection
from consumer.parking.replay import NotReplayable, released, replayed
from contract import names
from contract.codec import encode
from contract.partition import partition_of
from contract.reasons import Reason
from tests.integration.system import changed

ANNA = "anna@example.com"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def parked(body: bytes, message_id: str | None = "m-1", **headers: Any) -> ParkedMessage:
    properties = Basic.Properties(headers=headers, message_id=message_id)
    delivered = DeliveredMessage(
        delivery=Basic.GetOk(1, False, "", names.PARKED_QUEUE, 0),
        header=ContentHeader(properties=properties, body_size=len(body)),
        body=body,
        channel=None,  # type: ignore[arg-type]
    )
    return ParkedMessage.of(IncomingMessage(delivered))


def test_a_valid_event_is_told_in_full() -> None:
    event = changed("Anna@Example.com", "B-1", 7)
    one = parked(encode(event), event.id, **{"x-reason": "conflict", "x-attempts": 2, "x-parked-at": NOW.isoformat()})
    assert (one.id, one.reason, one.attempts, one.parked_at) == (event.id, "conflict", 2, NOW)
    assert (one.mailbox, one.booking, one.revision, one.is_valid) == (ANNA, "B-1", 7, True)


def test_a_broken_one_is_told_as_far_as_it_goes() -> None:
    body = orjson.dumps({"id": "e-1", "subject": "Anna@x", "data": {"booking": "B", "revision": True}})
    one = parked(body, None)
    assert (one.id, one.mailbox, one.booking, one.revision) == ("e-1", "anna@x", "B", None)
    assert (one.is_valid, one.reason, one.parked_at) == (False, NO_REASON, None)
    assert "specversion" in one.undecodable


def test_what_the_broker_moved_has_the_brokers_reason() -> None:
    assert parked(b"{}", **{"x-first-death-reason": "delivery_limit"}).reason == "delivery_limit"


@given(
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["x-reason", "x-error", "x-attempts", "x-parked-at", "x-first-death-reason"]),
        st.none() | st.integers() | st.binary() | st.text() | st.lists(st.integers()) | st.datetimes(),
    ),
)
def test_reading_never_fails(body: bytes, headers: dict[str, Any]) -> None:
    one = parked(body, **headers)
    Selection(reasons=frozenset({"x"}), mailbox="*", parked_before=NOW, parked_after=NOW).covers(one)


@pytest.mark.parametrize(
    ("selection", "covered"),
    [
        (Selection(), True),
        (Selection(reasons=frozenset({"too_old", "conflict"})), True),
        (Selection(reasons=frozenset({"too_old"})), False),
        (Selection(ids=frozenset({"m-1"})), True),
        (Selection(ids=frozenset({"m-2"})), False),
        (Selection(mailbox="ANNA@*"), True),
        (Selection(mailbox="*@studio.example.com"), False),
        (Selection(parked_before=NOW + timedelta(seconds=1)), True),
        (Selection(parked_before=NOW), False),
        (Selection(parked_after=NOW - timedelta(seconds=1)), True),
        (Selection(parked_after=NOW), False),
        (Selection(ids=frozenset({"m-1"}), mailbox="berit@*"), False),
    ],
)
def test_selection(selection: Selection, covered: bool) -> None:
    one = parked(encode(changed(ANNA, "B-1", 1)), **{"x-reason": "conflict", "x-parked-at": NOW.isoformat()})
    assert selection.covers(one) is covered


def test_a_message_without_a_time_has_no_age() -> None:
    one = parked(encode(changed(ANNA, "B-1", 1)))
    assert not Selection(parked_before=NOW).covers(one)
    assert not Selection(parked_after=NOW - timedelta(days=999)).covers(one)


def test_a_replayed_message_starts_with_a_clean_slate() -> None:
    history: dict[str, Any] = {
        names.HEADER_REASON: "conflict",
        names.HEADER_ERROR: "e",
        names.HEADER_ATTEMPTS: 4,
        names.HEADER_PARKED_AT: NOW.isoformat(),
        names.HEADER_FORWARDED: 1,
        names.HEADER_FORCED: 1,
        names.HEADER_RELEASED: 1,
        names.HEADER_FIRST_FAILURE: NOW.isoformat(),
        names.HEADER_SUSPECT: 1,
        names.HEADER_LOOK: 1,
        "x-death": [],
        "x-first-death-queue": "q",
        "x-last-death-reason": "expired",
        "x-delivery-count": 3,
    }
    send = replayed(parked(encode(changed(ANNA, "B-1", 1)), "m-1", **history, **{"x-note": "kept"}), 4, force=True)
    assert send.headers == {"x-note": "kept"}
    assert send.routing_key == names.routing_key(partition_of(ANNA, 4))


def test_too_old_needs_force_and_rubbish_cannot_be_replayed() -> None:
    old = parked(encode(changed(ANNA, "B-1", 1)), **{"x-reason": str(Reason.TOO_OLD)})
    with pytest.raises(NotReplayable, match="--force"):
        replayed(old, 16, force=False)
    assert replayed(old, 16, force=True).headers == {names.HEADER_FORCED: 1}
    with pytest.raises(NotReplayable, match="not a valid event"):
        replayed(parked(b"{"), 16, force=True)


def test_what_is_released_passes_the_guard_and_nothing_else() -> None:
    headers: dict[str, Any] = {"x-reason": str(Reason.MASS_REMOVAL), names.HEADER_FORCED: 1}
    held = parked(encode(changed(ANNA, "B-1", 1)), **headers)
    assert released(held, 16).headers == {names.HEADER_RELEASED: 1}
    with pytest.raises(NotReplayable, match="not a valid event"):
        released(parked(b"{"), 16)
