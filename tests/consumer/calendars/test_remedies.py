"""Which response code asks for what: the published table, row by row."""

import pytest

from consumer.calendars.errors import Remedy
from consumer.calendars.ews.remedies import remedy_of

ROWS = {
    Remedy.RETRY_SOON: (
        "ServerBusy InternalServerTransientError TimeoutExpired TooManyObjectsOpened ExceededConnectionCount "
        "InsufficientResources NotEnoughMemory ADUnavailable ADOperation ConnectionFailed MailboxStoreUnavailable "
        "MailboxMoveInProgress MailboxFailover NoRespondingCASInDestinationSite InternalServerError "
        "HTTP429 HTTP503"
    ),
    # A proxy gave up waiting: what stood behind it may have written.
    Remedy.LOOK_FIRST: "HTTP502 HTTP504",
    Remedy.MAILBOX: (
        "QuotaExceeded AccountDisabled NonExistentMailbox CannotFindUser MailboxConfiguration ImpersonateUserDenied "
        "AccessDenied CreateItemAccessDenied HTTP403"
    ),
    Remedy.OUTAGE: (
        "ImpersonationDenied ImpersonationFailed InvalidExchangeImpersonationHeaderData InvalidServerVersion "
        "PasswordExpired HTTP401 TLS NameResolution ConnectionRefused"
    ),
    Remedy.REJECTED: (
        "SchemaValidation InvalidPropertySet InvalidPropertyRequest CalendarEndDateIsEarlierThanStartDate "
        "CalendarDurationIsTooLong CalendarInvalidPropertyValue DataSizeLimitExceeded MessageSizeExceeded "
        "NonPrimarySmtpAddress"
    ),
    Remedy.REJECTED_AGAIN: "ItemSave CorruptData ItemCorrupt",
    Remedy.REREAD: (
        "IrresolvableConflict ChangeKeyRequiredForWriteOperations InvalidChangeKey ItemNotFound StaleObject "
        "FolderNotFound FolderExists"
    ),
    Remedy.SEND_AGAIN: "BatchProcessingStopped",
    Remedy.UNKNOWN: "SomethingNew HTTP418 HTTP500",
}


@pytest.mark.parametrize(
    ("code", "remedy"), [(code, remedy) for remedy, codes in ROWS.items() for code in codes.split()]
)
def test_the_table(code: str, remedy: Remedy) -> None:
    assert remedy_of(code) is remedy
    assert remedy_of(f"Error{code}") is remedy


def test_every_remedy_has_a_row() -> None:
    assert set(ROWS) == set(Remedy)
