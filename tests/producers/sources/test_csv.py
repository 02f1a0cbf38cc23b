"""CSV: columns by a mapping, rows of one booking, times and days, and errors by line."""

from pathlib import Path

import pytest

from contract.event import ShowAs, Status
from producers.sources.csv_file import read_csv
from producers.sources.damaged import DamagedFile
from producers.sync.schedule import Schedule
from tests.producers.samples import write
from tests.producers.sources.reading import booking, only, person, room, span

HEADER = "booking,title,start,end,timezone,people,rooms"
ROW = "B-1,Grading,2026-12-01 09:00,2026-12-01 17:30,Europe/Copenhagen,anna@example.com;42,Suite 4"


def read(tmp_path: Path, *lines: str, mapping: str | None = None, **given: str) -> Schedule:
    toml = None if mapping is None else write(tmp_path / "mapping.toml", mapping)
    return read_csv(write(tmp_path / "rota.csv", "\n".join(lines) + "\n"), toml, **given)


def test_the_default_columns(tmp_path: Path) -> None:
    header = f"{HEADER},status,show_as,location,notes,categories,private,reminder_minutes,url"
    more = "tentative,oof,Soho,Bring reel 3,Grading;Night,yes,15,https://example.com/b/1"
    schedule = read(tmp_path, header, f"{ROW},{more}")
    data = only(schedule)
    assert schedule.source == "csv://rota"
    assert span(data) == ("2026-12-01T08:00:00Z", "2026-12-01T16:30:00Z")
    assert (data.title, data.timezone, data.location) == ("Grading", "Europe/Copenhagen", "Soho")
    assert (data.status, data.show_as, data.private) == (Status.TENTATIVE, ShowAs.OOF, True)
    assert (data.notes, data.categories, data.reminder_minutes) == ("Bring reel 3", ("Grading", "Night"), 15)
    assert data.url == "https://example.com/b/1"
    assert schedule.bookings["B-1"].objects == {person("anna@example.com"), person("42"), room("Suite 4")}
    assert schedule.addresses == {person("anna@example.com"): "anna@example.com"}


def test_a_mapping_for_a_file_of_somebody_else(tmp_path: Path) -> None:
    mapping = """
        source = "rota://soho"
        timezone = "Europe/London"
        [columns]
        booking = "Job"
        title = ["Project", "Task"]
        start = ["Day", "From"]
        end = ["Day", "To"]
        people = "Crew"
        status = "State"
        [formats]
        times = ["%d/%m/%Y %H.%M"]
        separator = "+"
        [status]
        "1st option" = "tentative"
        "released" = "cancelled"
    """
    rows = [
        "Job;Project;Task;Day;From;To;Crew;State",
        '7;Feature X;Mix;24/12/2026;09.00;18.15;"Åse Lind <Aase@Example.com> + Bo";1st Option',
        "8;Feature X;Foley;24/12/2026;09.00;18.15;Bo;Released",
    ]
    text = "\r\n".join(rows)
    (tmp_path / "rota.csv").write_bytes(text.encode("cp1252"))
    toml = write(tmp_path / "m.toml", mapping + '[file]\nencoding = "cp1252"\n')
    schedule = read_csv(tmp_path / "rota.csv", toml)
    data = only(schedule)
    assert schedule.source == "rota://soho"
    assert (data.title, data.status) == ("Feature X / Mix", Status.TENTATIVE)
    assert span(data) == ("2026-12-24T09:00:00Z", "2026-12-24T18:15:00Z")
    assert schedule.names[person("aase@example.com")] == "Åse Lind"
    assert schedule.addresses == {person("aase@example.com"): "aase@example.com"}


def test_rows_of_one_booking_are_one_booking(tmp_path: Path) -> None:
    rows = ["B-1,Mix,2026-12-01T09:00Z,2026-12-01T10:00Z,,Anna,", "B-1,Mix,2026-12-01T09:00Z,2026-12-01T10:00Z,,Bo,"]
    schedule = read(tmp_path, HEADER, *rows)
    assert schedule.bookings["B-1"].objects == {person("Anna"), person("Bo")}


@pytest.mark.parametrize(
    ("end_is", "end", "after"), [("exclusive", "2026-12-03", "2026-12-03"), ("inclusive", "2026-12-03", "2026-12-04")]
)
def test_days(tmp_path: Path, end_is: str, end: str, after: str) -> None:
    mapping = f'[formats]\nall_day_end = "{end_is}"\n'
    dates = only(read(tmp_path, HEADER, f"B,Leave,2026-12-01,{end},,Anna,", mapping=mapping))
    assert dates.all_day
    assert span(dates) == ("2026-12-01", after)
    flagged = read(tmp_path, f"{HEADER},all_day", f"B,Leave,2026-12-01 00:00,{end} 00:00,,Anna,,yes", mapping=mapping)
    assert only(flagged) == dates


def test_a_last_day_at_the_end_of_time_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="before 9999-12-31"):
        read(tmp_path, HEADER, "B,Leave,2026-12-01,9999-12-31,,Anna,", mapping='[formats]\nall_day_end = "inclusive"\n')


def test_a_local_time_at_a_clock_change(tmp_path: Path) -> None:
    night = "B,Night,2026-03-29 02:30,2026-03-29 05:00,Europe/Copenhagen,Anna,"
    assert span(only(read(tmp_path, HEADER, night))) == ("2026-03-29T01:30:00Z", "2026-03-29T03:00:00Z")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters_are_found_out(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [["booking", "title", "start", "end"], ["B", "Ærø: klip", "2026-12-01T09:00Z", "2026-12-01T10:00Z"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "rota.csv").write_bytes(text.encode(encoding))
    assert booking(read_csv(tmp_path / "rota.csv"), "B").title == "Ærø: klip"


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        ([""], 1, "the file is empty"),
        (["booking,title,start"], 1, "no column end; there are booking, title, start"),
        ([f"{HEADER},title"], 1, "title more than once"),
        ([HEADER, ROW, "B-2,Mix"], 3, "2 columns, expected 7"),
        ([HEADER, "", ROW, ROW.replace("Grading", "Mix")], 4, "stands also in row 3"),
        ([HEADER, ROW.replace("B-1", "")], 2, "no booking id in column booking"),
        ([HEADER, ROW.replace("2026-12-01 09:00", "tomorrow")], 2, "column start: 'tomorrow', expected a time with"),
        ([HEADER, ROW.replace("17:30", "07:30")], 2, "booking B-1: end: expected a time not before start"),
        ([HEADER, ROW.replace("Europe/Copenhagen", "Denmark")], 2, "timezone 'Denmark', expected an IANA"),
        ([HEADER, ROW.replace("Europe/Copenhagen", "")], 2, "no time zone is given"),
        ([HEADER, "B,Leave,2026-12-01,2026-12-01,,Anna,"], 2, "all_day_end"),
        ([HEADER, "B,Leave,2026-12-01,2026-12-01 09:00,Europe/Copenhagen,Anna,"], 2, "a time of day as well"),
        ([f"{HEADER},status", f"{ROW},perhaps"], 2, "'perhaps', expected one of confirmed"),
        ([f"{HEADER},show_as", f"{ROW},away"], 2, "expected one of busy"),
        ([f"{HEADER},private", f"{ROW},secret"], 2, "expected yes or no"),
        ([f"{HEADER},reminder_minutes", f"{ROW},soon"], 2, "a whole number of minutes"),
        ([HEADER, '"B-1,Grading'], 2, "not CSV"),
    ],
)
def test_a_damaged_file_says_where_and_what(tmp_path: Path, lines: list[str], line: int, said: str) -> None:
    with pytest.raises(DamagedFile) as caught:
        read(tmp_path, *lines)
    assert said in str(caught.value)
    assert caught.value.line == line
    assert str(caught.value).startswith(str(tmp_path / "rota.csv"))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("columns = ", "not TOML"),
        ('[columns]\nstrat = "From"\n', "columns.strat: not a key"),
        ('timezone = "Denmark"\n', "timezone: an IANA"),
        ('[status]\nmaybe = "perhaps"\n', "status.maybe: Input should be"),
        ('[columns]\nnotes = "Remarks"\n', "no column Remarks"),
        ('[file]\nencoding = "klingon"\n', "a name like utf-8 or cp1252"),
    ],
)
def test_a_bad_mapping_says_which_key(tmp_path: Path, mapping: str, said: str) -> None:
    with pytest.raises(DamagedFile) as caught:
        read(tmp_path, HEADER, ROW, mapping=mapping)
    assert said in str(caught.value)


def test_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "rota.csv").write_bytes(f"{HEADER}\n{ROW}\nÆ".encode("cp1252"))
    with pytest.raises(DamagedFile, match=r"rota\.csv:3: not utf-8-sig text.*under \[file\]"):
        read_csv(tmp_path / "rota.csv")
