"""Who may act as whom, and which folder or item an id of a request means."""

from __future__ import annotations

from lxml import etree

from emulator.ews.call import Call
from emulator.ews.failure import FaultError, ResponseError, SchemaViolationError
from emulator.ews.messages import Request
from emulator.ews.xmltext import T
from emulator.organisation import Account, Mailbox, Organisation
from emulator.store import Folder, Item
from emulator.store.ids import MalformedIdError, WrongKindOfIdError, read_change_key, read_folder_id, read_item_id


def acting_as(organisation: Organisation, request: Request, account: Account) -> Mailbox | None:
    """The mailbox a request acts in; None for an account without one that impersonates nobody.

    Raises FaultError: Exchange refuses an impersonation with a SOAP fault. A proxy address is refused where the primary
    one is asked for (ErrorNonPrimarySmtpAddress); no SIDs are known here.
    """
    wanted = request.impersonation
    if wanted is None:
        return organisation.mailbox(account.mailbox) if account.mailbox else None
    if wanted.form == "SID":
        raise FaultError("ErrorInvalidUserSid", "The SID passed in ExchangeImpersonation is not known to this server.")
    if wanted.form not in ("PrimarySmtpAddress", "SmtpAddress", "PrincipalName"):
        message = f"ExchangeImpersonation cannot name a user by '{wanted.form}'."
        raise FaultError("ErrorInvalidExchangeImpersonationHeaderData", message)
    found = organisation.mailbox(wanted.value)
    if found is None:
        if wanted.form == "PrincipalName":
            raise FaultError("ErrorInvalidUserPrincipalName", "No user has that user principal name.")
        raise FaultError("ErrorNonExistentMailbox", "No mailbox with such guid or address: it does not exist.")
    if found.address != wanted.value.lower() and wanted.form == "PrimarySmtpAddress":
        message = f"The SMTP address is not the primary address of the mailbox; use '{found.address}'."
        raise FaultError("ErrorNonPrimarySmtpAddress", message)
    if not account.may_impersonate(found.address) and account.mailbox != found.address:
        message = "The account does not have permission to impersonate the requested user."
        raise FaultError("ErrorImpersonateUserDenied", message)
    return found


def folder(call: Call, element: etree._Element | None, *, missing: str = "ErrorFolderNotFound") -> Folder:
    """The folder that a ``t:FolderId`` or ``t:DistinguishedFolderId`` means; ``missing`` is the code when it is gone.

    Raises ResponseError. A distinguished folder of a mailbox other than the one the request acts in is
    ErrorAccessDenied: nobody has rights in another's mailbox here except by impersonation.
    """
    if element is None:
        raise ResponseError("ErrorInvalidFolderId", "A folder id is missing.")
    if element.tag == f"{T}DistinguishedFolderId":
        return _distinguished(call, element, missing)
    if element.tag != f"{T}FolderId":
        name = etree.QName(element).localname
        raise SchemaViolationError(f"The element '{name}' is not a folder id.", element)
    given = element.get("Id", "")
    if not given:
        raise ResponseError("ErrorInvalidIdEmpty", "Id must be non-empty.")
    try:
        owner, number = read_folder_id(given)
    except MalformedIdError as error:
        raise ResponseError("ErrorInvalidIdMalformed", "Id is malformed.") from error
    except WrongKindOfIdError as error:
        raise ResponseError("ErrorCannotUseItemIdForFolderId", "An item id cannot be used for a folder.") from error
    mailbox = call.own_mailbox()
    if owner != mailbox.number:
        raise ResponseError("ErrorAccessDenied", "Access is denied. The folder belongs to another mailbox.")
    found = mailbox.folders.get(number)
    if found is None:
        raise ResponseError(missing, "The specified folder could not be found in the store.")
    return found


def _distinguished(call: Call, element: etree._Element, missing: str) -> Folder:
    named = element.find(f"{T}Mailbox/{T}EmailAddress")
    address = (named.text or "").strip().lower() if named is not None else ""
    if address:
        wanted = call.organisation.mailbox(address)
        if wanted is None:
            raise ResponseError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        if call.mailbox is None or wanted.address != call.mailbox.address:
            raise ResponseError("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    mailbox = call.own_mailbox()
    found = mailbox.distinguished.get(element.get("Id", ""))
    if found is None:
        raise ResponseError(missing, "The specified folder could not be found in the store.")
    return found


def item(call: Call, element: etree._Element) -> tuple[Item, int | None]:
    """The item that a ``t:ItemId`` means, and the change its ChangeKey names (None: it came without one).

    Raises ResponseError: ErrorInvalidIdMalformed, ErrorInvalidChangeKey, ErrorItemNotFound. An item of another mailbox
    is ErrorItemNotFound, as nothing of that mailbox is visible.
    """
    if element.tag != f"{T}ItemId":
        code = "ErrorCalendarCannotUseIdForOccurrenceId"
        raise ResponseError(code, "Recurrences are kept as data here; they have no occurrences to name.")
    mailbox, given, key = call.own_mailbox(), element.get("Id", ""), element.get("ChangeKey")
    if not given:
        raise ResponseError("ErrorInvalidIdEmpty", "Id must be non-empty.")
    try:
        owner, number = read_item_id(given)
    except MalformedIdError as error:
        raise ResponseError("ErrorInvalidIdMalformed", "Id is malformed.") from error
    except WrongKindOfIdError as error:
        raise ResponseError("ErrorCannotUseFolderIdForItemId", "A folder id cannot be used for an item.") from error
    change: int | None = None
    if key:
        try:
            of, change = read_change_key(key)
        except MalformedIdError as error:
            raise ResponseError("ErrorInvalidChangeKey", "The change key is invalid.") from error
        if of != number:
            raise ResponseError("ErrorInvalidChangeKey", "The change key belongs to another object.")
    found = mailbox.items.get(number) if owner == mailbox.number else None
    if found is None:
        raise ResponseError("ErrorItemNotFound", "The specified object was not found in the store.")
    return found, change
