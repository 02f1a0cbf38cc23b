"""Every way in which Exchange fails, as orders to the stand-in Exchange's control endpoint.

The kinds are those of its control endpoint; the response codes are those of EWS ("ResponseCode";
MS-OXWSCDATA, ResponseCodeType), grouped by what a client has to do about them.
"""

import random
from dataclasses import dataclass, field
from typing import Any, Final

_WRITES: Final = ("CreateItem", "UpdateItem", "DeleteItem")

_SOON: Final = (
    "ServerBusy", "InternalServerTransientError", "TimeoutExpired", "TooManyObjectsOpened", "ExceededConnectionCount",
    "InsufficientResources", "NotEnoughMemory", "ADUnavailable", "ADOperation", "ConnectionFailed",
    "MailboxStoreUnavailable", "MailboxMoveInProgress", "MailboxFailover", "NoRespondingCASInDestinationSite",
    "InternalServerError", "BatchProcessingStopped",
)  # fmt: skip
_MAILBOX: Final = (
    "AccountDisabled", "NonExistentMailbox", "CannotFindUser", "MailboxConfiguration", "ImpersonateUserDenied",
    "AccessDenied",
)  # fmt: skip
_OUTAGE: Final = (
    "ImpersonationDenied", "ImpersonationFailed", "ImpersonateUserDenied", "InvalidExchangeImpersonationHeaderData",
    "InvalidServerVersion", "PasswordExpired",
)  # fmt: skip
_REREAD: Final = [
    "IrresolvableConflict",
    "ChangeKeyRequiredForWriteOperations",
    "InvalidChangeKey",
    "ItemNotFound",
    "StaleObject",
]
_AFTER_ONE_RETRY: Final = (
    "ItemSave", "CorruptData", "ItemCorrupt",
)  # fmt: skip
_REFUSED: Final = (
    "SchemaValidation", "InvalidPropertySet", "InvalidPropertyRequest", "CalendarEndDateIsEarlierThanStartDate",
    "CalendarDurationIsTooLong", "DataSizeLimitExceeded", "MessageSizeExceeded", "NonPrimarySmtpAddress",
)  # fmt: skip

REFUSED_CODES: Final = frozenset({*_REFUSED, *_AFTER_ONE_RETRY, "HTTP413"})
"""Exchange says of an event that it is bad for ever: parked is then what it ought to be, until somebody replays it."""

OUTAGE: Final = "outage"


@dataclass(frozen=True, slots=True)
class Fault:
    """One order. ``name`` is for people; ``fields`` are those of its kind; it strikes at most ``count`` times."""

    name: str
    kind: str
    fields: dict[str, Any] = field(default_factory=dict)
    count: int | None = None


def transport(rng: random.Random) -> list[Fault]:
    """What goes wrong on the way, once for every kind, with the forms of throttling: 15 faults of 12 kinds."""
    late_ms = rng.randint(2300, 5500)
    return [
        Fault("latency", "latency", {"ms": rng.randint(200, 1200), "share": 0.5}),
        Fault("busy, policy first", "server_busy", {"back_off_ms": rng.randint(300, 1500), "policy_first": True}, 6),
        Fault("busy, back-off first", "server_busy", {"back_off_ms": rng.randint(300, 1500), "policy_first": False}, 6),
        Fault("HTTP 429", "http_status", {"status": 429, "retry_after": 1}, 4),
        Fault("HTTP 503", "http_status", {"status": 503, "retry_after": 1}, 6),
        Fault("HTTP 504", "http_status", {"status": 504, "operation": rng.choice(_WRITES)}, 3),
        Fault("SOAP fault", "soap_fault", {"code": f"Error{rng.choice(_SOON[:8])}"}, 4),
        Fault("error of one item", "item_error", {"code": f"Error{rng.choice(_SOON)}", "index": 0}, 4),
        *(_on_write(rng, f"committed, then dropped: {on}", "commit_then_drop", on, 4) for on in _WRITES[:2]),
        _on_write(rng, "committed late", "commit_late", "CreateItem", 5, ms=late_ms),
        _on_write(rng, "partly committed", "partial_commit", "CreateItem", 4, items=rng.randint(0, 2)),
        Fault("dropped", "drop", {"share": 0.5}, 5),
        Fault("hangs", "hang", {"seconds": rng.randint(4, 9), "share": 0.5}, 3),
        Fault("truncated", "truncate", {"operation": rng.choice((*_WRITES[:2], "FindItem"))}, 2),
        Fault("refuses", "refuse", {}),
    ]


def outage() -> Fault:
    """Nobody listens any more."""
    return Fault(OUTAGE, "refuse", {})


def ending() -> list[Fault]:
    """Creations of which nobody knows whether they happened, at the end: only a second look finds what they left."""
    return [
        Fault("committed late, at the end", "commit_late", {"operation": "CreateItem", "ms": 4500}, 8),
        Fault("committed, then dropped, at the end", "commit_then_drop", {"operation": "CreateItem", "share": 0.5}, 4),
    ]


def codes(rng: random.Random) -> list[Fault]:
    """Every row of the error table and every bare HTTP status, each code once."""
    faults = [
        Fault(f"HTTP {status}", "http_status", {"status": status}, count)
        for status, count in ((401, 2), (403, 2), (413, 2), (500, 3), (502, 4))
    ]
    faults += [_item(rng, code, rng.choice(_WRITES), rng.choice((0, None)), 3) for code in _SOON]
    faults += [_item(rng, code, rng.choice(_WRITES), rng.choice((0, None)), 2) for code in _MAILBOX]
    faults += [_item(rng, code, "CreateItem", 0, 2) for code in ("QuotaExceeded", "CreateItemAccessDenied")]
    faults += [Fault(f"{code} (fault)", "soap_fault", {"code": f"Error{code}"}, 2) for code in _OUTAGE]
    faults += [Fault(f"{code} (fault)", "soap_fault", {"code": f"Error{code}"}, 2) for code in _MAILBOX[:3]]
    faults += [_item(rng, code, "UpdateItem", rng.choice((0, None)), 2) for code in _REREAD]
    faults += [_item(rng, "FolderNotFound", "CreateItem", None, 1), _item(rng, "FolderExists", "CreateFolder", None, 1)]
    faults += [_item(rng, code, rng.choice(_WRITES[:2]), 0, 1) for code in _AFTER_ONE_RETRY]
    faults += [_item(rng, code, rng.choice(_WRITES[:2]), 0, 1) for code in _REFUSED]
    faults += [_item(rng, "SomethingNobodyKnows", rng.choice(_WRITES[:2]), 0, 2)]
    faults += [
        _on_write(rng, f"committed, then dropped: {on}", "commit_then_drop", on, 2)
        for on in ("DeleteItem", "CreateFolder")
    ]
    faults += [
        _on_write(rng, f"committed late: {on}", "commit_late", on, 2, ms=rng.randint(2300, 6000))
        for on in ("UpdateItem", "DeleteItem", "CreateFolder")
    ]
    faults += [
        _on_write(rng, f"partly committed: {on}", "partial_commit", on, 2, items=rng.randint(0, 3))
        for on in ("UpdateItem", "DeleteItem")
    ]
    faults += [
        Fault(f"{kind} FindItem", kind, {"operation": "FindItem", **fields}, 3)
        for kind, fields in (("drop", {}), ("hang", {"seconds": 3}), ("truncate", {}))
    ]
    return faults


def _item(rng: random.Random, code: str, operation: str, index: int | None, count: int) -> Fault:
    fields: dict[str, Any] = {"code": f"Error{code}", "operation": operation}
    if index is not None:
        fields["index"] = index
    return Fault(f"{code} (item)", "item_error", fields, rng.randint(1, count))


def _on_write(rng: random.Random, name: str, kind: str, operation: str, count: int, **fields: float) -> Fault:
    return Fault(name, kind, {"operation": operation, **fields}, rng.randint(count // 2, count))
