"""The kinds of fault, and the fields each of them takes.

Every fault takes `operation` (an EWS operation's name), `mailbox` (a shell pattern of addresses), `share` (0 to 1: the
share of the requests concerned), `count` (how often it strikes before it ends) and `seconds` (how long it lasts). Left
out, it strikes every request until it is taken away.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Fault(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    operation: str | None = None
    mailbox: str | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    count: int | None = Field(default=None, ge=1)
    seconds: float | None = Field(default=None, gt=0)


class Latency(_Fault):
    """The request waits `ms`, and `per_item_ms` for each item that it names or brings, before it is applied.

    One whose client has gone by then is not applied at all.
    """

    kind: Literal["latency"]
    ms: float = Field(ge=0)
    per_item_ms: float = Field(default=0, ge=0)


class ServerBusy(_Fault):
    """SOAP fault ErrorServerBusy with BackOffMilliseconds; `policy_first`: a Policy value before it, as 2013 does."""

    kind: Literal["server_busy"]
    back_off_ms: int | None = Field(default=1000, ge=0)
    policy_first: bool = True


class HttpStatus(_Fault):
    """A bare HTTP answer with this status; `retry_after` in seconds."""

    kind: Literal["http_status"]
    status: int = Field(ge=400, le=599)
    retry_after: int | None = Field(default=None, ge=0)


class SoapFault(_Fault):
    """A SOAP fault with this response code, as HTTP 500. Nothing is applied."""

    kind: Literal["soap_fault"]
    code: str = Field(pattern=r"^Error[A-Za-z0-9]+$")


class ItemError(_Fault):
    """This response code for one item of the batch (`index` from 0), or for all. Codes that stop a batch stop it."""

    kind: Literal["item_error"]
    code: str = Field(pattern=r"^Error[A-Za-z0-9]+$")
    index: int | None = Field(default=None, ge=0)


class CommitThenDrop(_Fault):
    """Everything is applied, then the connection is closed without an answer."""

    kind: Literal["commit_then_drop"]


class CommitLate(_Fault):
    """Everything is applied `ms` later, also when the client has gone; a client still there gets its answer then."""

    kind: Literal["commit_late"]
    ms: float = Field(ge=0)


class PartialCommit(_Fault):
    """The first `items` of the batch are applied, then the connection is closed without an answer."""

    kind: Literal["partial_commit"]
    items: int = Field(ge=0)


class Drop(_Fault):
    """The connection is closed without an answer; nothing is applied."""

    kind: Literal["drop"]


class Hang(_Fault):
    """No answer, nothing applied. The connection is closed when the fault ends, at the latest after `seconds`.

    `seconds` is the time one request hangs; a hang lasts until it is taken away or has struck `count` times.
    """

    kind: Literal["hang"]


class Refuse(_Fault):
    """The EWS port stops listening and all its connections are cut, until the fault ends."""

    kind: Literal["refuse"]
    operation: None = None
    mailbox: None = None
    count: None = None
    share: float = Field(default=1.0, ge=1, le=1)


class Truncate(_Fault):
    """Everything is applied, but only the first half of the answer's XML is sent."""

    kind: Literal["truncate"]


Fault = Annotated[
    Latency
    | ServerBusy
    | HttpStatus
    | SoapFault
    | ItemError
    | CommitThenDrop
    | CommitLate
    | PartialCommit
    | Drop
    | Hang
    | Refuse
    | Truncate,
    Field(discriminator="kind"),
]
