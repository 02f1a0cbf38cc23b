"""Requests are checked against the schema of the version they name."""

import pytest

from tests.emulator.ews.soap import ANNA, Server, booking, field_uri, impersonation, item_id

ZONES = '<t:StartTimeZone Id="Tokyo Standard Time"/>'
MEETING = '<t:MeetingTimeZone TimeZoneName="{}"/>'
CREATE = '<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{}</m:Items></m:CreateItem>'


def header(version: str) -> str:
    return f'<t:RequestServerVersion Version="{version}"/>{impersonation(ANNA)}'


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("Exchange2007", "ErrorSchemaValidation"),  # MS-OXWSMTGS_R658
        ("Exchange2007_SP1", "ErrorSchemaValidation"),
        ("Exchange2010", "NoError"),  # MS-OXWSMTGS_R713
        ("Exchange2016", "NoError"),
    ],
)
def test_exchange_2007_does_not_know_start_time_zone(server: Server, version: str, code: str) -> None:
    assert server.ask(CREATE.format(booking(after=ZONES)), header=header(version)).codes == (code,)
    ask = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        f"{field_uri('calendar:StartTimeZone')}</t:AdditionalProperties></m:ItemShape>"
        f"<m:ItemIds>{item_id(server.create(booking()).ids()[0])}</m:ItemIds></m:GetItem>"
    )
    assert server.ask(ask, header=header(version)).codes == (code,)


@pytest.mark.parametrize(
    ("version", "code"), [("Exchange2010_SP2", "ErrorSchemaValidation"), ("Exchange2013", "NoError")]
)
def test_exchange_2010_does_not_know_text_body(server: Server, version: str, code: str) -> None:
    pair = server.create(booking()).ids()[0]
    ask = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>"
        f"{field_uri('item:TextBody')}</t:AdditionalProperties></m:ItemShape>"
        f"<m:ItemIds>{item_id(pair)}</m:ItemIds></m:GetItem>"
    )
    assert server.ask(ask, header=header(version)).codes == (code,)


def test_exchange_2007_has_no_get_server_time_zones(server: Server) -> None:
    assert server.ask("<m:GetServerTimeZones/>", header=header("Exchange2007_SP1")).codes == ("ErrorSchemaValidation",)


def test_the_meeting_time_zone_of_exchange_2007_is_the_items_zone(server: Server) -> None:
    """All-day items follow it, also when an update moves the item to another zone."""
    day = booking("x", "2026-12-01T00:00:00", "2026-12-02T00:00:00",
                  after="<t:IsAllDayEvent>true</t:IsAllDayEvent>" + MEETING.format("Tokyo Standard Time"))  # fmt: skip
    pair = server.ask(CREATE.format(day), header=header("Exchange2007_SP1")).ids()[0]
    got = server.get(pair)
    assert (got.text("t:Start"), got.text("t:End")) == ("2026-11-30T15:00:00Z", "2026-12-01T15:00:00Z")
    assert got.one("t:StartTimeZone").get("Id") == got.one("t:EndTimeZone").get("Id") == "Tokyo Standard Time"

    def change(path: str, value: str) -> str:
        return f"<t:SetItemField>{field_uri(path)}<t:CalendarItem>{value}</t:CalendarItem></t:SetItemField>"

    answer = server.ask(
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f"<m:ItemChanges><t:ItemChange>{item_id(pair)}<t:Updates>"
        + change("calendar:MeetingTimeZone", MEETING.format("Romance Standard Time"))
        + change("calendar:Start", "<t:Start>2026-12-01T00:00:00+01:00</t:Start>")
        + change("calendar:End", "<t:End>2026-12-02T00:00:00+01:00</t:End>")
        + "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        header=header("Exchange2007_SP1"),
    )
    assert answer.codes == ("NoError",)
    got = server.get(pair)
    assert (got.text("t:Start"), got.text("t:End")) == ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z")
    assert got.one("t:StartTimeZone").get("Id") == "Romance Standard Time"
