"""FindItem: restrictions, order, pages, several folders, calendar views."""

import pytest

from tests.emulator.ews.soap import (
    CALENDAR,
    PROPERTY_SET,
    Server,
    booking,
    distinguished,
    extended,
    field_uri,
    prop,
)

SUBJECT = field_uri("item:Subject")


def constant(value: str) -> str:
    return f'<t:FieldURIOrConstant><t:Constant Value="{value}"/></t:FieldURIOrConstant>'


def compare(name: str, path: str, value: str) -> str:
    return f"<t:{name}>{path}{constant(value)}</t:{name}>"


def contains(path: str, value: str, mode: str = "Substring", how: str = "Exact") -> str:
    return (
        f'<t:Contains ContainmentMode="{mode}" ContainmentComparison="{how}">{path}<t:Constant Value="{value}"/>'
        "</t:Contains>"
    )


START, END = field_uri("calendar:Start"), field_uri("calendar:End")
CATEGORIES, SENSITIVITY = field_uri("item:Categories"), field_uri("item:Sensitivity")
REVISION, NUMBER, TAGS = prop("Rev"), prop("N", "Integer"), prop("Tags", "StringArray")
FLAGS = prop("Flags", "Integer")


@pytest.fixture
def stocked(server: Server) -> Server:
    """Four bookings: 1 to 4 December, each from 8 to 9 UTC."""
    private = "<t:Sensitivity>Private</t:Sensitivity>"
    categories = "<t:Categories><t:String>Grading</t:String><t:String>Night</t:String></t:Categories>"
    server.create(
        booking("Ålborg grading", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z",
                before=categories + extended(REVISION, "a") + extended(NUMBER, "1")
                + extended(TAGS, "x", "y", many=True)),
        booking("beta mix", "2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z",
                before=private + extended(REVISION, "b") + extended(NUMBER, "10") + extended(FLAGS, "6")),
        booking("Gamma", "2026-12-03T08:00:00Z", "2026-12-03T09:00:00Z",
                before=extended(NUMBER, "2") + extended(FLAGS, "1"), after="<t:Location>Gamma</t:Location>"),
        booking("delta", "2026-12-04T08:00:00Z", "2026-12-04T09:00:00Z",
                before="<t:Categories><t:String>Day</t:String></t:Categories>"),
    )  # fmt: skip
    return server


@pytest.mark.parametrize(
    ("restriction", "found"),
    [
        (compare("IsEqualTo", SUBJECT, "delta"), "d"),
        (compare("IsNotEqualTo", SUBJECT, "delta"), "abG"),
        (compare("IsLessThan", START, "2026-12-02T08:00:00Z"), "a"),
        (compare("IsLessThanOrEqualTo", START, "2026-12-02T09:00:00+01:00"), "ab"),
        (compare("IsGreaterThan", END, "2026-12-03T09:00:00Z"), "d"),
        (compare("IsGreaterThanOrEqualTo", END, "2026-12-03T09:00:00Z"), "Gd"),
        (compare("IsEqualTo", REVISION, "b"), "b"),
        (compare("IsNotEqualTo", REVISION, "b"), "aGd"),
        (compare("IsGreaterThan", REVISION, "a"), "b"),
        (compare("IsGreaterThan", NUMBER, "1"), "bG"),
        (compare("IsLessThan", NUMBER, "10"), "aG"),
        (f"<t:Exists>{NUMBER}</t:Exists>", "abG"),
        (f"<t:Not><t:Exists>{NUMBER}</t:Exists></t:Not>", "d"),
        (compare("IsEqualTo", CATEGORIES, "Night"), "a"),
        (compare("IsNotEqualTo", CATEGORIES, "Night"), "bGd"),
        (contains(CATEGORIES, "ay"), "d"),
        (compare("IsEqualTo", TAGS, "y"), "a"),
        (contains(TAGS, "x", "FullString"), "a"),
        (compare("IsEqualTo", SENSITIVITY, "Private"), "b"),
        (compare("IsGreaterThanOrEqualTo", SENSITIVITY, "Normal"), "abGd"),
        (compare("IsEqualTo", field_uri("calendar:IsAllDayEvent"), "0"), "abGd"),
        (compare("IsEqualTo", field_uri("calendar:CalendarItemType"), "Single"), "abGd"),
        (contains(SUBJECT, "am"), "G"),
        (contains(SUBJECT, "g", "Prefixed"), ""),
        (contains(SUBJECT, "g", "Prefixed", "IgnoreCase"), "G"),
        (contains(SUBJECT, "Alborg grading", "FullString", "IgnoreNonSpacingCharacters"), "a"),
        (contains(SUBJECT, "ALBORG", "Prefixed", "IgnoreCaseAndNonSpacingCharacters"), "a"),
        (contains(SUBJECT, "gra", "PrefixOnWords"), "a"),
        (contains(SUBJECT, "rad", "PrefixOnWords"), ""),
        (contains(SUBJECT, "mix", "ExactPhrase"), "b"),
        (contains(SUBJECT, "mi", "ExactPhrase"), ""),
        (contains(REVISION, "B", "FullString", "Loose"), "b"),
        (f'<t:Excludes>{FLAGS}<t:Bitmask Value="0x1"/></t:Excludes>', "b"),
        (f'<t:Excludes>{FLAGS}<t:Bitmask Value="2"/></t:Excludes>', "G"),
        (f"<t:IsEqualTo>{SUBJECT}<t:FieldURIOrConstant>{field_uri('calendar:Location')}</t:FieldURIOrConstant></t:IsEqualTo>",
         "G"),
        (f"<t:And>{compare('IsGreaterThan', END, '2026-12-01T09:00:00Z')}<t:Exists>{NUMBER}</t:Exists></t:And>", "bG"),
        (f"<t:Or>{contains(SUBJECT, 'delta')}{contains(SUBJECT, 'mix')}</t:Or>", "bd"),
    ],
)  # fmt: skip
def test_restrictions(stocked: Server, restriction: str, found: str) -> None:
    answer = stocked.find(restriction, extra=SUBJECT)
    assert answer.codes == ("NoError",)
    assert "".join(subject[0] for subject in answer.texts("t:Subject")).replace("Å", "a") == found


@pytest.mark.parametrize(
    ("restriction", "code"),
    [
        (compare("IsEqualTo", field_uri("calendar:UID"), "x"), "ErrorUnsupportedPathForQuery"),
        (f"<t:Exists>{field_uri('calendar:StartTimeZone')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (f"<t:Exists>{field_uri('calendar:Recurrence')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (f"<t:Exists>{field_uri('message:ToRecipients')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (f"<t:Exists>{field_uri('item:MimeContent')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (f"<t:Exists>{field_uri('item:Culture')}</t:Exists>", "ErrorUnsupportedPathForQuery"),
        (compare("IsEqualTo", START, "now"), "ErrorInvalidValueForProperty"),
        (compare("IsEqualTo", SENSITIVITY, "Secret"), "ErrorInvalidValueForProperty"),
        (contains(START, "2026"), "ErrorContainsFilterWrongType"),
        (f'<t:Excludes>{SUBJECT}<t:Bitmask Value="1"/></t:Excludes>', "ErrorInvalidExcludesRestriction"),
        (f"<t:Or>{contains(SUBJECT, 'x') * 255}</t:Or>", "ErrorRestrictionTooComplex"),
    ],
)
def test_refused_restrictions(stocked: Server, restriction: str, code: str) -> None:
    assert stocked.find(restriction).codes == (code,)


@pytest.mark.parametrize(
    "restriction", ["<t:Near/>", f"<t:IsEqualTo>{SUBJECT}</t:IsEqualTo>", contains(SUBJECT, "x", "?")]
)
def test_restrictions_that_break_the_schema(stocked: Server, restriction: str) -> None:
    assert stocked.find(restriction).codes == ("ErrorSchemaValidation",)


def order(path: str, direction: str = "Ascending") -> str:
    return f'<t:FieldOrder Order="{direction}">{path}</t:FieldOrder>'


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        (order(SUBJECT), "bdGÅ"),
        (order(START, "Descending"), "dGbÅ"),
        (order(NUMBER), "dÅGb"),  # nulls first; numbers as numbers
        (order(NUMBER, "Descending"), "bGÅd"),
        (order(SENSITIVITY) + order(START, "Descending"), "dGÅb"),
    ],
)
def test_order(stocked: Server, sort: str, found: str) -> None:
    assert "".join(one[0] for one in stocked.find(extra=SUBJECT, sort=sort).texts("t:Subject")) == found


def test_order_by_what_cannot_be_sorted(stocked: Server) -> None:
    assert stocked.find(sort=order(field_uri("calendar:UID"))).codes == ("ErrorUnsupportedPathForSortGroup",)


def page(offset: int, size: int = 100_000, base: str = "Beginning") -> str:
    return f'<m:IndexedPageItemView MaxEntriesReturned="{size}" Offset="{offset}" BasePoint="{base}"/>'


def test_pages_of_a_restricted_find_hold_250_at_most(server: Server) -> None:
    server.create(*(booking(str(n), before=extended(REVISION, "1")) for n in range(601)))
    offset, seen, sizes = 0, [], []
    while True:
        answer = server.find(f"<t:Exists>{REVISION}</t:Exists>", extra=SUBJECT, view=page(offset))
        root = answer.one("m:RootFolder")
        seen += answer.texts("t:Subject")
        sizes.append(len(answer.ids()))
        assert root.get("TotalItemsInView") == "601"
        offset = int(root.attrib["IndexedPagingOffset"])
        if root.get("IncludesLastItemInRange") == "true":
            break
    assert sizes == [250, 250, 101]
    assert seen == [str(n) for n in range(601)]
    assert len(server.find(view=page(0)).ids()) == 601


def test_pages_from_either_end_and_by_fractions(stocked: Server) -> None:
    def subjects(view: str) -> tuple[str, str | None, str | None]:
        answer = stocked.find(extra=SUBJECT, view=view)
        root = answer.one("m:RootFolder")
        return (
            "".join(one[0] for one in answer.texts("t:Subject")),
            root.get("IndexedPagingOffset") or root.get("NumeratorOffset"),
            root.get("IncludesLastItemInRange"),
        )

    assert subjects(page(1, 2)) == ("bG", "3", "false")
    assert subjects(page(3, 2)) == ("d", "4", "true")
    assert subjects(page(9, 2)) == ("", "4", "true")
    assert subjects(page(0, 3, "End")) == ("bGd", "3", "false")
    assert subjects(page(3, 3, "End")) == ("Å", "4", "true")
    fraction = '<m:FractionalPageItemView MaxEntriesReturned="2" Numerator="1" Denominator="2"/>'
    assert subjects(fraction) == ("Gd", "4", "true")


@pytest.mark.parametrize(
    ("view", "code"),
    [
        (page(0, 0), "ErrorInvalidPagingMaxRows"),
        (page(-1), "ErrorInvalidIndexedPagingParameters"),
        ('<m:FractionalPageItemView Numerator="3" Denominator="2"/>', "ErrorInvalidFractionalPagingParameters"),
        ('<m:FractionalPageItemView Numerator="0" Denominator="0"/>', "ErrorInvalidFractionalPagingParameters"),
    ],
)
def test_impossible_pages(stocked: Server, view: str, code: str) -> None:
    assert stocked.find(view=view).codes == (code,)


def test_several_folders_have_one_message_each_in_order(stocked: Server) -> None:
    stocked.create("<t:Message><t:Subject>m</t:Subject></t:Message>", folder="")
    answer = stocked.find(
        folders=distinguished("drafts") + distinguished("nowhere") + CALENDAR + distinguished("deleteditems")
    )
    assert answer.codes == ("NoError", "ErrorFolderNotFound", "NoError", "NoError")
    counts = [len(message.findall(".//{*}ItemId")) for message in answer.all("m:FindItemResponseMessage")]
    assert counts == [1, 0, 4, 0]
    assert len(answer.all("m:RootFolder")) == 3


def test_what_comes_back_from_a_find(server: Server) -> None:
    """Bodies and attendees do not; time zones do; text is cut at 255 characters."""
    server.create(
        booking(
            before=f'<t:Body BodyType="Text">notes</t:Body>{extended(REVISION, "v" * 400)}',
            after='<t:StartTimeZone Id="Tokyo Standard Time"/>',
        )
    )
    answer = server.find(base="AllProperties", extra=REVISION + field_uri("calendar:StartTimeZone"))
    assert not answer.all("t:Body")
    assert answer.one("t:StartTimeZone").get("Id") == "Tokyo Standard Time"
    assert answer.text("t:Value") == "v" * 255
    assert server.get(*answer.ids(), extra=REVISION).text("t:Value") == "v" * 400


def test_properties_nobody_knows(server: Server) -> None:
    server.create(booking())
    assert server.find(extra=field_uri("calendar:Mood")).codes == ("ErrorInvalidPropertyRequest",)
    assert server.find(extra='<t:FieldURI FieldURI="Subject"/>').codes == ("ErrorSchemaValidation",)
    bad_set = prop("x").replace(PROPERTY_SET, "not-a-guid")
    assert server.find(extra=bad_set).codes == ("ErrorSchemaValidation",)


def view(start: str, end: str, extra: str = "") -> str:
    return f'<m:CalendarView StartDate="{start}" EndDate="{end}"{extra}/>'


def test_calendar_view_takes_what_touches_the_range(stocked: Server) -> None:
    """MS-OXWSMTGS_R254: a span of time. Ends at or after its start, starts before its end, in order of start."""
    server = stocked
    server.create(booking("early", "2026-12-02T05:00:00Z", "2026-12-02T06:00:00Z"))

    def seen(start: str, end: str, extra: str = "") -> str:
        answer = server.find(extra=SUBJECT, view=view(f"2026-12-{start}:00Z", f"2026-12-{end}:00Z", extra))
        return "".join(one[0] for one in answer.texts("t:Subject"))

    assert seen("02T00:00", "04T00:00") == "ebG"
    assert seen("02T09:00", "03T08:00") == "b"
    assert seen("02T09:01", "03T08:00") == ""
    assert seen("01T00:00", "09T00:00", ' MaxEntriesReturned="2"') == "Åe"
    for most, last in ((4, "false"), (5, "true")):
        span = view("2026-12-01T00:00:00Z", "2026-12-09T00:00:00Z", f' MaxEntriesReturned="{most}"')
        root = server.find(view=span).one("m:RootFolder")
        assert (root.get("TotalItemsInView"), root.get("IncludesLastItemInRange")) == ("5", last)


@pytest.mark.parametrize(
    ("span", "folder", "code"),
    [
        (view("2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z"), CALENDAR, "ErrorCalendarViewRangeTooBig"),
        (view("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z"), CALENDAR, "ErrorCalendarEndDateIsEarlierThanStartDate"),
        (view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"), distinguished("inbox"),
         "ErrorCalendarFolderIsInvalidForCalendarView"),
        (view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", ' MaxEntriesReturned="0"'), CALENDAR,
         "ErrorInvalidPagingMaxRows"),
        (view("soon", "2026-02-01T00:00:00Z"), CALENDAR, "ErrorSchemaValidation"),
    ],
)  # fmt: skip
def test_refused_calendar_views(server: Server, span: str, folder: str, code: str) -> None:
    assert server.find(view=span, folders=folder).codes == (code,)


def test_a_calendar_view_takes_no_restriction(server: Server) -> None:
    span = view("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    assert server.find(f"<t:Exists>{REVISION}</t:Exists>", view=span).codes == ("ErrorInvalidOperation",)
