"""Bytes to event and back. Decoding checks everything; an error says which field, what was found, what is expected."""

from typing import Any, Final

import orjson
from pydantic import ValidationError

from contract.event import EVENT_MODELS, MAX_EVENT_BYTES, MAX_SNAPSHOT_BYTES, Event, EventType
from contract.reasons import EventError, Reason, excerpt

_MAX_DEPTH: Final = 32

_EXPECTED: Final = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
}


def decode(body: bytes) -> Event:
    """The event in a message body.

    Raises :class:`EventError` with one of the reasons ``broken_json``, ``too_large``, ``unknown_type``,
    ``unknown_version``, ``missing_field``, ``wrong_field``, ``bad_mailbox``, ``end_before_start``, ``absurd_date``.
    Never raises anything else, whatever the bytes are.
    """
    if len(body) > MAX_SNAPSHOT_BYTES:
        raise EventError(
            Reason.TOO_LARGE, "message", f"{len(body)} bytes", f"at most {MAX_SNAPSHOT_BYTES} bytes for a snapshot"
        )
    event_type, document = _document(body)
    if event_type is not EventType.SNAPSHOT and len(body) > MAX_EVENT_BYTES:
        raise EventError(Reason.TOO_LARGE, "message", f"{len(body)} bytes", f"at most {MAX_EVENT_BYTES} bytes")
    try:
        return EVENT_MODELS[event_type].model_validate(document)
    except ValidationError as error:
        raise _explained(error) from None
    except RecursionError:
        raise EventError(Reason.BROKEN_JSON, "message", "too many levels", f"at most {_MAX_DEPTH} levels") from None


def encode(event: Event) -> bytes:
    """The structured JSON of an event, attributes in the order of the contract, defaults written out."""
    attributes = event.model_dump(mode="json", by_alias=True)
    data = attributes.pop("data")
    ordered = {name: attributes[name] for name in ("specversion", "id", "source", "type", "subject", "time")}
    return orjson.dumps({**ordered, "datacontenttype": "application/json", "data": data})


def _document(body: bytes) -> tuple[EventType, dict[str, Any]]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        found = f"{len(body)} bytes that are not JSON ({error})"
        raise EventError(Reason.BROKEN_JSON, "message", found, "a JSON object in UTF-8") from None
    if not isinstance(document, dict):
        raise EventError(Reason.BROKEN_JSON, "message", excerpt(document), "a JSON object")
    for name, expected in (("specversion", '"1.0"'), ("type", "one of " + ", ".join(EventType))):
        if name not in document:
            raise EventError(Reason.MISSING_FIELD, name, "nothing", expected)
    written = document["type"]
    try:
        return EventType(written), document
    except ValueError:
        pass
    stem = written.rpartition(".")[0] if isinstance(written, str) else ""
    known = stem != "" and any(name.rpartition(".")[0] == stem for name in EventType)
    reason = Reason.UNKNOWN_VERSION if known else Reason.UNKNOWN_TYPE
    raise EventError(reason, "type", excerpt(written), "one of " + ", ".join(EventType))


def _explained(error: ValidationError) -> EventError:
    """The first thing that is wrong, in the words of the contract."""
    first = error.errors(include_url=False)[0]
    kind, context = first["type"], first.get("ctx", {})
    place = [str(part) for part in first["loc"]]
    found = excerpt(first["input"])
    if kind == "missing":
        return EventError(Reason.MISSING_FIELD, ".".join(place), "nothing", "a value: this field is required")
    if kind == "contract":
        if "field" in context:
            place.append(context["field"])
        return EventError(context["reason"], ".".join(place), context.get("found", found), context["expected"])
    field = ".".join(place)
    if field == "subject":
        return EventError(Reason.BAD_MAILBOX, field, found, "the mailbox's SMTP address, like anna@example.com")
    if kind in ("string_too_long", "too_long"):
        unit = "characters" if kind == "string_too_long" else "entries"
        actual = context.get("actual_length") or len(first["input"])
        return EventError(Reason.TOO_LARGE, field, f"{actual} {unit}", f"at most {context['max_length']} {unit}")
    return EventError(Reason.WRONG_FIELD, field, found, _expected(kind, field, first["msg"]))


def _expected(kind: str, field: str, message: str) -> str:
    by_field = {
        "source": "a URI reference without spaces",
        "id": "1 to 200 printable ASCII characters",
        "specversion": '"1.0"',
        "data.url": "an http or https address",
    }
    if field in by_field:
        return by_field[field]
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    return message.removeprefix("Input should be ").removeprefix("String should have ")
