"""The pure difference: whatever was published before, applying it gives the schedule mapped by the directory."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.sync.difference import Change, Difference, Entry, Place, difference
from producers.sync.directory import Directory
from producers.sync.schedule import Booking, Content, ObjectKind, ScheduledObject

ANNA = ScheduledObject(ObjectKind.PERSON, "1")
BO = ScheduledObject(ObjectKind.PERSON, "2")
SUITE = ScheduledObject(ObjectKind.ROOM, "Suite 4")
OBJECTS = [ANNA, BO, SUITE, ScheduledObject(ObjectKind.ROOM, "1")]
MAILBOXES = ["anna@example.com", "bo@example.com", "shared@example.com"]

State = dict[Place, Entry]


def bookings(*given: Booking) -> dict[str, Booking]:
    return {booking.id: booking for booking in given}


def booking(booking_id: str, content: str, *objects: ScheduledObject) -> Booking:
    return Booking(booking_id, Content(content), frozenset(objects))


def applied(state: State, found: Difference, revision: int = 1) -> State:
    """The state after everything was published."""
    result = dict(state)
    for change in found.publish:
        result[change.place] = Entry(revision, change.content, change.holders)
    for change in found.record:
        result[change.place] = Entry(state[change.place].revision, change.content, change.holders)
    return result


def events(found: Difference) -> set[tuple[str, str, str | None]]:
    return {(change.place.mailbox, change.place.booking, change.content) for change in found.publish}


DIRECTORY = {ANNA: "anna@example.com", BO: "bo@example.com", SUITE: "suite-4@example.com"}


def test_a_new_booking_goes_to_each_person_and_room() -> None:
    found = difference({}, bookings(booking("B", "x", ANNA, SUITE)), DIRECTORY)
    assert events(found) == {("anna@example.com", "B", "x"), ("suite-4@example.com", "B", "x")}
    assert not found.unmapped


def test_nothing_changed_publishes_nothing() -> None:
    schedule = bookings(booking("B", "x", ANNA, SUITE))
    state = applied({}, difference({}, schedule, DIRECTORY))
    assert difference(state, schedule, DIRECTORY) == Difference((), (), frozenset())


def test_a_reassigned_booking_is_cancelled_for_one_and_made_for_the_other() -> None:
    state = applied({}, difference({}, bookings(booking("B", "x", ANNA)), DIRECTORY))
    found = difference(state, bookings(booking("B", "x", BO)), DIRECTORY)
    assert events(found) == {("anna@example.com", "B", None), ("bo@example.com", "B", "x")}


def test_a_removed_booking_is_cancelled_once() -> None:
    state = applied({}, difference({}, bookings(booking("B", "x", ANNA)), DIRECTORY))
    found = difference(state, {}, DIRECTORY)
    assert events(found) == {("anna@example.com", "B", None)}
    state = applied(state, found, 2)
    assert state[Place("anna@example.com", "B")] == Entry(2, None, frozenset())
    assert difference(state, {}, DIRECTORY).publish == ()


def test_a_shared_mailbox_keeps_the_booking_while_one_of_two_still_has_it() -> None:
    shared = {ANNA: "team@example.com", BO: "team@example.com"}
    state = applied({}, difference({}, bookings(booking("B", "x", ANNA, BO)), shared))
    assert list(state) == [Place("team@example.com", "B")]
    one_left = difference(state, bookings(booking("B", "x", BO)), shared)
    assert one_left.publish == ()
    assert one_left.record == (Change(Place("team@example.com", "B"), Content("x"), frozenset([BO])),)
    state = applied(state, one_left)
    assert events(difference(state, {}, shared)) == {("team@example.com", "B", None)}


def test_a_changed_mapping_cancels_at_the_old_mailbox_and_publishes_at_the_new_one() -> None:
    schedule = bookings(booking("B", "x", ANNA))
    state = applied({}, difference({}, schedule, DIRECTORY))
    found = difference(state, schedule, {**DIRECTORY, ANNA: "new@example.com"})
    assert events(found) == {("anna@example.com", "B", None), ("new@example.com", "B", "x")}


def test_who_drops_out_of_the_directory_is_named_and_left_as_they_are() -> None:
    state = applied({}, difference({}, bookings(booking("B", "x", ANNA)), DIRECTORY))
    without_anna = {BO: "bo@example.com"}
    for schedule in (bookings(booking("B", "y", ANNA)), {}, bookings(booking("B", "x", BO))):
        found = difference(state, schedule, without_anna)
        assert all(change.place.mailbox != "anna@example.com" for change in found.publish)
        assert found.unmapped == {ANNA}
    assert events(difference(state, {}, DIRECTORY)) == {("anna@example.com", "B", None)}


def test_who_goes_by_an_address_loses_the_last_booking_though_the_source_names_the_address_no_more() -> None:
    cleo = ScheduledObject(ObjectKind.PERSON, "Cleo@example.com")
    state = applied({}, difference({}, bookings(booking("B", "x", cleo)), {cleo: "cleo@example.com"}))
    found = difference(state, bookings(booking("B", "x", ANNA)), DIRECTORY)
    assert events(found) == {("cleo@example.com", "B", None), ("anna@example.com", "B", "x")}
    assert not found.unmapped


def test_a_shared_mailbox_follows_the_holder_who_is_still_mapped() -> None:
    shared = {ANNA: "team@example.com", BO: "team@example.com"}
    state = applied({}, difference({}, bookings(booking("B", "x", ANNA, BO)), shared))
    only_bo = {BO: "team@example.com"}
    renamed = difference(state, bookings(booking("B", "y", ANNA, BO)), only_bo)
    assert events(renamed) == {("team@example.com", "B", "y")}
    state = applied(state, renamed)
    # Bo loses it, of Anna nobody can tell: it stays.
    state = applied(state, difference(state, {}, only_bo))
    assert state[Place("team@example.com", "B")].content == "y"
    assert events(difference(state, {}, shared)) == {("team@example.com", "B", None)}


SCHEDULES = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    st.tuples(st.sampled_from(["x", "y"]), st.frozensets(st.sampled_from(OBJECTS))),
    max_size=3,
).map(lambda given: {key: Booking(key, Content(content), objects) for key, (content, objects) in given.items()})
FULL_DIRECTORIES = st.fixed_dictionaries({item: st.sampled_from(MAILBOXES) for item in OBJECTS})
DIRECTORIES = st.dictionaries(st.sampled_from(OBJECTS), st.sampled_from(MAILBOXES))


def apply(calendars: dict[Place, str], change: Change) -> None:
    """What the change does to the model of the calendars."""
    if change.content is None:
        calendars.pop(change.place, None)
    else:
        calendars[change.place] = change.content


def mapped(schedule: Mapping[str, Booking], directory: Directory) -> dict[Place, str]:
    return {
        Place(directory[item], booking.id): booking.content
        for booking in schedule.values()
        for item in booking.objects
        if item in directory
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(SCHEDULES, FULL_DIRECTORIES), min_size=1, max_size=6))
def test_the_events_always_lead_to_the_schedule_mapped_by_the_directory(
    versions: list[tuple[dict[str, Booking], dict[ScheduledObject, str]]],
) -> None:
    state: State = {}
    calendars: dict[Place, str] = {}
    for revision, (schedule, directory) in enumerate(versions):
        found = difference(state, schedule, directory)
        for change in found.publish:
            assert calendars.get(change.place) != change.content, "an event that changes nothing"
            apply(calendars, change)
        state = applied(state, found, revision)
        assert calendars == mapped(schedule, directory)
        assert not found.unmapped
        assert difference(state, schedule, directory) == Difference((), (), frozenset())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_runs_that_break_off_leave_nothing_behind(data: st.DataObject) -> None:
    """A run may break off after any part of its events reached the broker; the next complete run puts all right."""
    state: State = {}
    calendars: dict[Place, str] = {}
    schedule: dict[str, Booking] = {}
    directory: dict[ScheduledObject, str] = {}
    for revision in range(data.draw(st.integers(1, 5))):
        schedule, directory = data.draw(SCHEDULES), data.draw(FULL_DIRECTORIES)
        found = difference(state, schedule, directory)
        arrived = data.draw(st.sets(st.sampled_from(found.publish))) if found.publish else set()
        for change in arrived:
            apply(calendars, change)
        for change in found.publish:
            state[change.place] = Entry(revision, change.content, change.holders, confirmed=False)
    found = difference(state, schedule, directory)
    for change in found.publish:
        apply(calendars, change)
    assert calendars == mapped(schedule, directory)
    assert difference(applied(state, found), schedule, directory) == Difference((), (), frozenset())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(SCHEDULES, DIRECTORIES), min_size=1, max_size=6))
def test_with_gaps_in_the_directory_nobody_loses_or_gets_anything_by_the_gap(
    versions: list[tuple[dict[str, Booking], dict[ScheduledObject, str]]],
) -> None:
    """The model follows each object alone: where it has each booking. Objects that are not mapped stand still."""
    state: State = {}
    calendars: dict[Place, str] = {}
    has: dict[tuple[ScheduledObject, str], str] = {}
    for revision, (schedule, directory) in enumerate(versions):
        found = difference(state, schedule, directory)
        state = applied(state, found, revision)
        for change in found.publish:
            apply(calendars, change)
        has = {(item, key): mailbox for (item, key), mailbox in has.items() if item not in directory}
        for booking_ in schedule.values():
            has |= {(item, booking_.id): directory[item] for item in booking_.objects if item in directory}
        assert calendars.keys() == {Place(mailbox, key) for (_, key), mailbox in has.items()}
        for place, content in mapped(schedule, directory).items():
            assert calendars[place] == content
        stranded = {item for item, _ in has if item not in directory}
        without = {item for booking_ in schedule.values() for item in booking_.objects if item not in directory}
        assert found.unmapped == stranded | without
