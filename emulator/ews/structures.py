"""The shape of properties that are kept as XML: what may stand in them, in which order, and what the texts may be.

A structure that passes here can be given back as it came and the reply still follows the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from lxml import etree

from emulator.ews import values
from emulator.ews.failure import SchemaViolationError
from emulator.ews.xmltext import T

_PATTERNS = (
    "(RelativeYearlyRecurrence|AbsoluteYearlyRecurrence|RelativeMonthlyRecurrence|AbsoluteMonthlyRecurrence"
    "|WeeklyRecurrence|DailyRecurrence)"
)
_ATTACHMENT = (
    "AttachmentId? Name? ContentType? ContentId? ContentLocation? Size? LastModifiedTime? IsInline? IsContactPhoto?"
)
_CHANGE = "Offset ((RelativeYearlyRecurrence|AbsoluteDate))? Time"
_TRANSITIONS = "((Transition|AbsoluteDateTransition|RecurringDayTransition|RecurringDateTransition))+"

_CHILDREN: dict[str, str] = {
    "Attachments": "(FileAttachment|ItemAttachment)+",
    "FileAttachment": _ATTACHMENT,
    "ItemAttachment": "AttachmentId? Name? ContentType? ContentId? ContentLocation? Size? LastModifiedTime? IsInline?",
    "Flag": "FlagStatus StartDate? DueDate? CompleteDate?",
    "Sender": "Mailbox",
    "From": "Mailbox",
    "ToRecipients": "Mailbox*",
    "CcRecipients": "Mailbox*",
    "BccRecipients": "Mailbox*",
    "ReplyTo": "Mailbox*",
    "Mailbox": "Name? EmailAddress? RoutingType? MailboxType? OriginalDisplayName?",
    "RequiredAttendees": "Attendee+",
    "OptionalAttendees": "Attendee+",
    "Resources": "Attendee+",
    "Attendee": "Mailbox ResponseType? LastResponseTime? ProposedStart? ProposedEnd?",
    "Recurrence": f"{_PATTERNS} (NoEndRecurrence|EndDateRecurrence|NumberedRecurrence)",
    "RelativeYearlyRecurrence": "DaysOfWeek DayOfWeekIndex Month",
    "AbsoluteYearlyRecurrence": "DayOfMonth Month",
    "RelativeMonthlyRecurrence": "Interval DaysOfWeek DayOfWeekIndex",
    "AbsoluteMonthlyRecurrence": "Interval DayOfMonth",
    "WeeklyRecurrence": "Interval DaysOfWeek FirstDayOfWeek?",
    "DailyRecurrence": "Interval",
    "NoEndRecurrence": "StartDate",
    "EndDateRecurrence": "StartDate EndDate",
    "NumberedRecurrence": "StartDate NumberOfOccurrences",
    "MeetingTimeZone": "(BaseOffset (Standard Daylight)?)?",
    "Standard": _CHANGE,
    "Daylight": _CHANGE,
    "EnhancedLocation": "DisplayName? Annotation?",
    "StartTimeZone": "(Periods TransitionsGroups? Transitions?)?",
    "EndTimeZone": "(Periods TransitionsGroups? Transitions?)?",
    "Periods": "Period+",
    "Period": "",
    "TransitionsGroups": "TransitionsGroup+",
    "TransitionsGroup": _TRANSITIONS,
    "Transitions": _TRANSITIONS,
    "Transition": "To",
    "AbsoluteDateTransition": "To DateTime",
    "RecurringDayTransition": "To TimeOffset Month DayOfWeek Occurrence",
    "RecurringDateTransition": "To TimeOffset Month Day",
}
"""What each structure holds, in order: names with ?, * and + as in a regular expression."""

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "MimeContent": ("CharacterSet",),
    "AttachmentId": ("Id",),
    "MeetingTimeZone": ("TimeZoneName",),
    "Standard": ("TimeZoneName",),
    "Daylight": ("TimeZoneName",),
    "StartTimeZone": ("Id", "Name"),
    "EndTimeZone": ("Id", "Name"),
    "Period": ("Bias", "Name", "Id"),
    "To": ("Kind",),
    "TransitionsGroup": ("Id",),
    "Transitions": ("Id",),
}

_DURATION = r"-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?(?<![PT])"
_DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(Z|[+-]\d\d:\d\d)?"
_DAY = "(Sunday|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Day|Weekday|WeekendDay)"
_MONTH = "(January|February|March|April|May|June|July|August|September|October|November|December)"
_TEXTS: dict[str, str] = {
    "EmailAddress": r".+",
    "RoutingType": r".+",
    "MailboxType": "(Unknown|OneOff|Mailbox|PublicDL|PrivateDL|Contact|PublicFolder|GroupMailbox)",
    "ResponseType": "(Unknown|Organizer|Tentative|Accept|Decline|NoResponseReceived)",
    "FlagStatus": "(NotFlagged|Flagged|Complete)",
    "DaysOfWeek": _DAY,
    "WeeklyRecurrence/DaysOfWeek": f"{_DAY}( {_DAY})*",
    "FirstDayOfWeek": _DAY,
    "DayOfWeek": _DAY,
    "DayOfWeekIndex": "(First|Second|Third|Fourth|Last)",
    "Month": _MONTH,
    "RecurringDayTransition/Month": r"\d{1,2}",
    "RecurringDateTransition/Month": r"\d{1,2}",
    "Day": r"\d{1,2}",
    "DayOfMonth": r"\d{1,2}",
    "Interval": r"\d{1,9}",
    "NumberOfOccurrences": r"\d{1,9}",
    "Occurrence": r"-?\d{1,2}",
    "Size": r"\d{1,9}",
    "IsInline": "(true|false|1|0)",
    "IsContactPhoto": "(true|false|1|0)",
    "StartDate": _DATE,
    "EndDate": _DATE,
    "AbsoluteDate": _DATE,
    "BaseOffset": _DURATION,
    "Offset": _DURATION,
    "TimeOffset": _DURATION,
    "Time": r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
}
_INSTANTS = frozenset(
    {"LastResponseTime", "ProposedStart", "ProposedEnd", "LastModifiedTime", "CompleteDate", "DueDate", "DateTime"}
    | {"Flag/StartDate"}
)
_ATTRIBUTE_TEXTS = {"Bias": _DURATION, "Kind": "(Period|Group)"}


@cache
def _content(name: str) -> Callable[[str], object]:
    """Matches the names of the children, each followed by a semicolon."""
    pattern = re.sub(r"[A-Za-z]+", lambda word: f"(?:{word.group()};)", _CHILDREN[name]).replace(" ", "")
    return re.compile(pattern).fullmatch


def check(element: etree._Element, parent: str = "") -> None:
    """Check a structure and all it holds. Raises SchemaViolationError."""
    name = etree.QName(element).localname
    _check_attributes(element, name)
    if name in _CHILDREN:
        names = "".join(f"{etree.QName(child).localname};" for child in element)
        text = (element.text or "") + "".join(child.tail or "" for child in element)
        if _content(name)(names) is None or text.strip():
            found = names.replace(";", " ").strip() or "nothing"
            raise SchemaViolationError(f"The element '{name}' has invalid content: {found}.", element)
        for child in element:
            check(child, name)
        return
    if len(element):
        raise SchemaViolationError(f"The element '{name}' may hold text only.", element)
    given = (element.text or "").strip()
    place = f"{parent}/{name}"
    if place in _INSTANTS or (name in _INSTANTS and place not in _TEXTS):
        values.checked(values.parse_instant, element)
        return
    pattern = _TEXTS.get(place) or _TEXTS.get(name)
    if pattern is not None and re.fullmatch(pattern, given, re.DOTALL) is None:
        raise SchemaViolationError(f"The '{name}' element is invalid - '{given}'.", element)


def _check_attributes(element: etree._Element, name: str) -> None:
    if not str(element.tag).startswith(T):
        raise SchemaViolationError(f"The element '{name}' is not of the types namespace.", element)
    allowed = _ATTRIBUTES.get(name, ())
    for key, value in values.text_attributes(element):
        pattern = _ATTRIBUTE_TEXTS.get(key)
        if key.startswith("{"):
            continue
        if key not in allowed or (pattern is not None and re.fullmatch(pattern, value) is None):
            raise SchemaViolationError(f"The attribute '{key}' of '{name}' is invalid - '{value}'.", element)
    if name == "To" and element.get("Kind") is None:
        raise SchemaViolationError("The attribute 'Kind' of 'To' is missing.", element)
    if name == "AttachmentId" and element.get("Id") is None:
        raise SchemaViolationError("The attribute 'Id' of 'AttachmentId' is missing.", element)
