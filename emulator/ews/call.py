"""One request while it is being answered: who asks, in which mailbox, what has been done so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TypeVar

from lxml import etree

from emulator.ews.failure import STOPPING, FaultError, ResponseError
from emulator.ews.messages import ItemFault, Reply, Request, soap_body
from emulator.ews.options import Options
from emulator.ews.xmltext import M, text
from emulator.ews.zones import zone
from emulator.organisation import Account, Organisation
from emulator.store import MailboxStore, Store

_T = TypeVar("_T")
_MESSAGES = {
    "ErrorBatchProcessingStopped": "The request was not processed because an earlier one stopped the batch.",
    "ErrorQuotaExceeded": "The mailbox has exceeded its quota.",
    "ErrorItemNotFound": "The specified object was not found in the store.",
}


@dataclass(slots=True)
class Call:
    """A request with everything needed to answer it.

    ``mailbox`` is the mailbox the request acts in, None for an account that has none and impersonates nobody. ``quota``
    is its limit in bytes, 0 for none. ``now`` is in seconds since 1970.
    """

    organisation: Organisation
    store: Store
    options: Options
    request: Request
    account: Account
    element: etree._Element
    mailbox: MailboxStore | None
    quota: int
    now: float
    injected: ItemFault | None = None
    created: int = 0
    updated: int = 0
    deleted: int = 0
    codes: list[str] = field(default_factory=list)

    @property
    def zone(self) -> tzinfo:
        """The zone of the TimeZoneContext header; UTC without one."""
        name = self.request.time_zone
        return (zone(name) if name else None) or UTC

    def own_mailbox(self) -> MailboxStore:
        """The mailbox the request acts in. Raises ResponseError when there is none."""
        if self.mailbox is None:
            message = (
                "When making a request as an account that does not have a mailbox, you must specify the mailbox "
                "primary SMTP address for any distinguished folder Ids."
            )
            raise ResponseError("ErrorMissingEmailAddress", message)
        return self.mailbox

    def needed(self, name: str) -> etree._Element:
        """The child ``m:name`` of the request. Raises FaultError when it is missing."""
        found = self.element.find(f"{M}{name}")
        if found is None:
            raise FaultError("ErrorSchemaValidation", f"The request failed schema validation: '{name}' is missing.")
        return found

    def listed(self, name: str) -> list[etree._Element]:
        """What the child ``m:name`` of the request holds. Raises FaultError when that is nothing."""
        found = list(self.needed(name))
        if not found:
            raise FaultError("ErrorSchemaValidation", f"The request failed schema validation: '{name}' is empty.")
        return found

    def choice(self, name: str, allowed: Sequence[str], *, required: bool = False) -> str | None:
        """An attribute of the request, checked. Raises FaultError."""
        value = self.element.get(name)
        if value is None and not required:
            return None
        if value not in allowed:
            message = f"The request failed schema validation: The '{name}' attribute is invalid - '{value}'."
            raise FaultError("ErrorSchemaValidation", message)
        return value

    def batch(self, things: Sequence[_T], do: Callable[[_T], str], *, on_error: str = "") -> Reply:
        """Do one thing after the other; each gets its own response message, in order.

        ``do`` gives what follows the response code in the message, or raises ResponseError; ``on_error`` is what
        follows it in an error. The codes of :data:`~emulator.ews.failure.STOPPING` stop the rest, which get the warning
        ErrorBatchProcessingStopped. What was done before stays done: a batch is not atomic.
        """
        operation = self.request.operation
        name = f"{operation}ResponseMessage"
        messages: list[str] = []
        stopped = False
        for index, thing in enumerate(things):
            code = "ErrorBatchProcessingStopped" if stopped else self._injected(index)
            if not code:
                try:
                    content = do(thing)
                except FaultError:
                    raise
                except ResponseError as error:
                    code, message = error.code, error.message
                else:
                    messages.append(
                        f'<m:{name} ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{content}'
                        f"</m:{name}>"
                    )
                    self.codes.append("NoError")
                    continue
            else:
                message = _MESSAGES.get(code, "The server was told to fail here.")
            severity = "Warning" if code == "ErrorBatchProcessingStopped" else "Error"
            messages.append(
                f'<m:{name} ResponseClass="{severity}"><m:MessageText>{text(message)}</m:MessageText>'
                f"<m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{on_error}</m:{name}>"
            )
            self.codes.append(code)
            stopped = stopped or code in STOPPING or code == "ErrorBatchProcessingStopped"
        return self.reply(f"<m:ResponseMessages>{''.join(messages)}</m:ResponseMessages>")

    def _injected(self, index: int) -> str:
        wanted = self.injected
        if wanted is None:
            return ""
        if wanted.stop_after is not None and index >= wanted.stop_after:
            return "ErrorBatchProcessingStopped"
        return wanted.code if wanted.index in (None, index) else ""

    def reply(self, content: str) -> Reply:
        """A successful reply of this operation with ``content`` inside its response element."""
        operation = self.request.operation
        return Reply(
            200, soap_body(f"{operation}Response", content), operation, self.request.mailbox or self.account.mailbox,
            tuple(self.codes), self.created, self.updated, self.deleted,
        )  # fmt: skip

    def check_room(self, size: int) -> None:
        """Raise ResponseError ErrorQuotaExceeded when ``size`` more bytes do not fit into the mailbox."""
        if self.quota and size > 0 and self.own_mailbox().size + size > self.quota:
            raise ResponseError("ErrorQuotaExceeded", _MESSAGES["ErrorQuotaExceeded"])
