"""``POST /v1/events`` on a real broker: the three shapes, what is refused, and that what is answered 202 is there."""

from typing import Any

import orjson

from contract.codec import encode
from contract.event import MAX_EVENT_BYTES, Event
from tests.producers.samples import cancelled_event, changed_event
from tests.producers.serve.client import BATCH, STRUCTURED
from tests.producers.serve.conftest import STUDIO, Service
from tests.producers.topology import Arrivals

TIMES = {"title": "Mix", "start": "2026-12-01T08:00:00Z", "end": "2026-12-01T09:00:00Z"}


def with_fields(number: int, **fields: Any) -> bytes:
    return orjson.dumps({**orjson.loads(encode(changed_event(number))), **fields})


def binary(event: Event) -> tuple[bytes, dict[str, str]]:
    document = orjson.loads(encode(event))
    names = ("specversion", "id", "source", "type", "subject", "time")
    return orjson.dumps(document["data"]), {f"ce-{name}": document[name] for name in names}


async def arrived(amqp_url: str, count: int) -> list[Event]:
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) >= count)
    return sorted(arrivals.events, key=lambda event: event.id)


async def test_all_three_shapes_arrive(amqp_url: str, service: Service) -> None:
    one, two, three, four = changed_event(1), cancelled_event(2), changed_event(3, "bo@example.com"), changed_event(4)
    async with service.connect() as connection:
        assert (await connection.publish(one)).status == 202
        answer = await connection.publish(two, three)
        assert (answer.status, answer.json) == (202, {"published": 2})
        body, headers = binary(four)
        headers |= {"Content-Type": "application/json; charset=UTF-8", "ce-extension": "is ignored"}
        assert (await connection.request("POST", "/v1/events", body, headers)).status == 202
        assert (await connection.request("POST", "/v1/events", b"[]", {"Content-Type": BATCH})).json == {"published": 0}
    assert await arrived(amqp_url, 4) == sorted([one, two, three, four], key=lambda event: event.id)


async def test_attributes_in_headers_may_be_percent_encoded_and_quoted(amqp_url: str, service: Service) -> None:
    body, headers = binary(changed_event(1))
    headers |= {"Content-Type": "application/json", "ce-source": '"test://pr%C3%B8ve/\\"x\\""', "ce-id": "a%20b"}
    async with service.connect() as connection:
        refused = await connection.request("POST", "/v1/events", body, headers)
        assert refused.code == "invalid_events"
        assert refused.json["errors"][0]["field"] == "id"
        headers["ce-id"] = "a%2Bb"
        assert (await connection.request("POST", "/v1/events", body, headers)).status == 202
        refused = await connection.request("POST", "/v1/events", body, {**headers, "ce-subject": "%ff@example.com"})
        assert refused.json["errors"][0]["field"] == "subject"
    (event,) = await arrived(amqp_url, 1)
    assert (event.source, event.id) == ('test://prøve/"x"', "a+b")


BAD_EVENTS = [
    (b"{", "broken_json", "message"),
    (b"\xff\xfe", "broken_json", "message"),
    (b'"text"', "broken_json", "message"),
    (b"[" * 5000, "broken_json", "message"),
    (b"{}", "missing_field", "specversion"),
    (with_fields(1, type="schedule.booking.changed.v2"), "unknown_version", "type"),
    (with_fields(1, subject="not an address"), "bad_mailbox", "subject"),
    (with_fields(1, id="a b"), "wrong_field", "id"),
    (with_fields(1, data={"booking": "B-1", "revision": 1}), "missing_field", "data.title"),
    (with_fields(1, data={"booking": "B-1", "revision": "1"}), "wrong_field", "data.revision"),
    (with_fields(1, data={"booking": "B-1", "revision": 2**53 - 1, **TIMES}), "revision_in_future", "data.revision"),
    (with_fields(1, extra="x" * MAX_EVENT_BYTES), "too_large", "message"),
]


async def test_a_bad_event_is_named_with_its_field(service: Service) -> None:
    async with service.connect() as connection:
        for body, reason, field in BAD_EVENTS:
            answer = await connection.post_event(body)
            assert (answer.status, answer.code) == (400, "invalid_events")
            (error,) = answer.json["errors"]
            assert (error["index"], error["reason"], error["field"]) == (0, reason, field), answer
            assert error["found"]
            assert error["expected"]
            assert "nothing was published" in answer.json["detail"]


async def test_of_a_batch_with_bad_events_nothing_is_published(amqp_url: str, service: Service) -> None:
    good, last = changed_event(1), changed_event(9)
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    renamed = good.model_copy(update={"subject": "bo@example.com"})
    parts = [encode(good), b"17", with_fields(2, time="yesterday"), deep, encode(renamed), encode(good)]
    async with service.connect() as connection:
        answer = await connection.post_event(b"[" + b",".join(parts) + b"]", BATCH)
        assert answer.code == "invalid_events"
        found = [(error["index"], error["reason"], error["field"]) for error in answer.json["errors"]]
        assert found == [
            (1, "broken_json", "message"),
            (2, "wrong_field", "time"),
            (3, "broken_json", "message"),
            (4, "wrong_field", "id"),
        ]
        assert "4 of 6 events are refused" in answer.json["detail"]
        for no_list in (b"{}", b"[1,", b"7"):
            assert (await connection.post_event(no_list, BATCH)).code == "invalid_events"
        assert (await connection.publish(last)).status == 202
    assert await arrived(amqp_url, 1) == [last]


async def test_the_same_event_again_is_published_again_with_the_same_id(amqp_url: str, service: Service) -> None:
    event = changed_event(1)
    async with service.connect() as connection:
        assert (await connection.publish(event, event)).json == {"published": 2}
        assert (await connection.publish(event)).status == 202
    arrivals = Arrivals(amqp_url)
    await arrivals.collect(lambda messages: len(messages) == 3)
    assert {message.message_id for message in arrivals.messages} == {event.id}


async def test_other_media_types_are_refused(service: Service) -> None:
    async with service.connect() as connection:
        for content_type in ("", "text/plain", "application/json", f"{STRUCTURED}; charset=latin-1"):
            answer = await connection.post_event(encode(changed_event(1)), content_type)
            assert (answer.status, answer.code) == (415, "unsupported_media_type")


async def test_other_paths_and_methods_are_problems(service: Service) -> None:
    async with service.connect() as connection:
        assert (await connection.request("GET", "/v1/nothing")).code == "not_found"
        answer = await connection.request("PUT", "/v1/events")
        assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "POST")


async def test_a_token_cannot_publish_outside_its_sources_and_mailboxes(amqp_url: str, service: Service) -> None:
    mine = [
        changed_event(1),
        changed_event(2, "ANNA@Example.com"),
        changed_event(3, "bo@studio.example.com").model_copy(update={"source": "rota://house/2"}),
    ]
    foreign: list[tuple[Event, str]] = [
        (changed_event(4).model_copy(update={"source": "test://producers2"}), "source"),
        (changed_event(5).model_copy(update={"source": "xrota://house"}), "source"),
        (changed_event(6, "bo@example.com"), "subject"),
        (changed_event(7, "xanna@example.com"), "subject"),
        (cancelled_event(8, "anna@example.com.evil.example"), "subject"),
        (changed_event(9, "bo@sub.studio.example.com"), "subject"),
    ]
    async with service.connect(STUDIO) as connection:
        for event, field in foreign:
            answer = await connection.publish(event)
            assert (answer.status, answer.code) == (403, "not_allowed"), event
            assert answer.json["errors"][0]["field"] == field
            body, headers = binary(event)
            headers["Content-Type"] = "application/json"
            assert (await connection.request("POST", "/v1/events", body, headers)).status == 403
        mixed = await connection.publish(mine[0], foreign[2][0], foreign[0][0])
        assert [(error["index"], error["field"]) for error in mixed.json["errors"]] == [(1, "subject"), (2, "source")]
        assert (await connection.publish(*mine)).status == 202
    assert await arrived(amqp_url, 3) == mine
