"""Every way in which a message can be wrong, with the exact words that a person will read."""

import pytest

from contract.codec import decode
from contract.event import EventType
from contract.reasons import EventError, Reason
from tests.contract.samples import ONE_OF, golden, golden_bytes, with_value, without

CHANGED, CANCELLED, SNAPSHOT = EventType.CHANGED, EventType.CANCELLED, EventType.SNAPSHOT
INSTANT = "a time with its offset, like 2026-12-01T08:00:00+01:00"
DATE = "a date, like 2026-12-01"
LATER_DATE = "a date after start (the end of an all-day booking is exclusive)"
ADDRESS = "the mailbox's SMTP address, like anna@example.com"


def refused(body: bytes) -> EventError:
    with pytest.raises(EventError) as caught:
        decode(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[1, 2]", "message: found a list of 2, expected a JSON object"),
        (b"null", "message: found null, expected a JSON object"),
        (b"true", "message: found true, expected a JSON object"),
        (b'"hello"', "message: found 'hello', expected a JSON object"),
        (b"17", "message: found 17, expected a JSON object"),
    ],
)
def test_json_that_is_no_object(body: bytes, text: str) -> None:
    error = refused(body)
    assert (error.reason, str(error)) == (Reason.BROKEN_JSON, text)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a": "\\ud800"}', b'{"a": NaN}', b"[" * 5000, b'{"a":' * 5000, b"\x00"],
    ids=["empty", "unfinished", "not UTF-8", "half a surrogate pair", "NaN", "deep list", "deep object", "zero"],
)
def test_what_is_not_json(body: bytes) -> None:
    error = refused(body)
    assert error.reason is Reason.BROKEN_JSON
    assert str(error).startswith(f"message: found {len(body)} bytes that are not JSON (")
    assert str(error).endswith(", expected a JSON object in UTF-8")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("event_type", "path", "expected"),
    [
        (CHANGED, "specversion", '"1.0"'),
        (CHANGED, "type", ONE_OF),
        *(
            (event_type, path, "a value: this field is required")
            for event_type, paths in (
                (CHANGED, "id source subject time data"),
                (CHANGED, "data.booking data.revision data.title data.start data.end"),
                (CANCELLED, "data.booking data.revision"),
                (SNAPSHOT, "data.from data.to data.as_of data.bookings data.bookings.0.title"),
            )
            for path in paths.split()
        ),
    ],
)
def test_a_field_is_missing(event_type: EventType, path: str, expected: str) -> None:
    error = refused(without(event_type, path))
    assert error.reason is Reason.MISSING_FIELD
    assert str(error) == f"{path}: found nothing, expected {expected}"


@pytest.mark.parametrize(
    ("written", "reason", "found"),
    [
        ("schedule.booking.changed.v2", Reason.UNKNOWN_VERSION, "'schedule.booking.changed.v2'"),
        ("schedule.mailbox.snapshot.v10", Reason.UNKNOWN_VERSION, "'schedule.mailbox.snapshot.v10'"),
        ("schedule.booking.moved.v1", Reason.UNKNOWN_TYPE, "'schedule.booking.moved.v1'"),
        ("Schedule.Booking.Changed.v1", Reason.UNKNOWN_TYPE, "'Schedule.Booking.Changed.v1'"),
        ("", Reason.UNKNOWN_TYPE, "''"),
        (3, Reason.UNKNOWN_TYPE, "3"),
        (None, Reason.UNKNOWN_TYPE, "null"),
        ({}, Reason.UNKNOWN_TYPE, "an object"),
    ],
)
def test_unknown_types_and_versions(written: object, reason: Reason, found: str) -> None:
    error = refused(with_value(CHANGED, "type", written))
    assert (error.reason, str(error)) == (reason, f"type: found {found}, expected {ONE_OF}")


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("specversion", "0.3", "found '0.3', expected \"1.0\""),
        ("specversion", 1.0, 'found 1.0, expected "1.0"'),
        ("id", "", "found '', expected 1 to 200 printable ASCII characters"),
        ("id", "two words", "found 'two words', expected 1 to 200 printable ASCII characters"),
        ("id", 5, "found 5, expected 1 to 200 printable ASCII characters"),
        ("source", "a b", "found 'a b', expected a URI reference without spaces"),
        ("source", "a\nb", "found 'a\\nb', expected a URI reference without spaces"),
        ("source", None, "found null, expected a URI reference without spaces"),
        ("time", "yesterday", f"found 'yesterday', expected {INSTANT}"),
        ("time", "2026-11-22T15:00:00", f"found '2026-11-22T15:00:00', expected {INSTANT}"),
        ("time", 1763823600, f"found 1763823600, expected {INSTANT}"),
        ("data", None, "found null, expected an object"),
        ("data", [], "found a list of 0, expected an object"),
        ("data.booking", "", "found '', expected at least 1 character"),
        ("data.booking", 1001, "found 1001, expected a text"),
        ("data.revision", -1, "found -1, expected greater than or equal to 0"),
        ("data.revision", 2**53, "found 9007199254740992, expected less than or equal to 9007199254740991"),
        ("data.revision", "17", "found '17', expected a whole number"),
        ("data.revision", 1.5, "found 1.5, expected a whole number"),
        ("data.revision", True, "found true, expected a whole number"),
        ("data.revision", 2**70, "found 1.1805916207174113e+21, expected a whole number"),
        ("data.title", None, "found null, expected a text"),
        ("data.start", None, f"found null, expected {INSTANT}, or for an all-day booking {DATE}"),
        (
            "data.start",
            "2026-02-30T08:00:00Z",
            f"found '2026-02-30T08:00:00Z', expected {INSTANT}, or for an all-day booking {DATE}",
        ),
        (
            "data.end",
            "2026-12-01T17:00:00",
            f"found '2026-12-01T17:00:00', expected {INSTANT}, or for an all-day booking {DATE}",
        ),
        ("data.start", "2026-12-01", f"found 2026-12-01, expected {INSTANT}, because all_day is false"),
        (
            "data.timezone",
            "Europe/Kopenhagen",
            "found 'Europe/Kopenhagen', expected an IANA time zone name, like Europe/Copenhagen",
        ),
        ("data.timezone", "localtime", "found 'localtime', expected an IANA time zone name, like Europe/Copenhagen"),
        ("data.timezone", 1, "found 1, expected an IANA time zone name, like Europe/Copenhagen"),
        ("data.all_day", "yes", "found 'yes', expected true or false"),
        ("data.all_day", 1, "found 1, expected true or false"),
        ("data.status", "maybe", "found 'maybe', expected 'confirmed' or 'tentative'"),
        (
            "data.show_as",
            "away",
            "found 'away', expected 'busy', 'free', 'tentative', 'oof' or 'working_elsewhere'",
        ),
        ("data.location", 4, "found 4, expected a text"),
        ("data.notes", ["a"], "found a list of 1, expected a text"),
        ("data.categories", "Grading", "found 'Grading', expected a list"),
        ("data.private", "no", "found 'no', expected true or false"),
        ("data.reminder_minutes", -1, "found -1, expected greater than or equal to 0"),
        ("data.reminder_minutes", 40321, "found 40321, expected less than or equal to 40320"),
        ("data.reminder_minutes", "15", "found '15', expected a whole number"),
        ("data.url", "ftp://files", "found 'ftp://files', expected an http or https address"),
        ("data.url", "javascript:alert(1)", "found 'javascript:alert(1)', expected an http or https address"),
        ("data.url", "https://a b", "found 'https://a b', expected an http or https address"),
    ],
)
def test_a_field_is_wrong(path: str, value: object, text: str) -> None:
    error = refused(with_value(CHANGED, path, value))
    assert (error.reason, str(error)) == (Reason.WRONG_FIELD, f"{path}: {text}")
    assert error.field == path


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("data.categories.0", "", "data.categories.0: found '', expected at least 1 character"),
        ("data.categories.0", 5, "data.categories.0: found 5, expected a text"),
    ],
)
def test_an_entry_of_a_list_is_wrong(path: str, value: object, text: str) -> None:
    error = refused(with_value(CHANGED, path, value))
    assert (error.reason, str(error)) == (Reason.WRONG_FIELD, text)


def test_an_all_day_booking_with_times() -> None:
    error = refused(with_value(CHANGED, "data.all_day", True))
    assert error.reason is Reason.WRONG_FIELD
    assert str(error) == f"data.start: found 2026-12-01T08:00:00+01:00, expected {DATE}, because all_day is true"


@pytest.mark.parametrize(
    "subject",
    [
        "anna",
        "anna@",
        "@example.com",
        "anna@example.com\n",
        "anna@ex ample.com",
        "Anna <anna@example.com>",
        "anna@example.com>",
        "a@b@c.com",
        ".anna@example.com",
        "anna@-example.com",
        "anna@example..com",
        "änna@example.com",
        "",
        "x" * 250 + "@example.com",
    ],
)
def test_subjects_that_are_no_address(subject: str) -> None:
    error = refused(with_value(CHANGED, "subject", subject))
    assert error.reason is Reason.BAD_MAILBOX
    assert error.field == "subject"
    assert error.expected == ADDRESS
    assert len(str(error)) < 200, "no more than an excerpt of the value"


@pytest.mark.parametrize("subject", [None, 5, ["anna@example.com"]])
def test_subjects_that_are_no_text(subject: object) -> None:
    assert refused(with_value(CHANGED, "subject", subject)).reason is Reason.BAD_MAILBOX


def test_the_words_for_a_bad_mailbox() -> None:
    assert str(refused(with_value(CHANGED, "subject", "anna"))) == f"subject: found 'anna', expected {ADDRESS}"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"end": "2026-12-01T07:59:59+01:00"},
            "data.end: found 2026-12-01T07:59:59+01:00, expected a time not before start",
        ),
        (
            # Later on the clock, earlier as an instant.
            {"start": "2026-12-01T08:00:00-05:00", "end": "2026-12-01T09:00:00+01:00"},
            "data.end: found 2026-12-01T09:00:00+01:00, expected a time not before start",
        ),
        (
            {"all_day": True, "start": "2026-12-01", "end": "2026-12-01"},
            f"data.end: found 2026-12-01, expected {LATER_DATE}",
        ),
    ],
)
def test_the_end_is_before_the_start(changes: dict[str, object], text: str) -> None:
    error = refused(changed(changes))
    assert (error.reason, str(error)) == (Reason.END_BEFORE_START, text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"start": "1969-12-31T23:59:59Z"},
            "data.start: found 1969-12-31T23:59:59Z, expected a date from 1970-01-01 to 2199-12-31",
        ),
        (
            {"end": "2200-01-01T00:00:00Z"},
            "data.end: found 2200-01-01T00:00:00Z, expected a date from 1970-01-01 to 2199-12-31",
        ),
        (
            {"all_day": True, "start": "0001-01-01", "end": "0001-01-02"},
            "data.start: found 0001-01-01, expected a date from 1970-01-01 to 2199-12-31",
        ),
        (
            {"all_day": True, "start": "2026-01-01", "end": "2031-01-01"},
            "data.end: found 2031-01-01, expected at most five years after start, Exchange's limit",
        ),
        (
            {"start": "2026-01-01T00:00:00Z", "end": "2030-12-31T00:00:01Z"},
            "data.end: found 2030-12-31T00:00:01Z, expected at most five years after start, Exchange's limit",
        ),
    ],
)
def test_absurd_dates(changes: dict[str, object], text: str) -> None:
    error = refused(changed(changes))
    assert (error.reason, str(error)) == (Reason.ABSURD_DATE, text)


def test_five_years_less_a_leap_day_are_not_absurd() -> None:
    decode(changed({"start": "2026-01-01T00:00:00Z", "end": "2030-12-31T00:00:00Z"}))


def test_a_booking_without_length_is_allowed() -> None:
    decode(changed({"end": "2026-12-01T08:00:00+01:00"}))


@pytest.mark.parametrize(
    ("path", "value", "reason", "text"),
    [
        (
            "data.to",
            "2026-11-30T23:00:00Z",
            Reason.END_BEFORE_START,
            "data.to: found 2026-11-30T23:00:00Z, expected a time after from",
        ),
        (
            "data.as_of",
            19,
            Reason.WRONG_FIELD,
            "data.bookings.0.revision: found 20, expected at most as_of, 19",
        ),
        ("data.bookings", {}, Reason.WRONG_FIELD, "data.bookings: found an object, expected a list"),
        (
            "data.bookings.0.end",
            "2026-12-02",
            Reason.END_BEFORE_START,
            f"data.bookings.0.end: found 2026-12-02, expected {LATER_DATE}",
        ),
        ("data.bookings.0.notes", 1, Reason.WRONG_FIELD, "data.bookings.0.notes: found 1, expected a text"),
    ],
)
def test_snapshots_that_contradict_themselves(path: str, value: object, reason: Reason, text: str) -> None:
    error = refused(with_value(SNAPSHOT, path, value))
    assert (error.reason, str(error)) == (reason, text)


def test_a_snapshot_with_a_booking_twice() -> None:
    bookings = golden(SNAPSHOT)["data"]["bookings"] * 2
    error = refused(with_value(SNAPSHOT, "data.bookings", bookings))
    assert error.reason is Reason.WRONG_FIELD
    assert str(error) == "data.bookings.1.booking: found 'B-1002', expected each booking once"


@pytest.mark.parametrize("event_type", list(EventType))
def test_the_golden_events_are_right(event_type: EventType) -> None:
    """Else all of the above could fail for another reason than the one it names."""
    assert decode(golden_bytes(event_type)).type == event_type


def changed(values: dict[str, object]) -> bytes:
    """The golden change with some fields of its data set."""
    return with_value(CHANGED, "data", {**golden(CHANGED)["data"], **values})
