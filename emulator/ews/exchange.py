"""The emulated Exchange server, between HTTP and the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator.ews import access, versions
from emulator.ews.call import Call
from emulator.ews.envelope import read_envelope, schema_violation
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.messages import ItemFault, Reply, Request, soap_fault
from emulator.ews.operations.create_item import create_item
from emulator.ews.operations.directory import convert_id, get_server_time_zones, resolve_names
from emulator.ews.operations.find_item import find_item
from emulator.ews.operations.folders import create_folder, delete_folder, find_folder, get_folder
from emulator.ews.operations.items import delete_item, get_item, move_item
from emulator.ews.operations.sync import sync_folder_items
from emulator.ews.operations.update_item import update_item
from emulator.ews.options import Options
from emulator.organisation import Account, Organisation
from emulator.store import Store

__all__ = ["OPERATIONS", "Exchange", "ItemFault", "Options", "Reply", "Request", "soap_fault"]

OPERATIONS: Mapping[str, Callable[[Call], Reply]] = {
    "GetFolder": get_folder,
    "FindFolder": find_folder,
    "CreateFolder": create_folder,
    "DeleteFolder": delete_folder,
    "FindItem": find_item,
    "GetItem": get_item,
    "CreateItem": create_item,
    "UpdateItem": update_item,
    "DeleteItem": delete_item,
    "MoveItem": move_item,
    "SyncFolderItems": sync_folder_items,
    "GetServerTimeZones": get_server_time_zones,
    "ResolveNames": resolve_names,
    "ConvertId": convert_id,
}
"""What the server can do, by the name of the body's element."""


class Exchange:
    """Answers EWS requests for one organisation. One thread uses it; every answer is complete when it is returned."""

    def __init__(self, organisation: Organisation, store: Store, *, options: Options | None = None) -> None:
        self.organisation = organisation
        self.store = store
        self.options = options or Options()

    def read(self, body: bytes) -> Request:
        """Read the envelope of an HTTP body. Never raises: a Request may hold a fault to answer."""
        return read_envelope(body)

    def answer(self, request: Request, account: Account, injected: ItemFault | None = None) -> Reply:
        """Do what ``request`` asks as ``account``, and say what came of it.

        With ``injected`` the items concerned fail (or the batch ends early) as if the server had failed there. An
        operation this server does not know is the SOAP fault ErrorInvalidRequest.
        """
        if request.fault is not None:
            return request.fault
        operate = OPERATIONS.get(request.operation)
        named = request.mailbox or account.mailbox
        if operate is None or request.element is None:
            return soap_fault(
                "ErrorInvalidRequest", "The request is invalid.", operation=request.operation, mailbox=named
            )
        try:
            versions.check(request)
            mailbox = access.acting_as(self.organisation, request, account)
            now = self.options.clock()
            opened = None if mailbox is None else self.store.open(mailbox.address)
            if opened is not None:
                opened.settle(now)
            call = Call(
                self.organisation, self.store, self.options, request, account, request.element, opened,
                0 if mailbox is None else mailbox.quota_kib * 1024, now, injected,
            )  # fmt: skip
            try:
                reply = operate(call)
            finally:
                if opened is not None:
                    self.store.commit(opened)
        except SchemaViolationError as error:
            return schema_violation(error.violation, line=error.line, operation=request.operation, mailbox=named)
        except ResponseError as error:
            return soap_fault(error.code, error.message, operation=request.operation, mailbox=named)
        return replace(reply, mailbox=named) if reply.mailbox != named else reply
