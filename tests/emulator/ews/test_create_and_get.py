"""CreateItem and GetItem: what goes in comes back, and what Exchange refuses is refused."""

import pytest

from tests.emulator.ews.soap import (
    ANNA,
    CALENDAR,
    FULL,
    PROPERTY_SET,
    Server,
    booking,
    distinguished,
    extended,
    field_uri,
    prop,
)

EVERYTHING = (
    "<t:CalendarItem>"
    "<t:ItemClass>IPM.Appointment.Shift</t:ItemClass><t:Subject>Håkan – Ærø 🎬 &lt;b&gt;&amp;amp;</t:Subject>"
    "<t:Sensitivity>Private</t:Sensitivity>"
    '<t:Body BodyType="HTML">&lt;p&gt;Client: &lt;b&gt;X&lt;/b&gt;&lt;/p&gt;</t:Body>'
    "<t:Categories><t:String>Grading</t:String><t:String>Suite 4</t:String></t:Categories>"
    "<t:Importance>High</t:Importance><t:ReminderIsSet>true</t:ReminderIsSet>"
    "<t:ReminderMinutesBeforeStart>30</t:ReminderMinutesBeforeStart>"
    + extended(prop("CallsheetKey"), "abc")
    + extended(prop("Numbers", "IntegerArray"), "1", "2", many=True)
    + extended(prop("Blob", "Binary"), "AAEC")
    + extended(prop("When", "SystemTime"), "2026-12-01T08:00:00.123+01:00")
    + "<t:Culture>da-DK</t:Culture><t:UID>uid-1</t:UID>"
    "<t:Start>2026-12-01T08:00:00+01:00</t:Start><t:End>2026-12-01T17:00:00+01:00</t:End>"
    "<t:IsAllDayEvent>0</t:IsAllDayEvent><t:LegacyFreeBusyStatus>WorkingElsewhere</t:LegacyFreeBusyStatus>"
    "<t:Location>Suite 4</t:Location><t:IsResponseRequested>false</t:IsResponseRequested>"
    "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:Name>Bo &amp; Co</t:Name><t:EmailAddress>bo@example.com"
    "</t:EmailAddress></t:Mailbox></t:Attendee></t:RequiredAttendees>"
    "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>"
    "<t:NumberedRecurrence><t:StartDate>2026-12-01</t:StartDate><t:NumberOfOccurrences>3</t:NumberOfOccurrences>"
    "</t:NumberedRecurrence></t:Recurrence>"
    '<t:StartTimeZone Id="Romance Standard Time"/><t:EndTimeZone Id="romance standard time"/>'
    "</t:CalendarItem>"
)


def test_all_writable_properties_come_back(server: Server) -> None:
    """MS-OXWSCORE_R386 and the elements of t:CalendarItemType; start and end come back in UTC, in whole seconds."""
    created = server.create(EVERYTHING)
    assert created.codes == ("NoError",)
    extra = "".join(prop(name, kind) for name, kind in [
        ("CallsheetKey", "String"), ("Numbers", "IntegerArray"), ("Blob", "Binary"), ("When", "SystemTime"),
        ("Absent", "String"),
    ]) + field_uri("item:TextBody") + field_uri("item:Preview")  # fmt: skip
    got = server.get(*created.ids(), extra=extra)
    assert got.text("t:ItemClass") == "IPM.Appointment.Shift"
    assert got.text("t:Subject") == "Håkan – Ærø 🎬 <b>&amp;"
    assert got.text("t:Sensitivity") == "Private"
    assert (got.text("t:Body"), got.one("t:Body").get("BodyType")) == ("<p>Client: <b>X</b></p>", "HTML")
    assert got.text("t:TextBody") == "Client: X"
    assert got.texts("t:Categories/t:String") == ["Grading", "Suite 4"]
    assert got.text("t:Importance") == "High"
    assert got.text("t:ReminderMinutesBeforeStart") == "30"
    assert got.text("t:ReminderNextTime") == "2026-12-01T06:30:00Z"
    assert got.texts("t:ExtendedProperty/t:Value") == ["abc", "AAEC", "2026-12-01T07:00:00Z"]
    assert got.texts("t:Values/t:Value") == ["1", "2"]
    assert got.text("t:Culture") == "da-DK"
    assert got.text("t:UID") == "uid-1"
    assert (got.text("t:Start"), got.text("t:End")) == ("2026-12-01T07:00:00Z", "2026-12-01T16:00:00Z")
    assert got.text("t:Duration") == "PT9H"
    assert got.text("t:IsAllDayEvent") == "false"
    assert got.text("t:LegacyFreeBusyStatus") == "WorkingElsewhere"
    assert got.text("t:Location") == "Suite 4"
    assert got.text("t:RequiredAttendees/t:Attendee/t:Mailbox/t:Name") == "Bo & Co"
    assert got.text("t:DisplayTo") == "Bo & Co"
    assert got.text("t:NumberOfOccurrences") == "3"
    assert got.text("t:CalendarItemType") == "RecurringMaster"
    assert [got.one(f"t:{side}TimeZone").get("Id") for side in ("Start", "End")] == ["Romance Standard Time"] * 2
    assert got.text("t:LastModifiedName") == ANNA


def test_defaults_of_an_item_that_says_little(server: Server) -> None:
    """An item nobody set much on: a reminder of 15 minutes, busy, half an hour long, with a UID of the server's."""
    server.clock.seconds = 1_764_576_100  # 2025-12-01T08:01:40Z
    created = server.create("<t:CalendarItem/>")
    got = server.get(*created.ids())
    assert (got.text("t:Start"), got.text("t:End")) == ("2025-12-01T08:30:00Z", "2025-12-01T09:00:00Z")
    assert got.text("t:ReminderIsSet") == "true"
    assert got.text("t:LegacyFreeBusyStatus") == "Busy"
    assert got.text("t:ItemClass") == "IPM.Appointment"
    assert len(got.text("t:UID")) == 80
    assert not got.all("t:ExtendedProperty")


@pytest.mark.parametrize("element", ["Message", "Item"])
def test_messages_and_plain_items_are_kept_as_messages(server: Server, element: str) -> None:
    item = (
        f"<t:{element}><t:ItemClass>IPM.Callsheet.Tombstone</t:ItemClass><t:Subject>k</t:Subject>"
        f"{extended(prop('CallsheetKey'), 'k')}</t:{element}>"
    )
    created = server.create(item, folder="")
    assert len(created.all("m:Items/t:Message")) == 1
    got = server.get(*created.ids(), extra=prop("CallsheetKey"))
    assert got.text("t:ItemClass") == "IPM.Callsheet.Tombstone"
    assert got.text("t:Value") == "k"
    assert len(server.find(folders=distinguished("drafts")).ids()) == 1


def test_a_long_subject_is_cut_and_a_carriage_return_survives(server: Server) -> None:
    created = server.create(booking("x" * 300, before='<t:Body BodyType="Text">a&#xD;\nb</t:Body>'))
    got = server.get(*created.ids())
    assert got.text("t:Subject") == "x" * 255
    assert got.text("t:Body") == "a\r\nb"


def test_bodies_in_the_form_asked_for(server: Server) -> None:
    """MS-OXWSCDATA_R1190: BodyType is the requested format of the body."""
    created = server.create(booking(before='<t:Body BodyType="Text">1 &lt; 2</t:Body>'))
    as_html = server.get(*created.ids(), shape="<t:BodyType>HTML</t:BodyType>").one("t:Body")
    assert (as_html.get("BodyType"), as_html.text) == ("HTML", "<html><body>1 &lt; 2</body></html>")
    best = server.get(*created.ids(), shape="<t:BodyType>Best</t:BodyType>").one("t:Body")
    assert (best.get("BodyType"), best.text) == ("Text", "1 < 2")


def test_shapes(server: Server) -> None:
    """MS-OXWSCDATA_R59, R61, R62: IdOnly, Default and AllProperties."""
    pairs = server.create(booking()).ids()
    item = server.get(*pairs, base="IdOnly").one("t:CalendarItem")
    assert [child.tag.rpartition("}")[2] for child in item] == ["ItemId"]
    default = server.get(*pairs, base="Default")
    assert default.texts("t:Subject") == ["Grading"]
    assert not default.all("t:UID")
    assert server.get(*pairs).all("t:UID")


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("<t:Size>3</t:Size>", "ErrorInvalidPropertySet"),  # MS-OXWSCORE_R2272
        ("<t:DateTimeCreated>2026-01-01T00:00:00Z</t:DateTimeCreated>", "ErrorInvalidPropertySet"),  # R2274
        ("<t:DisplayTo>x</t:DisplayTo>", "ErrorInvalidPropertySet"),  # R2275
        ("<t:LastModifiedName>x</t:LastModifiedName>", "ErrorInvalidPropertySet"),  # R2277
        (extended(prop("N", "Integer"), "x"), "ErrorInvalidExtendedPropertyValue"),
        (extended(prop("N", "Object"), "x"), "ErrorUnsupportedMapiPropertyType"),
        (
            extended('<t:ExtendedFieldURI PropertyTag="0x8001" PropertyType="String"/>', "x"),
            "ErrorNoPropertyTagForCustomProperties",
        ),
        (extended('<t:ExtendedFieldURI PropertyName="x" PropertyType="String"/>', "x"), "ErrorInvalidExtendedProperty"),
    ],
)
def test_what_cannot_be_set_fails_for_its_item_alone(server: Server, before: str, code: str) -> None:
    answer = server.create(booking("a"), booking("b", before=before), booking("c"))
    assert answer.codes == ("NoError", code, "NoError")
    assert server.find(extra=field_uri("item:Subject")).texts("t:Subject") == ["a", "c"]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        # MS-OXWSMTGS_R1204
        (
            booking(start="2026-12-01T10:00:00Z", end="2026-12-01T09:00:00Z"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        # MS-OXWSMTGS_R1203
        (booking(end="2032-01-01T00:00:00Z"), "ErrorCalendarDurationIsTooLong"),
        (booking(after='<t:StartTimeZone Id="Nowhere Standard Time"/>'), "ErrorTimeZone"),
        ("<t:Task/>", "ErrorInvalidItemForOperationCreateItem"),
    ],
)
def test_exchanges_own_checks(server: Server, item: str, code: str) -> None:
    assert server.create(item).codes == (code,)
    assert server.find().ids() == []


def test_what_a_create_must_say(server: Server) -> None:
    """MS-OXWSMTGS_R1241: a message needs MessageDisposition; a calendar item needs SendMeetingInvitations."""
    bare = "<m:CreateItem><m:Items>{}</m:Items></m:CreateItem>"
    assert server.ask(bare.format(booking())).codes == ("ErrorSendMeetingInvitationsRequired",)
    assert server.ask(bare.format("<t:Message/>")).codes == ("ErrorMessageDispositionRequired",)


@pytest.mark.parametrize(
    "item",
    [
        "<t:CalendarItem><t:Nonsense/></t:CalendarItem>",
        "<t:CalendarItem><t:Location>x</t:Location><t:Subject>after</t:Subject></t:CalendarItem>",
        "<t:CalendarItem><t:Subject>a</t:Subject><t:Subject>b</t:Subject></t:CalendarItem>",
        booking(start="2026-12-01"),
        booking(start="tomorrow"),
        booking(before="<t:Sensitivity>Secret</t:Sensitivity>"),
        booking(before='<t:Body BodyType="RTF">x</t:Body>'),
        booking(after="<t:IsAllDayEvent>yes</t:IsAllDayEvent>"),
    ],
)
def test_a_request_that_breaks_the_schema_changes_nothing(server: Server, item: str) -> None:
    answer = server.create(booking(), item)
    assert (answer.reply.status, answer.codes) == (500, ("ErrorSchemaValidation",))
    assert answer.text("e:ResponseCode") == "ErrorSchemaValidation"
    assert [one.get("Name") for one in answer.all("t:Value")] == ["LineNumber", "LinePosition", "Violation"]
    assert server.find().ids() == []


def test_where_items_go(server: Server) -> None:
    assert server.create(booking(), folder="").codes == ("NoError",)
    assert len(server.find().ids()) == 1
    assert server.create(booking(), folder=distinguished("inbox")).codes == (
        "ErrorCannotCreateCalendarItemInNonCalendarFolder",
    )
    assert server.create(booking(), folder=distinguished("nowhere")).codes == ("ErrorFolderNotFound",)


def test_a_full_mailbox_takes_nothing_in_and_stops_the_batch(server: Server) -> None:
    """ErrorQuotaExceeded stops the rest with the warning ErrorBatchProcessingStopped; deleting makes room again."""
    big = booking("big", before=f'<t:Body BodyType="Text">{"x" * 2500}</t:Body>')
    server.mailbox = FULL
    answer = server.create(big, big, booking("small"))
    assert answer.codes == ("NoError", "ErrorQuotaExceeded", "ErrorBatchProcessingStopped")
    classes = [one.get("ResponseClass") for one in answer.all("m:CreateItemResponseMessage")]
    assert classes == ["Success", "Error", "Warning"]
    assert answer.reply.created == 1
    first = answer.ids()[0]
    grow = f'<t:SetItemField>{field_uri("item:Body")}<t:CalendarItem><t:Body BodyType="Text">{"y" * 5000}</t:Body>'
    assert server.update(first, grow + "</t:CalendarItem></t:SetItemField>").codes == ("ErrorQuotaExceeded",)
    assert server.delete(first).codes == ("NoError",)
    assert server.create(big).codes == ("NoError",)


def test_extended_properties_have_one_identity_however_they_are_named(server: Server) -> None:
    """A property set may be given by GUID in any case of letters, or by its distinguished name."""
    by_name = '<t:ExtendedFieldURI DistinguishedPropertySetId="PublicStrings" PropertyName="X" PropertyType="String"/>'
    by_guid = prop("X").replace(PROPERTY_SET, "00020329-0000-0000-C000-000000000046")
    upper = prop("K").replace(PROPERTY_SET, PROPERTY_SET.upper())
    by_id = '<t:ExtendedFieldURI PropertySetId="{}" PropertyId="34050" PropertyType="Integer"/>'
    item = booking(
        before=extended(by_name, "one") + extended(upper, "two") + extended(by_id.format(PROPERTY_SET), "3"),
    )
    pairs = server.create(item).ids()
    got = server.get(*pairs, base="IdOnly", extra=by_guid + prop("K") + by_id.format(PROPERTY_SET.upper()))
    assert got.texts("t:Value") == ["one", "two", "3"]
    assert [one.get("PropertyName") for one in got.all("t:ExtendedFieldURI")] == ["X", "K", None]


def test_unknown_ids(server: Server) -> None:
    """Each id has its own result, in order."""
    pair = server.create(booking()).ids()[0]
    server.delete(pair)
    other = server.create(booking()).ids()[0]
    folder = server.ask(
        f"<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>{CALENDAR}</m:FolderIds>"
        "</m:GetFolder>"
    )
    folder_id = str(folder.one("t:FolderId").attrib["Id"])
    answer = server.get(pair, ("nonsense", ""), other, (folder_id, ""), ("", ""))
    assert answer.codes == (
        "ErrorItemNotFound", "ErrorInvalidIdMalformed", "NoError", "ErrorCannotUseFolderIdForItemId",
        "ErrorInvalidIdEmpty",
    )  # fmt: skip
