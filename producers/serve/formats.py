"""CloudEvents over HTTP, structured, batched or binary (CloudEvents HTTP protocol binding 1.0, section 3)."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson
from starlette.datastructures import Headers

from contract.reasons import EventError, Reason, excerpt
from producers.serve.problems import Code, FieldError, Problem

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"
ATTRIBUTES: Final = ("specversion", "id", "source", "type", "subject", "time")
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


def split(headers: Headers, body: bytes, batch_events: int) -> Sequence[bytes | EventError]:
    """Each event of a request as structured JSON, or what is wrong with it; the events themselves are not checked.

    Raises :class:`Problem` for a media type that is none of the three, a batch that is no list, or too long a batch.
    """
    media_type, charset = _media_type(headers)
    if charset not in ("", "utf-8"):
        raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, f"found charset {excerpt(charset)}, expected utf-8")
    if media_type == STRUCTURED:
        return [body]
    if media_type == BATCH:
        return _batch(body, batch_events)
    if media_type == BINARY and "ce-specversion" in headers:
        return [_binary(headers, body)]
    found = f"found Content-Type {excerpt(media_type)}" if media_type else "found no Content-Type"
    if media_type == BINARY:
        found += " without the header ce-specversion"
    expected = f"{STRUCTURED} for an event, {BATCH} for a list of them, or {BINARY} with the attributes in ce- headers"
    raise Problem(Code.UNSUPPORTED_MEDIA_TYPE, f"{found}; expected {expected}")


def _media_type(headers: Headers) -> tuple[str, str]:
    media_type, *parameters = headers.get("content-type", "").lower().split(";")
    named = dict(part.strip().partition("=")[::2] for part in parameters)
    return media_type.strip(), named.get("charset", "").strip('"')


def _batch(body: bytes, batch_events: int) -> Sequence[bytes | EventError]:
    try:
        documents = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"{len(body)} bytes that are not JSON ({error})"
        raise _no_batch(found) from None
    if not isinstance(documents, list):
        raise _no_batch(excerpt(documents))
    if len(documents) > batch_events:
        detail = (
            f"a batch may have {batch_events} events, found {len(documents)}; nothing was published: send it in parts"
        )
        raise Problem(Code.TOO_LARGE, detail)
    return [_written(document) for document in documents]


def _no_batch(found: str) -> Problem:
    error = EventError(Reason.BROKEN_JSON, "message", found, "a JSON list of events, in UTF-8")
    return Problem(Code.INVALID_EVENTS, f"{error}; nothing was published", errors=[FieldError.of(0, error)])


def _binary(headers: Headers, body: bytes) -> bytes | EventError:
    """The structured form of an event whose attributes are headers; what has no header has no attribute."""
    document: dict[str, Any] = {}
    for attribute in ATTRIBUTES:
        values = headers.getlist(f"ce-{attribute}")
        if len(values) > 1:
            return EventError(Reason.WRONG_FIELD, attribute, f"{len(values)} headers", "one header")
        for value in values:
            try:
                document[attribute] = _decoded(value)
            except ValueError:
                expected = "UTF-8, percent-encoded where it is not printable ASCII"
                return EventError(Reason.WRONG_FIELD, attribute, excerpt(value), expected)
    try:
        document["data"] = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"{len(body)} bytes that are not JSON ({error})"
        return EventError(Reason.BROKEN_JSON, "data", found, "a JSON object in UTF-8")
    return _written(document)


def _decoded(value: str) -> str:
    """An attribute out of a header (section 3.1.3.2 of the binding): perhaps quoted, and percent-encoded."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    return unquote_to_bytes(value.encode("ascii")).decode("utf-8")


def _written(document: Any) -> bytes | EventError:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:  # nested more deeply than it can be written
        return EventError(Reason.BROKEN_JSON, "message", "too many levels", "a JSON object of a few levels")
