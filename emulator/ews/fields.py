"""The registry of properties: reading, writing, searching and sorting all follow from these tables.

Each row is ``element type flags``. The rows stand in the order of the schema, because both requests and replies must
keep it. Flags:

* ``S`` may be set by a client. Without it CreateItem and UpdateItem answer ErrorInvalidPropertySet
  (MS-OXWSCORE_R2347 to R2358 say so property by property).
* ``A`` may be appended to (else ErrorInvalidPropertyAppend); ``K`` must be kept: DeleteItemField is refused
  (ErrorInvalidPropertyDelete).
* ``Q`` can be searched and sorted by (else ErrorUnsupportedPathForQuery, ErrorUnsupportedPathForSortGroup).
* ``F`` comes back from FindItem; what lacks it comes from GetItem only.
* ``D`` belongs to the Default shape; ``N`` does not belong to AllProperties either, it must be asked for by name.

Types: ``string``, ``language``, ``boolean``, ``int``, ``instant``, ``strings``, ``body``, ``zone``, ``xml`` (kept as
it came), ``computed`` (an element the server makes), or the name of an enumeration.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.store import Value

ENUMERATIONS: dict[str, tuple[str, ...]] = {
    "Sensitivity": ("Normal", "Personal", "Private", "Confidential"),
    "Importance": ("Low", "Normal", "High"),
    "FreeBusy": ("Free", "Tentative", "Busy", "OOF", "WorkingElsewhere", "NoData"),
    "ItemType": ("Single", "Occurrence", "Exception", "RecurringMaster"),
    "Response": ("Unknown", "Organizer", "Tentative", "Accept", "Decline", "NoResponseReceived"),
}

_ITEM = """
MimeContent xml S
ItemId computed FD
ParentFolderId computed F
ItemClass string SQFK
Subject string SAQFD
Sensitivity Sensitivity SQFD
Body body SAD
Attachments xml S
DateTimeReceived instant QF
Size int QF
Categories strings SAQF
Importance Importance SQF
InReplyTo string SQF
IsSubmitted boolean QF
IsDraft boolean QF
IsFromMe boolean QF
IsResend boolean QF
IsUnmodified boolean QF
InternetMessageHeaders xml
DateTimeSent instant QF
DateTimeCreated instant QF
ResponseObjects xml
ReminderDueBy instant SQF
ReminderIsSet boolean SQFK
ReminderNextTime instant QF
ReminderMinutesBeforeStart int SQF
DisplayCc string QF
DisplayTo string QF
HasAttachments boolean QFD
ExtendedProperty extended S
Culture language SF
EffectiveRights computed F
LastModifiedName string QF
LastModifiedTime instant QF
IsAssociated boolean QF
WebClientReadFormQueryString string N
WebClientEditFormQueryString string N
ConversationId xml N
UniqueBody body N
Flag xml SF
StoreEntryId string N
InstanceKey string N
NormalizedBody body N
EntityExtractionResult xml N
PolicyTag xml N
ArchiveTag xml N
RetentionDate instant N
Preview string FN
RightsManagementLicenseData xml N
PredictedActionReasons xml N
IsClutter boolean N
NextPredictedAction xml N
GroupingAction xml N
BlockStatus boolean N
HasBlockedImages boolean N
TextBody body N
IconIndex xml N
MimeContentUTF8 xml N
SearchKey string N
SortKey xml N
Hashtags xml N
Mentions xml N
MentionedMe boolean N
PendingSocialActivityTagIds xml N
"""

_MESSAGE = """
Sender xml SF
ToRecipients xml SA
CcRecipients xml SA
BccRecipients xml SA
IsReadReceiptRequested boolean SQFD
IsDeliveryReceiptRequested boolean SQFD
ConversationIndex string F
ConversationTopic string F
From xml SFD
InternetMessageId string SQF
IsRead boolean SQFD
IsResponseRequested boolean SQF
References string SQF
ReplyTo xml SA
ReceivedBy xml N
ReceivedRepresenting xml N
ApprovalRequestData xml N
VotingInformation xml N
ReminderMessageData xml N
"""

_CALENDAR = """
UID string SF
RecurrenceId instant
DateTimeStamp instant QF
Start instant SQFDK
End instant SQFDK
OriginalStart instant
IsAllDayEvent boolean SQFK
LegacyFreeBusyStatus FreeBusy SQFDK
Location string SAQFD
When string SQF
IsMeeting boolean QF
IsCancelled boolean QF
IsRecurring boolean QF
MeetingRequestWasSent boolean QF
IsResponseRequested boolean SQF
CalendarItemType ItemType QFD
MyResponseType Response QF
Organizer computed FD
RequiredAttendees xml SAD
OptionalAttendees xml SAD
Resources xml SA
ConflictingMeetingCount int N
AdjacentMeetingCount int N
ConflictingMeetings xml N
AdjacentMeetings xml N
Duration string F
TimeZone string F
AppointmentReplyTime instant
AppointmentSequenceNumber int F
AppointmentState int F
Recurrence xml S
FirstOccurrence xml
LastOccurrence xml
ModifiedOccurrences xml
DeletedOccurrences xml
MeetingTimeZone xml S
StartTimeZone zone SFK
EndTimeZone zone SFK
ConferenceType int SQF
AllowNewTimeProposal boolean SQF
IsOnlineMeeting boolean SQF
MeetingWorkspaceUrl string SQF
NetShowUrl string SQF
EnhancedLocation xml S
StartWallClock instant N
EndWallClock instant N
StartTimeZoneId string FN
EndTimeZoneId string FN
IntendedFreeBusyStatus FreeBusy N
JoinOnlineMeetingUrl string N
OnlineMeetingSettings xml N
IsOrganizer boolean FN
InboxReminders xml N
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One property of an item class: its path and element name, its type, its place in the order, what may be done."""

    path: str
    element: str
    type: str
    order: int
    settable: bool
    appendable: bool
    deletable: bool
    searchable: bool
    found: bool
    default: bool
    all: bool


def _fields(rows: str, prefix: str, start: int) -> list[Field]:
    fields = []
    for order, row in enumerate(rows.strip().splitlines(), start):
        element, kind, flags, *_ = [*row.split(), ""]
        settable = "S" in flags
        fields.append(
            Field(
                f"{prefix}:{element}",
                element,
                kind,
                order,
                settable,
                "A" in flags,
                settable and "K" not in flags,
                "Q" in flags,
                "F" in flags,
                "D" in flags,
                "N" not in flags,
            )
        )
    return fields


_COMMON = _fields(_ITEM, "item", 0)

FIELDS: dict[str, tuple[Field, ...]] = {
    "Message": (*_COMMON, *_fields(_MESSAGE, "message", 100)),
    "CalendarItem": (*_COMMON, *_fields(_CALENDAR, "calendar", 100)),
}
"""All fields of each item class in the order of the schema."""

BY_ELEMENT = {kind: {field.element: field for field in fields} for kind, fields in FIELDS.items()}
BY_PATH = {kind: {field.path: field for field in fields} for kind, fields in FIELDS.items()}
ANY_PATH = {path: field for fields in BY_PATH.values() for path, field in fields.items()}
"""Fields of every class by path, for searches that span classes."""

BODY_TYPE = "item:Body#type"
"""Where an item keeps whether its body is HTML or Text."""

DEFAULTS: dict[str, dict[str, Value]] = {
    "Message": {
        "item:ItemClass": "IPM.Note",
        "item:Sensitivity": "Normal",
        "item:Importance": "Normal",
        "item:IsSubmitted": False,
        "item:IsFromMe": False,
        "item:IsResend": False,
        "item:IsUnmodified": False,
        "item:IsDraft": True,
        "item:ReminderIsSet": False,
        "item:ReminderMinutesBeforeStart": 0,
        "item:Culture": "en-US",
        "message:IsRead": True,
        "message:IsReadReceiptRequested": False,
        "message:IsDeliveryReceiptRequested": False,
    },
    "CalendarItem": {
        "item:ItemClass": "IPM.Appointment",
        "item:Sensitivity": "Normal",
        "item:Importance": "Normal",
        "item:IsSubmitted": False,
        "item:IsFromMe": False,
        "item:IsResend": False,
        "item:IsUnmodified": False,
        "item:IsDraft": False,
        "item:ReminderIsSet": True,
        "item:ReminderMinutesBeforeStart": 15,
        "item:Culture": "en-US",
        "calendar:IsAllDayEvent": False,
        "calendar:LegacyFreeBusyStatus": "Busy",
        "calendar:IsCancelled": False,
        "calendar:MeetingRequestWasSent": False,
        "calendar:IsResponseRequested": True,
        "calendar:AppointmentSequenceNumber": 0,
        "calendar:AppointmentState": 0,
    },
}
"""What a property says that no client ever set."""
