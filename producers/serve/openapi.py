"""The description of the service for machines (OpenAPI 3.1), made from the same models and limits that it runs on."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from contract.event import EVENT_MODELS, BookingCancelled, BookingChanged, MailboxSnapshot
from producers.serve.formats import ATTRIBUTES, BATCH, BINARY, STRUCTURED
from producers.serve.limits import Limits
from producers.serve.problems import MEDIA_TYPE, STATUS_OF, Code
from producers.serve.update import UpdateNow

_REF: Final = "#/components/schemas/{model}"
_RETRY_LATER: Final = frozenset({Code.RATE_EXCEEDED, Code.OVERLOADED, Code.BROKER_AWAY, Code.SYNC_AWAY})
# What every path with a token may answer, whatever it was asked.
_COMMON: Final = (
    Code.UNAUTHENTICATED,
    Code.NOT_ALLOWED,
    Code.BODY_TOO_SLOW,
    Code.TOO_LARGE,
    Code.RATE_EXCEEDED,
    Code.OVERLOADED,
    Code.INTERNAL,
)


def openapi(limits: Limits) -> dict[str, Any]:
    """The document for a service with these limits."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Callsheet event entrance",
            "version": "1.0.0",
            "summary": "Publishes schedule changes, and answers when the broker has confirmed them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": {
            "/v1/events": {"post": _publish(limits)},
            "/v1/sync": {"post": _sync()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(limits),
        },
    }


def _publish(limits: Limits) -> dict[str, Any]:
    return {
        "operationId": "publishEvents",
        "summary": "Publish one event or a batch.",
        "description": (
            "A batch is checked as a whole: if anything is wrong with one event, none is published. 202 means that the "
            "broker has confirmed every event. After any other answer, or none, the same request may be sent again: "
            "the highest revision of a booking wins, so a repeat does no harm."
        ),
        "parameters": [_attribute_header(name) for name in ATTRIBUTES],
        "requestBody": {
            "required": True,
            "content": {
                STRUCTURED: {"schema": _ref("Event")},
                BATCH: {"schema": {"type": "array", "items": _ref("Event"), "maxItems": limits.batch_events}},
                BINARY: {"schema": _ref("EventData")},
            },
        },
        "responses": {
            "202": _json("Every event is confirmed by the broker.", "Published"),
            **_problems((*_COMMON, Code.INVALID_EVENTS, Code.UNSUPPORTED_MEDIA_TYPE, Code.BROKER_AWAY)),
        },
    }


def _sync() -> dict[str, Any]:
    return {
        "operationId": "updateNow",
        "summary": "Ask the running sync for an update now, of these mailboxes and objects, or of everything.",
        "requestBody": {"required": False, "content": {"application/json": {"schema": _ref("UpdateNow")}}},
        "responses": {
            "202": _json("The sync has accepted.", "Accepted"),
            **_problems((*_COMMON, Code.INVALID_REQUEST, Code.SYNC_NOT_CONFIGURED, Code.SYNC_AWAY)),
        },
    }


def _attribute_header(attribute: str) -> dict[str, Any]:
    return {
        "name": f"ce-{attribute}",
        "in": "header",
        "required": False,
        "description": f"The attribute `{attribute}` of an event in binary mode, and of no other.",
        "schema": {"type": "string"},
    }


def _problems(codes: Iterable[Code]) -> dict[str, Any]:
    """One response for each status, with the codes that it may have."""
    by_status: dict[int, list[Code]] = {}
    for code in codes:
        by_status.setdefault(STATUS_OF[code].value, []).append(code)
    answers = {}
    for status, possible in sorted(by_status.items()):
        answer: dict[str, Any] = {
            "description": f"{STATUS_OF[possible[0]].phrase}: {', '.join(possible)}.",
            "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
        }
        if _RETRY_LATER.intersection(possible):
            answer["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait before it is sent again.",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 1},
                }
            }
        answers[str(status)] = answer
    return answers


def _schemas(limits: Limits) -> dict[str, Any]:
    models = [*EVENT_MODELS.values(), UpdateNow]
    _, document = models_json_schema([(model, "validation") for model in models], by_alias=True, ref_template=_REF)
    schemas: dict[str, Any] = dict(document["$defs"])
    for model in EVENT_MODELS.values():
        schemas[model.__name__]["required"] = [*ATTRIBUTES, "data"]
    schemas["Event"] = {"oneOf": [_ref(model.__name__) for model in EVENT_MODELS.values()]}
    data = (BookingChanged, BookingCancelled, MailboxSnapshot)
    schemas["EventData"] = {"anyOf": [_ref(model.__name__) for model in data]}
    counted = {"type": "integer", "minimum": 0, "maximum": limits.batch_events}
    schemas["Published"] = _object({"published": counted})
    schemas["Accepted"] = _object({"accepted": {"const": True}})
    error = {name: {"type": "string"} for name in ("reason", "field", "found", "expected")}
    schemas["FieldError"] = _object({"index": {"type": "integer", "minimum": 0}, **error})
    schemas["Problem"] = _object(
        {
            "type": {"const": "about:blank"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "code": {"enum": [str(code) for code in Code]},
        },
        errors={"type": "array", "items": _ref("FieldError")},
        confirmed={
            "type": "array",
            "items": {"type": "integer"},
            "description": "Indexes of the events that the broker has confirmed; it may have the others, too.",
        },
    )
    return schemas


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _json(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{schema}"}
