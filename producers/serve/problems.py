"""Errors as clients see them: problem details for HTTP APIs (RFC 9457), each with a code and the remedy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.responses import Response

from contract.reasons import EventError

MEDIA_TYPE: Final = "application/problem+json"


class Code(StrEnum):
    """The closed list of codes. The member's value is for programs, the problem's ``detail`` for people."""

    UNAUTHENTICATED = "unauthenticated"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    INVALID_REQUEST = "invalid_request"
    INVALID_EVENTS = "invalid_events"
    BODY_TOO_SLOW = "body_too_slow"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_EXCEEDED = "rate_exceeded"
    OVERLOADED = "overloaded"
    BROKER_AWAY = "broker_away"
    SYNC_NOT_CONFIGURED = "sync_not_configured"
    SYNC_AWAY = "sync_away"
    INTERNAL = "internal"


STATUS_OF: Final[Mapping[Code, HTTPStatus]] = {
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Code.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    Code.INVALID_EVENTS: HTTPStatus.BAD_REQUEST,
    Code.BODY_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Code.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Code.RATE_EXCEEDED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.OVERLOADED: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.BROKER_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.SYNC_NOT_CONFIGURED: HTTPStatus.NOT_FOUND,
    Code.SYNC_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one event of a request; ``index`` counts from 0."""

    index: int
    reason: str
    field: str
    found: str
    expected: str

    @classmethod
    def of(cls, index: int, error: EventError) -> "FieldError":
        """The contract's error for the event at this place."""
        return cls(index, str(error.reason), error.field, error.found, error.expected)


class Problem(Exception):
    """A request that was not done. Raised anywhere below the application, answered in one place."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.errors = errors
        self.members = members or {}
        self.headers = dict(headers or {})
        if retry_after_seconds is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))

    def response(self) -> Response:
        """The answer. With ``about:blank`` as its type the title is the status's own phrase (RFC 9457, 4.2.1)."""
        status = STATUS_OF[self.code]
        document = {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": self.detail,
            "code": self.code,
            **({"errors": self.errors} if self.errors else {}),
            **self.members,
        }
        return Response(orjson.dumps(document), status.value, self.headers, MEDIA_TYPE)
