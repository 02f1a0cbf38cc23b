"""UpdateItem (MS-OXWSCORE 3.1.4.9): set, append to and delete single properties, with conflict resolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from emulator.ews import access, calendar_rules
from emulator.ews.call import Call
from emulator.ews.extended import ExtendedPath
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.fields import ANY_PATH, BODY_TYPE, BY_ELEMENT, BY_PATH, Field
from emulator.ews.messages import Reply
from emulator.ews.operations.create_item import DISPOSITIONS, size_of
from emulator.ews.operations.items import NO_ITEMS
from emulator.ews.properties import item_id_element
from emulator.ews.reading import SUBJECT_LIMIT, Draft, item_kind, read_property, settle_local_times
from emulator.ews.shapes import read_path
from emulator.ews.xmltext import T
from emulator.store import Item, Value

RESOLUTIONS = ("NeverOverwrite", "AutoResolve", "AlwaysOverwrite")
_INVITATIONS = (
    "SendToNone", "SendOnlyToAll", "SendOnlyToChanged", "SendToAllAndSaveCopy", "SendToChangedAndSaveCopy",
)  # fmt: skip
_SENSITIVITY = ("Normal", "Personal", "Private", "Confidential")


@dataclass(slots=True)
class Change:
    """One item's updates as read from the request. ``refused``: why none of them will be made, if so."""

    item: etree._Element
    updates: list[tuple[str, str, Draft]] = field(default_factory=list)
    refused: ResponseError | None = None


def update_item(call: Call) -> Reply:
    """Change the items of a batch in order.

    NeverOverwrite with a ChangeKey that is not the item's own is ErrorIrresolvableConflict (MS-OXWSCORE_R588);
    AlwaysOverwrite never looks (R582); AutoResolve overwrites in most cases (R583, R584), but of two values of
    Sensitivity it keeps the stricter (R585, R592), and ConflictResults counts what both sides had changed.
    """
    how = str(call.choice("ConflictResolution", RESOLUTIONS, required=True))
    call.choice("MessageDisposition", DISPOSITIONS)
    call.choice("SendMeetingInvitationsOrCancellations", _INVITATIONS)
    changes = [_read(element) for element in call.listed("ItemChanges")]
    return call.batch(changes, partial(_update, call, how), on_error=NO_ITEMS)


def _read(element: etree._Element) -> Change:
    ids = [child for child in element if child.tag != f"{T}Updates"]
    updates = element.find(f"{T}Updates")
    if len(ids) != 1 or updates is None or len(updates) == 0:
        raise SchemaViolationError("An 'ItemChange' needs an item id and 'Updates'.", element)
    change = Change(ids[0])
    for update in updates:
        try:
            change.updates.append(_read_update(update))
        except ResponseError as error:
            change.refused = change.refused or error
    return change


def _read_update(update: etree._Element) -> tuple[str, str, Draft]:
    """(what to do, path, the value within a draft) of one t:SetItemField, t:AppendToItemField or t:DeleteItemField."""
    action = etree.QName(update).localname
    if action not in ("SetItemField", "AppendToItemField", "DeleteItemField") or len(update) == 0:
        raise SchemaViolationError(f"The element '{action}' is not an update of an item.", update)
    path = read_path(update[0])
    key = path.key if isinstance(path, ExtendedPath) else path
    known = ANY_PATH.get(key)
    if known is None and not isinstance(path, ExtendedPath):
        raise ResponseError("ErrorInvalidPropertyRequest", f"Property '{key}' is not valid for this object type.")
    if action == "DeleteItemField":
        if known is not None and not known.deletable:
            raise ResponseError("ErrorInvalidPropertyDelete", f"Delete action is invalid for property '{key}'.")
        return action, key, Draft("")
    if action == "AppendToItemField" and (known is None or not known.appendable):
        raise ResponseError("ErrorInvalidPropertyAppend", f"Append action is invalid for property '{key}'.")
    if len(update) != 2:
        raise SchemaViolationError(f"A '{action}' needs a path and an item.", update)
    return action, key, _read_new_value(key, known, update[1])


def _read_new_value(key: str, known: Field | None, element: etree._Element) -> Draft:
    kind = item_kind(element)
    if len(element) != 1:
        code = "ErrorIncorrectUpdatePropertyCount"
        raise ResponseError(
            code, "An object within a change description must contain one and only one property to modify."
        )
    child = element[0]
    found = BY_ELEMENT[kind].get(etree.QName(child).localname)
    if found is None:
        name = etree.QName(child).localname
        raise SchemaViolationError(f"The element '{kind}' has invalid child element '{name}'.", child)
    draft = Draft(kind)
    read_property(found, child, draft)
    if key not in draft.values and not (known is not None and found.path == key):
        raise ResponseError("ErrorUpdatePropertyMismatch", "The property and the value in the change do not match.")
    return draft


def _update(call: Call, how: str, change: Change) -> str:
    item, seen = access.item(call, change.item)
    _check_attributes(call, item)
    if change.refused is not None:
        raise change.refused
    if seen is None and how != "AlwaysOverwrite":
        code = "ErrorChangeKeyRequiredForWriteOperations"
        raise ResponseError(code, "The change key is required for this operation.")
    stale = seen is not None and seen != item.change
    if stale and how == "NeverOverwrite":
        message = (
            "The send or update operation could not be performed because the change key passed in the request does "
        )
        raise ResponseError("ErrorIrresolvableConflict", message + "not match the current change key for the item.")
    kept, written = _applied(call, item, change)
    conflicts = 0
    if stale and how == "AutoResolve":
        conflicts = sum(item.touched.get(path, 0) > (seen or 0) for path in written)
        _resolve(item, kept, seen or 0)
    if item.kind == "CalendarItem":
        if "calendar:MeetingTimeZone" in written and "calendar:StartTimeZone" not in written:
            # A client of Exchange 2007 moved the item to another zone in the only way it knows.
            kept.pop("calendar:StartTimeZone", None)
            kept.pop("calendar:EndTimeZone", None)
        calendar_rules.complete(kept, call.zone, call.now, zone_id=call.request.time_zone)
    size = size_of(kept)
    call.check_room(size - item.size)
    mailbox = call.own_mailbox()
    item.values, item.modified = kept, call.now
    mailbox.changed(item, size, read_only=written == {"message:IsRead"})
    for path in written:
        item.touched[path] = item.change
    call.updated += 1
    return (
        f"<m:Items><t:{item.kind}>{item_id_element(item, mailbox)}</t:{item.kind}></m:Items>"
        f"<m:ConflictResults><t:Count>{conflicts}</t:Count></m:ConflictResults>"
    )


def _check_attributes(call: Call, item: Item) -> None:
    if item.kind == "CalendarItem":
        if call.element.get("SendMeetingInvitationsOrCancellations") is None:
            code = "ErrorSendMeetingInvitationsOrCancellationsRequired"
            message = "SendMeetingInvitationsOrCancellations is required when a calendar item is updated."
            raise ResponseError(code, message)
    elif call.element.get("MessageDisposition") is None:
        raise ResponseError(
            "ErrorMessageDispositionRequired", "MessageDisposition is required when a message is updated."
        )


def _applied(call: Call, item: Item, change: Change) -> tuple[dict[str, Value], set[str]]:
    """The values of the item with the updates made, and the paths they wrote. The item itself is left alone."""
    kept, written = dict(item.values), set()
    known = BY_PATH[item.kind]
    for action, path, draft in change.updates:
        if path not in known and not path.startswith("x:"):
            message = f"Property '{path}' is not valid for this object type."
            raise ResponseError("ErrorInvalidPropertyRequest", message)
        written.add(path)
        if action == "DeleteItemField":
            kept.pop(path, None)
            if path == "item:Body":
                kept.pop(BODY_TYPE, None)
            continue
        settle_local_times(draft, call.zone, kept)
        if action == "AppendToItemField":
            _append(known[path], kept, draft)
        else:
            kept.update(draft.values)
    return kept, written


def _append(known: Field, kept: dict[str, Value], draft: Draft) -> None:
    path, new, old = known.path, draft.values[known.path], kept.get(known.path)
    if old is None:
        kept.update(draft.values)
    elif isinstance(old, list) and isinstance(new, list):
        kept[path] = [*old, *(one for one in new if one not in old)]
    elif known.type == "xml":
        closing = f"</t:{known.element}>"
        kept[path] = str(old).removesuffix(closing) + str(new).removesuffix(closing).partition(">")[2] + closing
    else:
        joined = str(old) + str(new)
        kept[path] = joined[:SUBJECT_LIMIT] if known.element == "Subject" else joined


def _resolve(item: Item, kept: dict[str, Value], seen: int) -> None:
    """AutoResolve: where both sides changed Sensitivity, the stricter value stays."""
    path = "item:Sensitivity"
    ours, theirs = str(kept.get(path, "Normal")), str(item.values.get(path, "Normal"))
    if item.touched.get(path, 0) > seen and _SENSITIVITY.index(theirs) > _SENSITIVITY.index(ours):
        kept[path] = theirs
