"""How things go wrong while a request is answered."""

from __future__ import annotations

from lxml import etree


class ResponseError(Exception):
    """One response message of the reply is an error: ``code`` is its ResponseCode, the text its MessageText."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class FaultError(ResponseError):
    """The whole request is refused with a SOAP fault."""


class SchemaViolationError(Exception):
    """The request does not follow the schema, so all of it is refused with ErrorSchemaValidation."""

    def __init__(self, violation: str, at: etree._Element | None = None) -> None:
        """``at`` is the element that is wrong; the fault names its line."""
        super().__init__(violation)
        self.violation = violation
        self.line = None if at is None else int(str(at.sourceline))


STOPPING = frozenset(
    {
        "ErrorAccessDenied",
        "ErrorAccountDisabled",
        "ErrorADUnavailable",
        "ErrorADOperation",
        "ErrorConnectionFailed",
        "ErrorMailboxStoreUnavailable",
        "ErrorMailboxMoveInProgress",
        "ErrorPasswordExpired",
        "ErrorQuotaExceeded",
        "ErrorInsufficientResources",
    }
)
"""Codes after which Exchange does not try the rest of a batch: those items get ErrorBatchProcessingStopped."""
