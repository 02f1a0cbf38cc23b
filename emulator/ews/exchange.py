"""The emulated Exchange server, between HTTP and the store."""

from __future__ import annotations

from emulator.ews.envelope import read_envelope
from emulator.ews.messages import ItemFault, Reply, Request, soap_fault
from emulator.ews.options import Options
from emulator.organisation import Account, Organisation
from emulator.store import Store

__all__ = ["Exchange", "ItemFault", "Options", "Reply", "Request", "soap_fault"]


class Exchange:
    """Answers EWS requests for one organisation. One thread uses it; every answer is complete when it is returned."""

    def __init__(self, organisation: Organisation, store: Store, *, options: Options = Options()) -> None:
        self.organisation = organisation
        self.store = store
        self.options = options

    def read(self, body: bytes) -> Request:
        """Read the envelope of an HTTP body. Never raises: a Request may hold a fault to answer."""
        return read_envelope(body)

    def answer(self, request: Request, account: Account, injected: ItemFault | None = None) -> Reply:
        """Do what ``request`` asks as ``account``, and say what came of it.

        With ``injected`` the items concerned fail (or the batch ends early) as if the server had failed there.
        """
        if request.fault is not None:
            return request.fault
        name = request.operation
        return soap_fault("ErrorInvalidRequest", "The request is invalid.", operation=name, mailbox=request.mailbox)
