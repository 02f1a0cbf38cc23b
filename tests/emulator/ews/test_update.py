"""UpdateItem: set, append, delete, and what happens when two write."""

import pytest

from tests.emulator.ews.soap import (
    NONE_SENT,
    Server,
    booking,
    extended,
    field_uri,
    item_id,
    prop,
    set_field,
    set_subject,
)


def append(path: str, value: str) -> str:
    return f"<t:AppendToItemField>{field_uri(path)}<t:CalendarItem>{value}</t:CalendarItem></t:AppendToItemField>"


def drop(path: str) -> str:
    return f"<t:DeleteItemField>{path}</t:DeleteItemField>"


def attendee(address: str) -> str:
    return f"<t:Attendee><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:Attendee>"


def test_set_append_and_delete(server: Server) -> None:
    body = '<t:Body BodyType="Text">{}</t:Body>'
    people = "<t:RequiredAttendees>{}</t:RequiredAttendees>"
    pair = server.create(
        booking(
            before=body.format("one ")
            + "<t:Categories><t:String>A</t:String></t:Categories>"
            + extended(prop("Old"), "x"),
            after="<t:Location>Suite 4</t:Location>" + people.format(attendee("a@x.example")),
        )
    ).ids()[0]
    answer = server.update(
        pair,
        set_subject("New"),
        append("item:Body", body.format("two")),
        append("item:Categories", "<t:Categories><t:String>B</t:String></t:Categories>"),
        append("calendar:RequiredAttendees", people.format(attendee("b@x.example"))),
        drop(field_uri("calendar:Location")),
        drop(prop("Old")),
        set_field(prop("Rev"), extended(prop("Rev"), "18")),
    )
    assert answer.codes == ("NoError",)
    assert answer.text("m:ConflictResults/t:Count") == "0"
    assert answer.reply.updated == 1
    assert answer.ids()[0][0] == pair[0]
    assert answer.ids()[0][1] != pair[1]
    got = server.get(pair, extra=prop("Old") + prop("Rev"))
    assert got.text("t:Subject") == "New"
    assert got.text("t:Body") == "one two"
    assert got.texts("t:Categories/t:String") == ["A", "B"]
    assert got.texts("t:Attendee/t:Mailbox/t:EmailAddress") == ["a@x.example", "b@x.example"]
    assert not got.all("t:Location")
    assert got.texts("t:ExtendedProperty/t:Value") == ["18"]


def test_never_overwrite_fails_when_somebody_wrote_in_between(server: Server) -> None:
    """MS-OXWSCORE_R588: with NeverOverwrite a conflict fails and an error is returned."""
    pair = server.create(booking()).ids()[0]
    fresh = server.update(pair, set_subject("theirs")).ids()[0]
    assert server.update(pair, set_subject("ours")).codes == ("ErrorIrresolvableConflict",)
    assert server.get(pair).text("t:Subject") == "theirs"
    assert server.update(fresh, set_subject("ours")).codes == ("NoError",)


def test_always_overwrite_never_looks(server: Server) -> None:
    """MS-OXWSCORE_R582. It needs no ChangeKey either."""
    pair = server.create(booking()).ids()[0]
    server.update(pair, set_subject("theirs"))
    assert server.update(pair, set_subject("ours"), how="AlwaysOverwrite").codes == ("NoError",)
    assert server.update(pair, set_subject("again"), how="AlwaysOverwrite", key=False).codes == ("NoError",)
    assert server.get(pair).text("t:Subject") == "again"


def test_auto_resolve_overwrites_in_most_cases_but_keeps_the_stricter_sensitivity(server: Server) -> None:
    """MS-OXWSCORE_R583, R584, R585, R592: "Confidential" is retained and the later "Normal" is ignored."""

    def sensitivity(value: str) -> str:
        return set_field(field_uri("item:Sensitivity"), f"<t:Sensitivity>{value}</t:Sensitivity>")

    pair = server.create(booking()).ids()[0]
    server.update(pair, set_subject("theirs"), sensitivity("Confidential"))
    answer = server.update(pair, set_subject("ours"), sensitivity("Normal"), how="AutoResolve")
    assert answer.codes == ("NoError",)
    assert answer.text("m:ConflictResults/t:Count") == "2"
    got = server.get(pair)
    assert (got.text("t:Subject"), got.text("t:Sensitivity")) == ("ours", "Confidential")


@pytest.mark.parametrize("how", ["NeverOverwrite", "AutoResolve"])
def test_a_change_key_is_required(server: Server, how: str) -> None:
    pair = server.create(booking()).ids()[0]
    answer = server.update(pair, set_subject("x"), how=how, key=False)
    assert answer.codes == ("ErrorChangeKeyRequiredForWriteOperations",)


def test_change_keys_change_once_more_on_their_own() -> None:
    """The option: two seconds after a create the server itself writes, so that a fast second write is a conflict."""
    server = Server(late_change_keys=True)
    pair = server.create(booking()).ids()[0]
    server.clock.seconds += 1.9
    assert server.get(pair).ids()[0] == pair
    server.clock.seconds += 0.2
    assert server.update(pair, set_subject("x")).codes == ("ErrorIrresolvableConflict",)
    fresh = server.get(pair).ids()[0]
    assert fresh[1] != pair[1]
    server.clock.seconds += 60
    assert server.get(pair).ids()[0] == fresh
    assert server.update(fresh, set_subject("x")).codes == ("NoError",)


@pytest.mark.parametrize(
    ("update", "code"),
    [
        (set_field(field_uri("item:Size"), "<t:Size>1</t:Size>"), "ErrorInvalidPropertySet"),
        (append("calendar:Start", "<t:Start>2026-12-01T08:00:00Z</t:Start>"), "ErrorInvalidPropertyAppend"),
        (drop(field_uri("calendar:Start")), "ErrorInvalidPropertyDelete"),
        (drop(field_uri("item:Mood")), "ErrorInvalidPropertyRequest"),
        (set_field(field_uri("message:IsRead"), "<t:IsRead>true</t:IsRead>", "Message"), "ErrorInvalidPropertyRequest"),
        (set_field(field_uri("item:Subject"), "<t:Location>x</t:Location>"), "ErrorUpdatePropertyMismatch"),
        (set_field(prop("A"), extended(prop("B"), "x")), "ErrorUpdatePropertyMismatch"),
        (
            set_field(field_uri("item:Subject"), "<t:Subject>x</t:Subject><t:Importance>Low</t:Importance>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (set_field(field_uri("calendar:End"), "<t:End>2020-01-01T00:00:00Z</t:End>"),
         "ErrorCalendarEndDateIsEarlierThanStartDate"),
        (set_field(field_uri("calendar:End"), "<t:End>2036-01-01T00:00:00Z</t:End>"), "ErrorCalendarDurationIsTooLong"),
        (set_field(field_uri("calendar:End"), "<t:End>later</t:End>"), "ErrorSchemaValidation"),
    ],
)  # fmt: skip
def test_refused_updates_change_nothing(server: Server, update: str, code: str) -> None:
    pair = server.create(booking()).ids()[0]
    assert server.update(pair, set_subject("half"), update).codes == (code,)
    got = server.get(pair)
    assert got.text("t:Subject") == "Grading"
    assert got.ids()[0] == pair


def test_what_an_update_must_say(server: Server) -> None:
    """A calendar item needs SendMeetingInvitationsOrCancellations; a message MessageDisposition (MS-OXWSMTGS_R1241)."""
    pair = server.create(booking()).ids()[0]
    answer = server.update(pair, set_subject("x"), sent="")
    assert answer.codes == ("ErrorSendMeetingInvitationsOrCancellationsRequired",)
    message = server.create("<t:Message/>", folder="").ids()[0]
    update = set_field(field_uri("item:Subject"), "<t:Subject>x</t:Subject>", "Message")
    body = (
        f'<m:UpdateItem ConflictResolution="AlwaysOverwrite"><m:ItemChanges><t:ItemChange>{item_id(message)}'
        f"<t:Updates>{update}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    )
    assert server.ask(body).codes == ("ErrorMessageDispositionRequired",)
    assert server.ask(body.replace('ConflictResolution="AlwaysOverwrite"', "")).codes == ("ErrorSchemaValidation",)


def test_a_batch_has_one_result_each_in_order(server: Server) -> None:
    first, second = server.create(booking("1"), booking("2")).ids()
    server.update(first, set_subject("moved on"))

    def change(item: str) -> str:
        return f"<t:ItemChange>{item}<t:Updates>{set_subject('new')}</t:Updates></t:ItemChange>"

    answer = server.ask(
        f'<m:UpdateItem ConflictResolution="NeverOverwrite" {NONE_SENT}><m:ItemChanges>'
        + change(item_id(first))
        + change(item_id(("nonsense", "x")))
        + change(item_id((second[0], "nonsense")))
        + change(item_id(second))
        + "</m:ItemChanges></m:UpdateItem>"
    )
    assert answer.codes == ("ErrorIrresolvableConflict", "ErrorInvalidIdMalformed", "ErrorInvalidChangeKey", "NoError")
    assert answer.reply.updated == 1
