"""A bare EWS client: what goes over the wire is written here, and nothing is repeated or hidden."""

import re
from xml.sax.saxutils import escape

import requests

from deploy.sandbox.stand_in import RunningEmulator

TIMEOUT_SECONDS = 10.0
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Header>'
    '<t:RequestServerVersion Version="Exchange2016"/>{impersonation}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
)
_IMPERSONATION = (
    "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{}</t:PrimarySmtpAddress></t:ConnectingSID>"
    "</t:ExchangeImpersonation>"
)
_FIND = (
    '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>'
    '<m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>'
)


def envelope(body: str, mailbox: str | None) -> bytes:
    """A request for one mailbox; None: for the account's own."""
    impersonation = _IMPERSONATION.format(escape(mailbox)) if mailbox else ""
    return _ENVELOPE.format(impersonation=impersonation, body=body).encode()


def create(*subjects: str, mailbox: str | None) -> bytes:
    """A CreateItem of one-hour entries with these subjects."""
    items = "".join(
        f"<t:CalendarItem><t:Subject>{escape(subject)}</t:Subject><t:Start>2026-12-01T{8 + n % 10:02}:00:00Z</t:Start>"
        f"<t:End>2026-12-01T{9 + n % 10:02}:00:00Z</t:End></t:CalendarItem>"
        for n, subject in enumerate(subjects)
    )
    body = f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{items}</m:Items></m:CreateItem>'
    return envelope(body, mailbox)


class Client:
    """Posts to one emulator, as its first account unless `auth` says otherwise."""

    def __init__(self, emulator: RunningEmulator, auth: requests.auth.AuthBase | tuple[str, str] | None = None) -> None:
        self.url = emulator.ews_url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = auth or (emulator.user, emulator.password)

    def post(self, body: bytes, timeout: float = TIMEOUT_SECONDS) -> requests.Response:
        """Post one request, once."""
        headers = {"Content-Type": "text/xml; charset=utf-8"}
        return self.session.post(self.url, body, headers=headers, timeout=timeout)

    def create(self, *subjects: str, mailbox: str | None, timeout: float = TIMEOUT_SECONDS) -> requests.Response:
        """Create entries in one request."""
        return self.post(create(*subjects, mailbox=mailbox), timeout)

    def subjects(self, mailbox: str | None) -> list[str]:
        """The subjects of the mailbox's calendar, sorted."""
        answer = self.post(envelope(_FIND, mailbox))
        assert answer.status_code == 200, answer.text
        return sorted(re.findall(r"<t:Subject>(.*?)</t:Subject>", answer.text))


def codes(answer: requests.Response) -> list[str]:
    """The response codes of an answer, in order."""
    return re.findall(r"ResponseCode[^>]*>(\w+)</", answer.text)
