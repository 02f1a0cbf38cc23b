"""ResolveNames (MS-OXWSRSLNM), ConvertId (MS-OXWSCVTID) and GetServerTimeZones (MS-OXWSGTZ)."""

from __future__ import annotations

from lxml import etree

from emulator.ews.call import Call
from emulator.ews.failure import ResponseError, SchemaViolationError
from emulator.ews.messages import Reply
from emulator.ews.values import format_boolean
from emulator.ews.xmltext import M, T, attribute, text
from emulator.ews.zones import definition, known_zones, zone
from emulator.organisation import Mailbox
from emulator.store.ids import MalformedIdError, WrongKindOfIdError, read_folder_id, read_item_id

MOST_RESOLUTIONS = 100
_FORMATS = ("EwsLegacyId", "EwsId", "EntryId", "HexEntryId", "StoreId", "OwaId")


def resolve_names(call: Call) -> Reply:
    """Find mailboxes by part of a name or address. Nobody: ErrorNameResolutionNoResults; several: a warning."""
    wanted = (call.needed("UnresolvedEntry").text or "").strip()
    full = call.choice("ReturnFullContactData", ("true", "false", "1", "0"), required=True) in ("true", "1")
    found = _resolve(call, wanted.casefold()) if wanted else []
    if not found:

        def nobody(_entry: str) -> str:
            raise ResponseError("ErrorNameResolutionNoResults", "No results were found.")

        return call.batch([wanted], nobody)
    reply = call.batch([wanted], lambda _entry: _resolution_set(found[:MOST_RESOLUTIONS], full=full))
    if len(found) == 1 or reply.codes != ("NoError",):
        return reply
    # Several hits are a warning that still carries them all (MS-OXWSRSLNM 3.1.4.1).
    call.codes = ["ErrorNameResolutionMultipleResults"]
    return call.reply(
        '<m:ResponseMessages><m:ResolveNamesResponseMessage ResponseClass="Warning">'
        "<m:MessageText>Multiple results were found.</m:MessageText>"
        "<m:ResponseCode>ErrorNameResolutionMultipleResults</m:ResponseCode>"
        f"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>{_resolution_set(found[:MOST_RESOLUTIONS], full=full)}"
        "</m:ResolveNamesResponseMessage></m:ResponseMessages>"
    )


def _resolve(call: Call, wanted: str) -> list[Mailbox]:
    prefixed = wanted.removeprefix("smtp:")
    exact = call.organisation.mailbox(prefixed)
    if exact is not None:
        return [exact]

    def hit(mailbox: Mailbox) -> bool:
        name = mailbox.name.casefold()
        return any(part.startswith(prefixed) for part in (mailbox.address, name, *name.split()))

    return [mailbox for mailbox in call.organisation.mailboxes if hit(mailbox)]


def _resolution_set(found: list[Mailbox], *, full: bool) -> str:
    entries = "".join(_resolution(mailbox, full=full) for mailbox in found)
    total = f' TotalItemsInView="{len(found)}" IncludesLastItemInRange="{format_boolean(True)}"'
    return f"<m:ResolutionSet{total}>{entries}</m:ResolutionSet>"


def _resolution(mailbox: Mailbox, *, full: bool) -> str:
    name = text(mailbox.name or mailbox.address)
    contact = (
        f"<t:Contact><t:DisplayName>{name}</t:DisplayName><t:EmailAddresses>"
        f'<t:Entry Key="EmailAddress1">SMTP:{text(mailbox.address)}</t:Entry></t:EmailAddresses>'
        "<t:ContactSource>ActiveDirectory</t:ContactSource></t:Contact>"
    )
    return (
        f"<t:Resolution><t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{text(mailbox.address)}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox>"
        f"{contact if full else ''}</t:Resolution>"
    )


def convert_id(call: Call) -> Reply:
    """Turn ids from one format into another; this server has one form for them all.

    A nonsense id is ErrorInvalidIdMalformed, in a reply that still carries ServerVersionInfo: clients find out the
    version that way.
    """
    target = str(call.choice("DestinationFormat", _FORMATS, required=True))
    return call.batch(call.listed("SourceIds"), lambda element: _convert(element, target))


def _convert(element: etree._Element, target: str) -> str:
    given, mailbox = element.get("Id", ""), element.get("Mailbox", "")
    if not mailbox:
        raise SchemaViolationError("The required attribute 'Mailbox' is missing.", element)
    try:
        read_item_id(given)
    except WrongKindOfIdError:
        read_folder_id(given)
    except MalformedIdError as error:
        raise ResponseError("ErrorInvalidIdMalformed", "Id is malformed.") from error
    return (
        f'<m:AlternateId xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="t:AlternateIdType"'
        f' Format="{target}" Id={attribute(given)} Mailbox={attribute(mailbox)}/>'
    )


def get_server_time_zones(call: Call) -> Reply:
    """Give the Windows zones asked for (all without ids), with or without their rules.

    A zone this server does not know is left out of the answer; it is not an error.
    """
    full = call.choice("ReturnFullTimeZoneData", ("true", "false", "1", "0")) not in ("false", "0")
    ids = call.element.find(f"{M}Ids")
    wanted = known_zones() if ids is None else [one.text or "" for one in ids.iter(f"{T}Id")]

    def zones(_once: None) -> str:
        content = "".join(definition(name, full=full) for name in wanted if zone(name) is not None)
        return f"<m:TimeZoneDefinitions>{content}</m:TimeZoneDefinitions>"

    return call.batch([None], zones, on_error="<m:TimeZoneDefinitions/>")
