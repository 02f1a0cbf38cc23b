"""farmerswife's export: what is documented of it, and names of bookings by mapping."""

from pathlib import Path

import pytest

from producers.sources.damaged import DamagedFile
from producers.sources.farmerswife import read_farmerswife
from producers.sync.schedule import Schedule
from tests.producers.samples import write
from tests.producers.sources.reading import booking, only, person, room, span

OBJECTS = """
  <ViewGroups><ViewGroup viewGroupID="1" name="Grading"/></ViewGroups>
  <Objects>
    <Object type="User" displayName="Anna Berg" objectType="user1" objectID="11"/>
    <Object type="User" displayName="Bo" objectType="user3" objectID="12"/>
    <Object><displayName>Suite 4</displayName><objectType>room</objectType><objectID>21</objectID></Object>
    <Object type="Object" displayName="Baselight" objectType="machine" objectID="22"/>
  </Objects>
  <ObjectClasses><ObjectClass objectClassID="5"/></ObjectClasses>
"""
BOOKING = (
    '<Booking bookingID="900" startDate="2026-12-01" startTime="09:00" endDate="2026-12-01" endTime="17:30" {more}>'
    "<projectName>Feature X</projectName><containerName>Grading</containerName><bookingName>Reel 3</bookingName>"
    "<companyName>Nordfilm</companyName><className>Colour</className>{objects}</Booking>"
)
ALL = "".join(f"<objectID>{number}</objectID>" for number in (11, 21, 22))


def export(*bookings: str, objects: str = OBJECTS) -> str:
    head = "<?xml version='1.0' encoding='UTF-8'?>\n"
    return f"{head}<Export>{objects}  <Bookings>\n" + "\n".join(bookings) + "</Bookings></Export>"


def read(tmp_path: Path, text: str, mapping: str = 'timezone = "Europe/Copenhagen"\n') -> Schedule:
    return read_farmerswife(write(tmp_path / "view.xml", text), write(tmp_path / "mapping.toml", mapping))


def test_an_export_with_the_default_names(tmp_path: Path) -> None:
    schedule = read(tmp_path, export(BOOKING.format(more="", objects=ALL)))
    data = only(schedule)
    assert schedule.source == "farmerswife://view"
    assert (data.booking, data.title, data.notes) == ("900", "Feature X / Grading / Reel 3", "Nordfilm")
    assert (data.categories, data.location) == (("Colour",), "Suite 4, Baselight")
    assert span(data) == ("2026-12-01T08:00:00Z", "2026-12-01T16:30:00Z")
    assert schedule.bookings["900"].objects == {person("11"), room("21"), room("22")}
    assert schedule.names[person("11")] == "Anna Berg"


def test_one_element_for_each_object_is_one_booking(tmp_path: Path) -> None:
    elements = [BOOKING.format(more=f'objectID="{number}"', objects="") for number in (11, 12)]
    assert read(tmp_path, export(*elements)).bookings["900"].objects == {person("11"), person("12")}


def test_other_names_by_a_mapping(tmp_path: Path) -> None:
    mapping = """
        source = "farmerswife://studio-1"
        timezone = "Europe/Copenhagen"
        [elements]
        booking = "Event"
        objects = "Who/User/ref"
        [columns]
        booking = "id"
        title = ["project", "what"]
        start = "from"
        end = "to"
        [formats]
        times = ["%d.%m.%Y %H:%M"]
        [kinds]
        freelancer = "person"
    """
    text = export(
        '<Event id="7" project="Feature X" what="Mix"><from>01.12.2026 09:00</from><to>01.12.2026 10:00</to>'
        '<Who><User ref="31"/><User ref="11"/></Who></Event>',
        objects=OBJECTS + '<Objects><Object displayName="Cleo" objectType="Freelancer" objectID="31"/></Objects>',
    )
    schedule = read(tmp_path, text, mapping)
    assert schedule.source == "farmerswife://studio-1"
    assert booking(schedule, "7").title == "Feature X / Mix"
    assert schedule.bookings["7"].objects == {person("31"), person("11")}


GOOD = export(BOOKING.format(more="", objects=ALL))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "the file is empty"),
        (GOOD[:-30], 12, "not well-formed XML"),
        ("<Export/>", 1, "no <Object> with an objectID"),
        (GOOD.replace('objectType="machine"', 'objectType="drone"'), 8, "or a line for it under [kinds]"),
        (GOOD.replace("<objectID>22<", "<objectID>99<"), 12, "the object 99, which is not among"),
        (GOOD.replace(' bookingID="900"', ""), 12, "no booking id in column bookingID"),
        (GOOD.replace('startTime="09:00"', 'startTime="nine"'), 12, "column startDate + startTime: '2026-12-01 nine'"),
    ],
)
def test_a_damaged_file_says_where_and_what(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(DamagedFile) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert caught.value.line == line
