"""The table of response codes: which error means what is to be done.

Codes are those of EWS (office-developer-exchange-docs, "ResponseCode"; MS-OXWSCDATA, ResponseCodeType) without the
leading "Error". A code that is not here is :attr:`Remedy.UNKNOWN`.
"""

from typing import Final

from consumer.calendars.errors import CalendarError, Remedy
from consumer.calendars.pace import Pressure

_TABLE: Final[dict[Remedy, str]] = {
    Remedy.RETRY_SOON: (
        "ServerBusy InternalServerTransientError TimeoutExpired TooManyObjectsOpened ExceededConnectionCount "
        "InsufficientResources NotEnoughMemory ADUnavailable ADOperation ConnectionFailed MailboxStoreUnavailable "
        "MailboxMoveInProgress MailboxFailover NoRespondingCASInDestinationSite InternalServerError "
        "HTTP429 HTTP503"
    ),
    Remedy.MAILBOX: (
        "QuotaExceeded AccountDisabled NonExistentMailbox CannotFindUser MailboxConfiguration ImpersonateUserDenied "
        "AccessDenied CreateItemAccessDenied HTTP403"
    ),
    Remedy.OUTAGE: (
        "ImpersonationDenied ImpersonationFailed InvalidExchangeImpersonationHeaderData InvalidServerVersion "
        "PasswordExpired HTTP401 TLS NameResolution ConnectionRefused ConnectTimeout"
    ),
    Remedy.REJECTED: (
        "SchemaValidation InvalidPropertySet InvalidPropertyRequest InvalidRequest InvalidValueForProperty "
        "DataSizeLimitExceeded MessageSizeExceeded NonPrimarySmtpAddress HTTP413"
    ),
    Remedy.REJECTED_AGAIN: "ItemSave CorruptData ItemCorrupt",
    Remedy.REREAD: (
        "IrresolvableConflict ChangeKeyRequiredForWriteOperations ChangeKeyRequired InvalidChangeKey ItemNotFound "
        "StaleObject FolderNotFound FolderExists"
    ),
    Remedy.SEND_AGAIN: "BatchProcessingStopped",
    # HTTP 502 and 504 come from a proxy in front: what stood behind it may have been done.
    Remedy.LOOK_FIRST: "HTTP502 HTTP504 NoAnswer BadAnswer Deadline",
}

_REFUSED_BEFORE_IT_BEGAN: Final = frozenset({"ServerBusy", "HTTP429", "HTTP503", "ExceededConnectionCount"})

_PRESSURE: Final[dict[Pressure, str]] = {
    Pressure.SLOW: "Deadline TimeoutExpired HTTP504",
    Pressure.THROTTLED: (
        "ServerBusy ExceededConnectionCount TooManyObjectsOpened InsufficientResources NotEnoughMemory HTTP429 HTTP503"
    ),
    Pressure.STOPPED: "BatchProcessingStopped",
}
_PRESSURE_BY_CODE: Final = {code: pressure for pressure, codes in _PRESSURE.items() for code in codes.split()}

_BY_CODE: Final = {code: remedy for remedy, codes in _TABLE.items() for code in codes.split()}


def remedy_of(code: str) -> Remedy:
    """What to do about a code, with or without its leading ``Error``."""
    bare = code.removeprefix("Error")
    if bare in _BY_CODE:
        return _BY_CODE[bare]
    # ErrorCalendarEndDateIsEarlierThanStartDate, ErrorCalendarDurationIsTooLong and the like.
    return Remedy.REJECTED if bare.startswith("Calendar") else Remedy.UNKNOWN


def pressure_of(code: str) -> Pressure | None:
    """What a code, without its leading ``Error``, says about how much was asked; None when it says nothing of that."""
    return _PRESSURE_BY_CODE.get(code)


def of_a_whole_write(error: CalendarError) -> CalendarError:
    """The error of a request that was to write, when it came for the request and not for an item of it.

    Unless it was refused before it began, some of its items may have been written: look first.
    """
    if error.remedy is not Remedy.RETRY_SOON or error.code in _REFUSED_BEFORE_IT_BEGAN:
        return error
    return error.with_remedy(Remedy.LOOK_FIRST)
