"""Items, ledger entries and changes of them, in the fixed shapes that Callsheet writes.

Element order follows the schema (types.xsd): it is a sequence, and Exchange refuses another order.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from consumer.calendars.ews.versions import Dialect
from consumer.calendars.ews.xmltext import URI, attribute, boolean, extended, field_uri, instant, text
from consumer.calendars.ews.zones import windows_zone
from consumer.core.actions import Change, UpdateItem, WriteTombstone
from consumer.core.appointment import Appointment
from consumer.core.coverage import Coverage
from consumer.core.digest import Digest
from consumer.core.mailbox import Item, ItemRef
from contract import names

_SHOW_AS: Final = {
    "busy": "Busy",
    "free": "Free",
    "tentative": "Tentative",
    "oof": "OOF",
    "working_elsewhere": "WorkingElsewhere",
}


def calendar_item(change: Change, dialect: Dialect) -> str:
    """A new calendar item."""
    wanted = change.appointment
    assert wanted is not None
    fields = wanted.fields
    reminder = wanted.reminder_minutes
    parts = [
        f"<t:CalendarItem><t:Subject>{text(fields.title)}</t:Subject>",
        f"<t:Sensitivity>{'Private' if fields.private else 'Normal'}</t:Sensitivity>",
        f'<t:Body BodyType="Text">{text(wanted.notes)}</t:Body>',
        _categories(fields.categories) if fields.categories else "",
        f"<t:ReminderIsSet>{boolean(reminder is not None)}</t:ReminderIsSet>",
        "" if reminder is None else f"<t:ReminderMinutesBeforeStart>{reminder}</t:ReminderMinutesBeforeStart>",
        *(extended(name, value) for name, value in marks(change).items()),
        f"<t:Start>{instant(fields.start)}</t:Start><t:End>{instant(fields.end)}</t:End>",
        f"<t:IsAllDayEvent>{boolean(fields.all_day)}</t:IsAllDayEvent>",
        f"<t:LegacyFreeBusyStatus>{_SHOW_AS[fields.show_as]}</t:LegacyFreeBusyStatus>",
        f"<t:Location>{text(fields.location)}</t:Location>",
        "".join(_zones(wanted, dialect).values()),
        "</t:CalendarItem>",
    ]
    return "".join(parts)


def update_item(action: UpdateItem, dialect: Dialect) -> str:
    """One ItemChange: all the fields that we own, and nothing that is the user's."""
    wanted = action.change.appointment
    assert wanted is not None
    fields = wanted.fields
    categories = (*action.item.other_categories, *fields.categories)
    sets = [
        _set("item:Subject", f"<t:Subject>{text(fields.title)}</t:Subject>"),
        _set("item:Sensitivity", f"<t:Sensitivity>{'Private' if fields.private else 'Normal'}</t:Sensitivity>"),
        _set("item:Body", f'<t:Body BodyType="Text">{text(wanted.notes)}</t:Body>'),
        _set("item:Categories", _categories(categories)) if categories else _unset(field_uri("item:Categories")),
        *_reminder(action, wanted),
        *(_set_extended(name, value) for name, value in marks(action.change).items()),
        _set("calendar:Start", f"<t:Start>{instant(fields.start)}</t:Start>"),
        _set("calendar:End", f"<t:End>{instant(fields.end)}</t:End>"),
        _set("calendar:IsAllDayEvent", f"<t:IsAllDayEvent>{boolean(fields.all_day)}</t:IsAllDayEvent>"),
        _set(
            "calendar:LegacyFreeBusyStatus",
            f"<t:LegacyFreeBusyStatus>{_SHOW_AS[fields.show_as]}</t:LegacyFreeBusyStatus>",
        ),
        _set("calendar:Location", f"<t:Location>{text(fields.location)}</t:Location>")
        if fields.location
        else _unset(field_uri("calendar:Location")),
        *(_set(f"calendar:{name}", element) for name, element in _zones(wanted, dialect).items()),
    ]
    return _item_change(action.item.ref, sets)


def fence_item(item: Item) -> str:
    """One ItemChange that only moves the change key on."""
    return _item_change(item.ref, [_set_extended(names.PROPERTY_EVENT, "duplicate, to be deleted", "CalendarItem")])


def release_item(item: Item) -> str:
    """One ItemChange that takes our marks off."""
    return _item_change(item.ref, [_unset(uri) for uri in URI.values()])


def tombstone(action: WriteTombstone) -> str:
    """A new tombstone: a message that no client shows, in the hidden folder."""
    return _entry(names.TOMBSTONE_CLASS, tombstone_subject(action), _tombstone_marks(action))


def replace_tombstone(action: WriteTombstone, ref: ItemRef) -> str:
    """One ItemChange: what the tombstone says now."""
    return _replace_entry(ref, tombstone_subject(action), marks(action.change))


def floor(source: str, revision: int, last: Coverage | None = None) -> str:
    """A new floor of a source."""
    return _entry(names.FLOOR_CLASS, floor_subject(last), _floor_marks(source, revision))


def replace_floor(ref: ItemRef, source: str, revision: int, last: Coverage | None = None) -> str:
    """One ItemChange: what the floor says now."""
    return _replace_entry(ref, floor_subject(last), _floor_marks(source, revision))


def floor_subject(last: Coverage | None) -> str:
    """What the last snapshot spoke of, readable by people and by :mod:`.answers`."""
    return "floor" if last is None else f"floor as_of {last.as_of} {_interval(last)}"


def tombstone_subject(action: WriteTombstone) -> str:
    """State, expiry and the highest cancelled revision, readable by people and by :mod:`.answers`."""
    subject = f"{action.state} until {instant(action.expires)} dead_up_to {action.dead_up_to}"
    return subject if action.absent is None else f"{subject} {_interval(action.absent)}"


def _interval(covered: Coverage) -> str:
    return f"from {instant(covered.start)} to {instant(covered.end)}"


def marks(change: Change) -> dict[str, str]:
    """The six properties of an item that shows this change."""
    return {
        names.PROPERTY_KEY: change.key,
        names.PROPERTY_REVISION: str(change.revision),
        names.PROPERTY_DIGEST: change.standing.digest,
        names.PROPERTY_SOURCE: change.source,
        names.PROPERTY_BOOKING: change.booking,
        names.PROPERTY_EVENT: change.event,
    }


def _tombstone_marks(action: WriteTombstone) -> dict[str, str]:
    return {name: value for name, value in marks(action.change).items() if value}


def _floor_marks(source: str, revision: int) -> dict[str, str]:
    revisions = {names.PROPERTY_REVISION: str(revision)} if revision >= 0 else {}
    return {**revisions, names.PROPERTY_SOURCE: source}


def _entry(item_class: str, subject: str, properties: dict[str, str]) -> str:
    marked = "".join(extended(name, value) for name, value in properties.items())
    return (
        f"<t:Message><t:ItemClass>{item_class}</t:ItemClass><t:Subject>{text(subject)}</t:Subject>{marked}</t:Message>"
    )


def _replace_entry(ref: ItemRef, subject: str, properties: dict[str, str]) -> str:
    subject_xml = f"<t:Subject>{text(subject)}</t:Subject>"
    return _item_change(
        ref,
        [
            _set("item:Subject", subject_xml, "Message"),
            # What the entry said before must not stay: a cancellation has no digest.
            *(
                _set_extended(name, value, "Message") if value else _unset(URI[name])
                for name, value in properties.items()
            ),
        ],
    )


def _reminder(action: UpdateItem, wanted: Appointment) -> list[str]:
    """The reminder is the user's: it is touched only when the event asks for another one than before."""
    before = Digest.parse(action.item.digest).reminder
    if not before or before == Digest.parse(wanted.digest).reminder:
        return []
    minutes = wanted.reminder_minutes
    is_set = f"<t:ReminderIsSet>{boolean(minutes is not None)}</t:ReminderIsSet>"
    sets = [_set("item:ReminderIsSet", is_set)]
    if minutes is not None:
        element = f"<t:ReminderMinutesBeforeStart>{minutes}</t:ReminderMinutesBeforeStart>"
        sets.append(_set("item:ReminderMinutesBeforeStart", element))
    return sets


def _zones(wanted: Appointment, dialect: Dialect) -> dict[str, str]:
    """The zone in which the item is shown. The times themselves are instants and do not depend on it."""
    zone = attribute(windows_zone(wanted.zone))
    if not dialect.item_zones:
        return {"MeetingTimeZone": f'<t:MeetingTimeZone TimeZoneName="{zone}"/>'}
    return {
        "StartTimeZone": f'<t:StartTimeZone Id="{zone}"/>',
        "EndTimeZone": f'<t:EndTimeZone Id="{zone}"/>',
    }


def _item_change(ref: ItemRef, updates: Sequence[str]) -> str:
    identifier = f'<t:ItemId Id="{attribute(ref.item_id)}" ChangeKey="{attribute(ref.change_key)}"/>'
    return f"<t:ItemChange>{identifier}<t:Updates>{''.join(updates)}</t:Updates></t:ItemChange>"


def _set(path: str, element: str, container: str = "CalendarItem") -> str:
    return f"<t:SetItemField>{field_uri(path)}<t:{container}>{element}</t:{container}></t:SetItemField>"


def _set_extended(name: str, value: str, container: str = "CalendarItem") -> str:
    return f"<t:SetItemField>{URI[name]}<t:{container}>{extended(name, value)}</t:{container}></t:SetItemField>"


def _unset(uri: str) -> str:
    return f"<t:DeleteItemField>{uri}</t:DeleteItemField>"


def _categories(categories: Iterable[str]) -> str:
    strings = "".join(f"<t:String>{text(category)}</t:String>" for category in categories)
    return f"<t:Categories>{strings}</t:Categories>"
