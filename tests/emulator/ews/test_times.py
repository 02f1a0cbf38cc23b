"""Instants and zones: offsets, zones of items, all-day items, daylight saving."""

import pytest

from tests.emulator.ews.soap import ANNA, Server, booking, field_uri, impersonation, set_field


def times(server: Server, item: str, header: str | None = None) -> tuple[str, str]:
    created = server.ask(
        f'<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items>{item}</m:Items></m:CreateItem>', header=header
    )
    assert created.codes == ("NoError",)
    got = server.get(*created.ids())
    return got.text("t:Start"), got.text("t:End")


def zones(start: str, end: str | None = None) -> str:
    return f'<t:StartTimeZone Id="{start}"/><t:EndTimeZone Id="{end or start}"/>'


ALL_DAY = "<t:IsAllDayEvent>true</t:IsAllDayEvent>"


@pytest.mark.parametrize(
    ("start", "end", "after", "expected"),
    [
        # an offset in the text wins over every zone
        ("2026-12-01T08:00:00+05:30", "2026-12-01T10:00:00Z", zones("Tokyo Standard Time"),
         ("2026-12-01T02:30:00Z", "2026-12-01T10:00:00Z")),
        ("2026-12-01T08:00:00.999Z", "2026-12-01T10:00:00.5000000Z", "",
         ("2026-12-01T08:00:00Z", "2026-12-01T10:00:00Z")),
        # without one, the zone of the item
        ("2026-12-01T08:00:00", "2026-12-01T10:00:00", zones("Tokyo Standard Time"),
         ("2026-11-30T23:00:00Z", "2026-12-01T01:00:00Z")),
        ("2026-12-01T08:00:00", "2026-12-01T10:00:00", zones("Romance Standard Time", "GMT Standard Time"),
         ("2026-12-01T07:00:00Z", "2026-12-01T10:00:00Z")),
        ("2026-12-01T08:00:00", "2026-12-01T10:00:00", '<t:MeetingTimeZone TimeZoneName="Tokyo Standard Time"/>',
         ("2026-11-30T23:00:00Z", "2026-12-01T01:00:00Z")),
        # over both changes of a year, in Europe and in America
        ("2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00", zones("Romance Standard Time"),
         ("2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z")),
        ("2026-11-01T00:00:00", "2026-11-01T04:00:00", zones("Eastern Standard Time"),
         ("2026-11-01T04:00:00Z", "2026-11-01T09:00:00Z")),
    ],
)  # fmt: skip
def test_instants(server: Server, start: str, end: str, after: str, expected: tuple[str, str]) -> None:
    assert times(server, booking("x", start, end, after=after)) == expected


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        ("2026-12-01T00:00:00+01:00", "2026-12-02T00:00:00+01:00", "Romance Standard Time",
         ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z")),
        # start and end widen to midnights
        ("2026-12-01T09:00:00+01:00", "2026-12-01T10:00:00+01:00", "Romance Standard Time",
         ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z")),
        # a day of no length is a whole day
        ("2026-12-01T00:00:00+01:00", "2026-12-01T00:00:00+01:00", "Romance Standard Time",
         ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z")),
        # the day the clocks go forward lasts 23 hours, the day they go back 25
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", "Romance Standard Time",
         ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")),
        ("2026-10-25T12:00:00Z", "2026-10-25T13:00:00Z", "Romance Standard Time",
         ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")),
        ("2026-11-01T05:00:00Z", "2026-11-01T05:00:00Z", "Eastern Standard Time",
         ("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")),
    ],
)  # fmt: skip
def test_all_day_items_widen_to_midnights_of_their_zone(
    server: Server, start: str, end: str, zone: str, expected: tuple[str, str]
) -> None:
    assert times(server, booking("x", start, end, after=ALL_DAY + zones(zone))) == expected


def test_the_zone_of_the_request_holds_where_the_item_names_none(server: Server) -> None:
    header = (
        '<t:RequestServerVersion Version="Exchange2016"/>' + impersonation(ANNA) + "<t:TimeZoneContext>"
        '<t:TimeZoneDefinition Id="Tokyo Standard Time"/></t:TimeZoneContext>'
    )
    local = booking("x", "2026-12-01T08:00:00", "2026-12-01T10:00:00")
    assert times(server, local, header) == ("2026-11-30T23:00:00Z", "2026-12-01T01:00:00Z")
    day = booking("x", "2026-12-01T00:00:00", "2026-12-02T00:00:00", after=ALL_DAY)
    assert times(server, day, header) == ("2026-11-30T15:00:00Z", "2026-12-01T15:00:00Z")


def test_an_update_to_all_day_widens_too(server: Server) -> None:
    pair = server.create(booking(after=zones("Romance Standard Time"))).ids()[0]
    server.update(pair, set_field(field_uri("calendar:IsAllDayEvent"), ALL_DAY))
    got = server.get(pair)
    assert (got.text("t:Start"), got.text("t:End")) == ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z")


def test_a_zone_with_its_own_rules_is_kept(server: Server) -> None:
    rules = (
        '<t:StartTimeZone Id="Studio Time" Name="Studio"><t:Periods>'
        '<t:Period Bias="-PT1H" Name="Standard" Id="s"/></t:Periods></t:StartTimeZone>'
    )
    pair = server.create(booking(after=rules)).ids()[0]
    got = server.get(pair).one("t:StartTimeZone")
    assert (got.get("Id"), got.get("Name")) == ("Studio Time", "Studio")
    assert [period.get("Bias") for period in got.iter("{*}Period")] == ["-PT1H"]
