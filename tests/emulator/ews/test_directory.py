"""ResolveNames, ConvertId, GetServerTimeZones."""

from datetime import UTC, datetime, timedelta

import pytest

from emulator.ews.zones import display_name, known_zones, zone
from tests.emulator.ews.soap import Answer, Server, booking


def resolve(server: Server, entry: str, full: str = "false") -> Answer:
    return server.ask(
        f'<m:ResolveNames ReturnFullContactData="{full}"><m:UnresolvedEntry>{entry}</m:UnresolvedEntry>'
        "</m:ResolveNames>"
    )


@pytest.mark.parametrize("entry", ["anna", "Andersson", "ANNA@example.com", "smtp:a.andersson@example.com"])
def test_one_hit(server: Server, entry: str) -> None:
    answer = resolve(server, entry, "true")
    assert answer.codes == ("NoError",)
    assert answer.texts("t:Resolution/t:Mailbox/t:EmailAddress") == ["anna@example.com"]
    assert answer.text("t:Contact/t:DisplayName") == "Anna Andersson"


def test_several_hits_are_a_warning_that_names_them(server: Server) -> None:
    answer = resolve(server, "berg")
    assert answer.codes == ("ErrorNameResolutionMultipleResults",)
    assert answer.one("m:ResolveNamesResponseMessage").get("ResponseClass") == "Warning"
    assert answer.texts("t:Mailbox/t:Name") == ["Bo Berg", "Boel Berg"]


def test_no_hit(server: Server) -> None:
    answer = resolve(server, "zoe")
    assert answer.codes == ("ErrorNameResolutionNoResults",)
    assert answer.text("m:MessageText") == "No results were found."


def test_convert_id(server: Server) -> None:
    """A nonsense id is an error that still tells the server's version."""
    pair = server.create(booking()).ids()[0]
    ids = "".join(
        f'<t:AlternateId Format="EwsId" Id="{given}" Mailbox="anna@example.com"/>' for given in (pair[0], "nonsense")
    )
    answer = server.ask(f'<m:ConvertId DestinationFormat="OwaId"><m:SourceIds>{ids}</m:SourceIds></m:ConvertId>')
    assert answer.codes == ("NoError", "ErrorInvalidIdMalformed")
    assert answer.one("m:AlternateId").get("Id") == pair[0]


def time_zones(server: Server, ids: str = "", full: str = "true") -> Answer:
    wanted = f"<m:Ids>{ids}</m:Ids>" if ids else ""
    body = f'<m:GetServerTimeZones ReturnFullTimeZoneData="{full}">{wanted}</m:GetServerTimeZones>'
    return server.ask(body)


def test_all_windows_zones_with_and_without_their_rules(server: Server) -> None:
    brief, full = time_zones(server, full="false"), time_zones(server)
    assert len(brief.all("t:TimeZoneDefinition")) == len(full.all("t:TimeZoneDefinition")) > 130
    assert not brief.all("t:Periods")
    assert len(full.all("t:Periods")) == len(full.all("t:TimeZoneDefinition"))


def test_the_rules_of_one_zone(server: Server) -> None:
    answer = time_zones(server, "<t:Id>Romance Standard Time</t:Id><t:Id>Nowhere Standard Time</t:Id>")
    assert answer.one("t:TimeZoneDefinition").get("Name") == "(UTC+01:00) Paris"
    assert [one.get("Bias") for one in answer.all("t:Period")] == ["-PT1H", "-PT2H"]
    assert answer.texts("t:RecurringDayTransition/t:Month") == ["3", "10"]
    assert answer.texts("t:RecurringDayTransition/t:TimeOffset") == ["PT2H", "PT3H"]
    assert answer.texts("t:RecurringDayTransition/t:Occurrence") == ["-1", "-1"]


def test_every_zone_of_the_table_is_known() -> None:
    for name in known_zones():
        found = zone(name)
        assert found is not None
        assert datetime(2026, 6, 1, tzinfo=UTC).astimezone(found).utcoffset() is not None
        assert display_name(name).startswith("(UTC")
    assert zone("nowhere standard time") is None
    assert datetime(2026, 7, 1, tzinfo=zone("w. europe standard time")).utcoffset() == timedelta(hours=2)
