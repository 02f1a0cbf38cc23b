"""Talking to the EWS core in plain XML, every reply checked against the schema where it is at hand."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from emulator.ews.exchange import Exchange, ItemFault, Options, Reply
from emulator.organisation import Account, Mailbox, Organisation
from emulator.store import MemoryStore, Store

NS = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "m": "http://schemas.microsoft.com/exchange/services/2006/messages",
    "t": "http://schemas.microsoft.com/exchange/services/2006/types",
    "e": "http://schemas.microsoft.com/exchange/services/2006/errors",
}
ANNA, BO, FULL = "anna@example.com", "bo@example.com", "full@example.com"
ACCOUNT = Account("callsheet", "secret", ("*@example.com",))
ORGANISATION = Organisation(
    (ACCOUNT, Account("anna", "secret", (), ANNA), Account("nobody", "secret")),
    (
        Mailbox(ANNA, "Anna Andersson", aliases=("a.andersson@example.com",)),
        Mailbox(BO, "Bo Berg"),
        Mailbox("boel@example.com", "Boel Berg"),
        Mailbox(FULL, "Full", quota_kib=4),
        Mailbox("far@elsewhere.example", "Far"),
    ),
)
PROPERTY_SET = "2a1927f9-5dec-5ad7-92ec-bf9a1cdae33e"
NONE_SENT = 'SendMeetingInvitationsOrCancellations="SendToNone"'


def schema_path() -> Path | None:
    """messages.xsd: in the folder of CALLSHEET_EWS_SCHEMA, or in ../shared/ews-schema beside the checkout."""
    named = os.environ.get("CALLSHEET_EWS_SCHEMA")
    folder = Path(named) if named else Path(__file__).resolve().parents[4] / "shared" / "ews-schema"
    path = folder / "messages.xsd" if folder.suffix != ".xsd" else folder
    return path if path.is_file() else None


_found = schema_path()
SCHEMA = etree.XMLSchema(etree.parse(_found)) if _found else None


@dataclass
class Clock:
    """A clock that stands until it is told to go on."""

    seconds: float = 1_780_000_000.0

    def __call__(self) -> float:
        return self.seconds


def prop(name: str, kind: str = "String") -> str:
    """The path of one of our extended properties."""
    return f'<t:ExtendedFieldURI PropertySetId="{PROPERTY_SET}" PropertyName="{name}" PropertyType="{kind}"/>'


def extended(path: str, *values: str, many: bool = False) -> str:
    """An ExtendedProperty element."""
    content = "".join(f"<t:Value>{value}</t:Value>" for value in values)
    content = f"<t:Values>{content}</t:Values>" if many else content
    return f"<t:ExtendedProperty>{path}{content}</t:ExtendedProperty>"


def field_uri(path: str) -> str:
    """A FieldURI element."""
    return f'<t:FieldURI FieldURI="{path}"/>'


def distinguished(name: str, mailbox: str = "") -> str:
    """A DistinguishedFolderId element."""
    inner = f"<t:Mailbox><t:EmailAddress>{mailbox}</t:EmailAddress></t:Mailbox>" if mailbox else ""
    return f'<t:DistinguishedFolderId Id="{name}">{inner}</t:DistinguishedFolderId>'


CALENDAR = distinguished("calendar")


def booking(
    subject: str = "Grading",
    start: str = "2026-12-01T07:00:00Z",
    end: str = "2026-12-01T16:00:00Z",
    *,
    before: str = "",
    after: str = "",
) -> str:
    """A CalendarItem; ``before`` and ``after`` are what stands before Start and after End."""
    return (
        f"<t:CalendarItem><t:Subject>{subject}</t:Subject>{before}<t:Start>{start}</t:Start><t:End>{end}</t:End>"
        f"{after}</t:CalendarItem>"
    )


@dataclass
class Answer:
    """A reply, parsed."""

    reply: Reply
    root: etree._Element

    @property
    def codes(self) -> tuple[str, ...]:
        return self.reply.codes

    def all(self, path: str) -> list[etree._Element]:
        found = self.root.findall(f".//{path}", NS)
        return list(found)

    def one(self, path: str) -> etree._Element:
        found = self.all(path)
        assert len(found) == 1, f"{len(found)} × {path} in {self.reply.body.decode()}"
        return found[0]

    def text(self, path: str) -> str:
        return self.one(path).text or ""

    def texts(self, path: str) -> list[str]:
        return [element.text or "" for element in self.all(path)]

    def ids(self) -> list[tuple[str, str]]:
        """(Id, ChangeKey) of the items in the reply."""
        return [(str(one.get("Id")), str(one.get("ChangeKey"))) for one in self.all("t:ItemId")]


def item_id(pair: tuple[str, str], *, key: bool = True) -> str:
    """An ItemId element."""
    change_key = f' ChangeKey="{pair[1]}"' if key else ""
    return f'<t:ItemId Id="{pair[0]}"{change_key}/>'


@dataclass
class Server:
    """The EWS core over a store, asked as the service account that impersonates ``mailbox``."""

    store: Store = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)
    late_change_keys: bool = False
    mailbox: str = ANNA
    account: Account = ACCOUNT

    def __post_init__(self) -> None:
        self.exchange = Exchange(
            ORGANISATION, self.store, options=Options(late_change_keys=self.late_change_keys, clock=self.clock)
        )

    def ask(
        self, body: str, *, mailbox: str | None = None, header: str | None = None, injected: ItemFault | None = None
    ) -> Answer:
        """Ask, and check what comes back against the schema."""
        who = self.mailbox if mailbox is None else mailbox
        if header is None:
            header = '<t:RequestServerVersion Version="Exchange2016"/>' + impersonation(who) if who else ""
        envelope = "<s:Envelope " + " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
        envelope += f"><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        reply = self.exchange.answer(self.exchange.read(envelope.encode()), self.account, injected)
        root = etree.fromstring(reply.body)
        assert root.find("s:Header/t:ServerVersionInfo", NS) is not None
        content = root.find("s:Body", NS)
        assert content is not None
        if SCHEMA is not None and content[0].tag != f"{{{NS['s']}}}Fault":
            body_only = etree.fromstring(etree.tostring(content[0]))
            assert SCHEMA.validate(body_only), str(SCHEMA.error_log)
        return Answer(reply, root)

    def create(self, *items: str, folder: str = CALENDAR, mailbox: str | None = None) -> Answer:
        """CreateItem that sends nothing."""
        saved = f"<m:SavedItemFolderId>{folder}</m:SavedItemFolderId>" if folder else ""
        return self.ask(
            '<m:CreateItem MessageDisposition="SaveOnly" SendMeetingInvitations="SendToNone">'
            f"{saved}<m:Items>{''.join(items)}</m:Items></m:CreateItem>",
            mailbox=mailbox,
        )

    def get(self, *ids: tuple[str, str], base: str = "AllProperties", extra: str = "", shape: str = "") -> Answer:
        """GetItem."""
        additional = f"<t:AdditionalProperties>{extra}</t:AdditionalProperties>" if extra else ""
        return self.ask(
            f"<m:GetItem><m:ItemShape><t:BaseShape>{base}</t:BaseShape>{shape}{additional}</m:ItemShape>"
            f"<m:ItemIds>{''.join(item_id(one, key=False) for one in ids)}</m:ItemIds></m:GetItem>"
        )

    def find(
        self,
        restriction: str = "",
        *,
        extra: str = "",
        base: str = "IdOnly",
        view: str = "",
        sort: str = "",
        folders: str = CALENDAR,
        traversal: str = "Shallow",
    ) -> Answer:
        """FindItem."""
        additional = f"<t:AdditionalProperties>{extra}</t:AdditionalProperties>" if extra else ""
        return self.ask(
            f'<m:FindItem Traversal="{traversal}"><m:ItemShape><t:BaseShape>{base}</t:BaseShape>'
            f"{additional}</m:ItemShape>{view}"
            + (f"<m:Restriction>{restriction}</m:Restriction>" if restriction else "")
            + (f"<m:SortOrder>{sort}</m:SortOrder>" if sort else "")
            + f"<m:ParentFolderIds>{folders}</m:ParentFolderIds></m:FindItem>"
        )

    def update(
        self, pair: tuple[str, str], *updates: str, how: str = "NeverOverwrite", sent: str = NONE_SENT, key: bool = True
    ) -> Answer:
        """UpdateItem of one item."""
        return self.ask(
            f'<m:UpdateItem ConflictResolution="{how}" MessageDisposition="SaveOnly" {sent}><m:ItemChanges>'
            f"<t:ItemChange>{item_id(pair, key=key)}<t:Updates>{''.join(updates)}</t:Updates></t:ItemChange>"
            "</m:ItemChanges></m:UpdateItem>"
        )

    def delete(self, *pairs: tuple[str, str], how: str = "HardDelete", sent: bool = True, key: bool = True) -> Answer:
        """DeleteItem."""
        cancellations = ' SendMeetingCancellations="SendToNone"' if sent else ""
        return self.ask(
            f'<m:DeleteItem DeleteType="{how}"{cancellations}>'
            f"<m:ItemIds>{''.join(item_id(one, key=key) for one in pairs)}</m:ItemIds></m:DeleteItem>"
        )


def set_field(path: str, value: str, kind: str = "CalendarItem") -> str:
    """A SetItemField; ``path`` is a whole path element."""
    return f"<t:SetItemField>{path}<t:{kind}>{value}</t:{kind}></t:SetItemField>"


def set_subject(subject: str) -> str:
    """A SetItemField of the subject."""
    return set_field(field_uri("item:Subject"), f"<t:Subject>{subject}</t:Subject>")


def impersonation(address: str, form: str = "PrimarySmtpAddress") -> str:
    """The ExchangeImpersonation header."""
    inner = f"<t:{form}>{address}</t:{form}>"
    return f"<t:ExchangeImpersonation><t:ConnectingSID>{inner}</t:ConnectingSID></t:ExchangeImpersonation>"
