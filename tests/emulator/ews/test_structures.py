"""Structures kept as XML: what follows the schema comes back as it came, what does not is refused."""

import pytest

from tests.emulator.ews.soap import Server, booking

WEEKLY = (
    "<t:Recurrence><t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek>"
    "<t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>"
    "<t:EndDateRecurrence><t:StartDate>2026-12-01</t:StartDate><t:EndDate>2027-12-01Z</t:EndDate></t:EndDateRecurrence>"
    "</t:Recurrence>"
)
YEARLY = (
    "<t:Recurrence><t:RelativeYearlyRecurrence><t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>Last"
    "</t:DayOfWeekIndex><t:Month>March</t:Month></t:RelativeYearlyRecurrence>"
    "<t:NoEndRecurrence><t:StartDate>2026-12-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>"
)
ATTENDEE = (
    "<t:Attendee><t:Mailbox><t:Name>Bo &amp; Co</t:Name><t:EmailAddress>bo@example.com</t:EmailAddress>"
    "<t:RoutingType>SMTP</t:RoutingType></t:Mailbox><t:ResponseType>Accept</t:ResponseType>"
    "<t:LastResponseTime>2026-12-01T08:00:00Z</t:LastResponseTime></t:Attendee>"
)
MEETING_ZONE = (
    '<t:MeetingTimeZone TimeZoneName="Tokyo Standard Time"><t:BaseOffset>-PT9H</t:BaseOffset></t:MeetingTimeZone>'
)
FULL_ZONE = (
    '<t:StartTimeZone Id="Studio"><t:Periods><t:Period Bias="-PT1H" Name="Standard" Id="s"/>'
    '<t:Period Bias="-PT2H" Name="Daylight" Id="d"/></t:Periods><t:TransitionsGroups><t:TransitionsGroup Id="0">'
    '<t:RecurringDayTransition><t:To Kind="Period">d</t:To><t:TimeOffset>PT2H</t:TimeOffset><t:Month>3</t:Month>'
    "<t:DayOfWeek>Sunday</t:DayOfWeek><t:Occurrence>-1</t:Occurrence></t:RecurringDayTransition>"
    '</t:TransitionsGroup></t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind="Group">0</t:To></t:Transition>'
    "</t:Transitions></t:StartTimeZone>"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"<t:RequiredAttendees>{ATTENDEE}</t:RequiredAttendees><t:Resources>{ATTENDEE}</t:Resources>"),
        ("", WEEKLY),
        ("", YEARLY),
        ("", MEETING_ZONE),
        ("", FULL_ZONE),
        ("<t:Flag><t:FlagStatus>Flagged</t:FlagStatus><t:StartDate>2026-12-01T08:00:00Z</t:StartDate></t:Flag>", ""),
        ("<t:Attachments><t:FileAttachment><t:Name>a.txt</t:Name></t:FileAttachment></t:Attachments>", ""),
    ],
)
def test_what_follows_the_schema_comes_back(server: Server, before: str, after: str) -> None:
    created = server.create(booking(before=before, after=after))
    assert created.codes == ("NoError",)
    reply = server.get(*created.ids()).reply.body.decode()
    assert before in reply
    assert after in reply


@pytest.mark.parametrize(
    "after",
    [
        "<t:RequiredAttendees/>",
        "<t:RequiredAttendees><t:Attendee/></t:RequiredAttendees>",
        ATTENDEE.replace("Attendee", "Resources"),
        f"<t:RequiredAttendees>{ATTENDEE.replace('Accept', 'Perhaps')}</t:RequiredAttendees>",
        f"<t:RequiredAttendees>{ATTENDEE.replace('2026-12-01T', '')}</t:RequiredAttendees>",
        WEEKLY.replace("Friday", "Friyay"),
        WEEKLY.replace("<t:Interval>1</t:Interval>", ""),
        WEEKLY.replace("2026-12-01", "2026-13-01"),
        YEARLY.replace("Sunday", "Sunday Monday"),
        MEETING_ZONE.replace("-PT9H", "nine"),
        MEETING_ZONE.replace("TimeZoneName", "Mood"),
        FULL_ZONE.replace('Kind="Group"', 'Kind="Band"'),
        FULL_ZONE.replace(' Kind="Group"', ""),
        "<t:Location><t:Deep/></t:Location>",
    ],
)
def test_what_does_not_is_refused(server: Server, after: str) -> None:
    assert server.create(booking(after=after)).codes == ("ErrorSchemaValidation",)
    assert server.find().ids() == []


@pytest.mark.parametrize(
    "before",
    [
        "<t:Categories><t:Int>1</t:Int></t:Categories>",
        "<t:Flag/>",
        "<t:Culture> </t:Culture>",
        "<t:ReminderMinutesBeforeStart>-5</t:ReminderMinutesBeforeStart>",
    ],
)
def test_small_things_are_checked_too(server: Server, before: str) -> None:
    assert server.create(booking(before=before)).codes == ("ErrorSchemaValidation",)


def test_what_is_attached_is_listed_but_not_kept(server: Server) -> None:
    """There is no GetAttachment here: names and sizes stay, contents do not."""
    attached = "<t:Attachments><t:FileAttachment><t:Name>a.txt</t:Name>{}</t:FileAttachment></t:Attachments>"
    created = server.create(booking(before=attached.format("<t:Content>AAEC</t:Content>")))
    got = server.get(*created.ids())
    assert got.text("t:HasAttachments") == "true"
    assert attached.format("") in got.reply.body.decode()


@pytest.mark.parametrize(
    "body",
    [
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds/></m:GetItem>",
        '<m:DeleteItem DeleteType="HardDelete"><m:ItemIds/></m:DeleteItem>',
        "<m:CreateItem><m:Items/></m:CreateItem>",
        '<m:ConvertId DestinationFormat="OwaId"><m:SourceIds/></m:ConvertId>',
    ],
)
def test_lists_of_nothing(server: Server, body: str) -> None:
    assert server.ask(body).codes == ("ErrorSchemaValidation",)
