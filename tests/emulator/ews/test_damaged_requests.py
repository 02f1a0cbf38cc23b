"""Requests damaged at random: whatever comes in, the answer is a reply or a fault, and it follows the schema."""

import copy
import random

import pytest
from lxml import etree

from tests.emulator.ews.soap import (
    CALENDAR,
    NS,
    PROPERTY_SET,
    Server,
    booking,
    distinguished,
    extended,
    field_uri,
    item_id,
    prop,
    set_subject,
)
from tests.emulator.ews.test_create_and_get import EVERYTHING
from tests.emulator.ews.test_structures import FULL_ZONE, MEETING_ZONE

VALUES = (
    *("", "x", "-1", "99999999999999999999", "true", "0x10F4", "NaN", "1e999", "é", " ", "two words"),
    *("2026-12-01T08:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "calendar", "item:Subject", PROPERTY_SET),
)
MORE = f"<t:AdditionalProperties>{prop('K')}</t:AdditionalProperties>"
SHAPE = f"<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape>{MORE}</m:ItemShape>"
FOLDER_SHAPE = f"<m:FolderShape><t:BaseShape>Default</t:BaseShape>{MORE}</m:FolderShape>"
RESTRICTION = (
    f"<m:Restriction><t:Or><t:Exists>{prop('K')}</t:Exists><t:Not><t:IsGreaterThan>{field_uri('calendar:Start')}"
    '<t:FieldURIOrConstant><t:Constant Value="2026-12-01T08:00:00Z"/></t:FieldURIOrConstant></t:IsGreaterThan></t:Not>'
    f'<t:Contains ContainmentMode="Prefixed" ContainmentComparison="Loose">{field_uri("item:Subject")}'
    f'<t:Constant Value="x"/></t:Contains><t:Excludes>{prop("N", "Integer")}<t:Bitmask Value="1"/></t:Excludes></t:Or>'
    '</m:Restriction><m:SortOrder><t:FieldOrder Order="Ascending">'
    f"{field_uri('item:Subject')}</t:FieldOrder></m:SortOrder>"
)


def requests(pair: tuple[str, str]) -> list[str]:
    ids = f"<m:ItemIds>{item_id(pair)}</m:ItemIds>"
    root = distinguished("msgfolderroot")
    items = EVERYTHING + booking(after=FULL_ZONE) + booking(after=MEETING_ZONE)
    return [
        f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{items}</m:Items></m:CreateItem>',
        f"<m:GetItem>{SHAPE}{ids}</m:GetItem>",
        (f'<m:FindItem Traversal="Shallow">{SHAPE}<m:IndexedPageItemView MaxEntriesReturned="5" Offset="0" '
        f'BasePoint="Beginning"/>{RESTRICTION}<m:ParentFolderIds>{CALENDAR}</m:ParentFolderIds></m:FindItem>'),
        (f'<m:FindItem Traversal="Shallow">{SHAPE}<m:CalendarView StartDate="2026-01-01T00:00:00Z" '
        f'EndDate="2026-12-31T00:00:00Z"/><m:ParentFolderIds>{CALENDAR}</m:ParentFolderIds></m:FindItem>'),
        ('<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f"<m:ItemChanges><t:ItemChange>{item_id(pair)}<t:Updates>{set_subject('x')}<t:DeleteItemField>{prop('K')}"
        "</t:DeleteItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"),
        f'<m:DeleteItem DeleteType="MoveToDeletedItems" SendMeetingCancellations="SendToNone">{ids}</m:DeleteItem>',
        f"<m:MoveItem><m:ToFolderId>{CALENDAR}</m:ToFolderId>{ids}</m:MoveItem>",
        (f"<m:CreateFolder><m:ParentFolderId>{root}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>x</t:DisplayName>"
        f"{extended(prop('K'), 'k')}</t:Folder></m:Folders></m:CreateFolder>"),
        f'<m:FindFolder Traversal="Deep">{FOLDER_SHAPE}<m:ParentFolderIds>{root}</m:ParentFolderIds></m:FindFolder>',
        f"<m:GetFolder>{FOLDER_SHAPE}<m:FolderIds>{root}</m:FolderIds></m:GetFolder>",
        (f"<m:SyncFolderItems>{SHAPE}<m:SyncFolderId>{CALENDAR}</m:SyncFolderId><m:MaxChangesReturned>9"
        "</m:MaxChangesReturned></m:SyncFolderItems>"),
        '<m:ResolveNames ReturnFullContactData="true"><m:UnresolvedEntry>b</m:UnresolvedEntry></m:ResolveNames>',
        '<m:GetServerTimeZones ReturnFullTimeZoneData="true"><m:Ids><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>',
        ('<m:ConvertId DestinationFormat="OwaId"><m:SourceIds><t:AlternateId Format="EwsId" Id="x" Mailbox="a@b.c"/>'
        "</m:SourceIds></m:ConvertId>"),
    ]  # fmt: skip


def damage(root: etree._Element, chance: random.Random) -> None:
    """Do one thing to one element: remove, empty, repeat, rename it, or change a text or an attribute."""
    elements = [element for element in root.iter() if element is not root]
    if not elements:
        return
    element = chance.choice(elements)
    parent = element.getparent()
    attributes = [str(key) for key in element.attrib]
    match chance.randrange(6):
        case 0 if parent is not None:
            parent.remove(element)
        case 1 if attributes:
            del element.attrib[chance.choice(attributes)]
        case 2 if attributes:
            element.set(chance.choice(attributes), chance.choice(VALUES))
        case 3 if parent is not None:
            parent.append(copy.deepcopy(element))
        case 4:
            element.tag = chance.choice(elements).tag
        case _:
            element.text = chance.choice(VALUES)


@pytest.mark.parametrize("seed", range(4))
def test_damaged_requests_are_answered(server: Server, seed: int) -> None:
    chance = random.Random(seed)
    pair = server.create(EVERYTHING).ids()[0]
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    sound = [etree.fromstring(f"<x {names}>{body}</x>") for body in requests(pair)]
    seen: set[str] = set()
    for _ in range(250):
        root = copy.deepcopy(chance.choice(sound))
        for _ in range(chance.choice((1, 1, 2, 3))):
            damage(root, chance)
        answer = server.ask("".join(etree.tostring(child, encoding="unicode") for child in root))
        assert answer.codes, answer.reply.body
        seen.update(answer.codes)
    assert {"NoError", "ErrorSchemaValidation"} <= seen
