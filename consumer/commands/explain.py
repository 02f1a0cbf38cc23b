"""``callsheet-consumer explain``: what stands of a booking in a mailbox, and how it came to be there."""

import asyncio
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from consumer.commands import display
from consumer.commands.command_line import FAILED, print_json, settings_of
from contract import times
from contract.identity import booking_key, source_mark
from contract.text import one_line

if TYPE_CHECKING:
    from consumer.calendars.ews.findings import Findings, Remembered, Shown
    from consumer.core.coverage import Coverage
    from consumer.core.mailbox import Floor
    from consumer.settings import ExplainSettings


def explain(
    mailbox: Annotated[str, typer.Argument(help="The mailbox's SMTP address.")],
    booking: Annotated[str, typer.Argument(help="The id of the booking, as the producer writes it.")],
    source: Annotated[
        str | None, typer.Option("--source", metavar="URI", help="The event's `source`; left out: any source.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Say what stands of a booking in a mailbox, at which revision, by which event, and whether it was edited.

    Reads Exchange only. Needs the settings of Exchange; times are shown in `CALLSHEET_TIMEZONE`. Exit code 1: nothing
    is known of it.
    """
    from consumer.commands.exchange import clear_exchange_errors, mailbox_address
    from consumer.settings import ExplainSettings

    address = mailbox_address(mailbox)
    settings = settings_of(ExplainSettings)
    with clear_exchange_errors(address):
        findings = asyncio.run(_look(settings, address, booking, source))
    if as_json:
        print_json(_document(findings, address, booking, source))
    else:
        for line in _lines(findings, address, booking, source, times.zone(settings.timezone)):
            typer.echo(display.safe(line))
    if not (findings.items or findings.tombstones):
        raise typer.Exit(FAILED)


async def _look(settings: "ExplainSettings", mailbox: str, booking: str, source: str | None) -> "Findings":
    from consumer.calendars.ews.inspection import inspection

    async with inspection(settings.endpoint(), 1) as exchange:
        key = booking_key(source, booking) if source is not None else None
        return await exchange.booking(mailbox, one_line(booking, 200), key)


def _lines(findings: "Findings", mailbox: str, booking: str, source: str | None, zone: tzinfo) -> list[str]:
    """The findings in plain words, one line each."""
    of_source = f" of source {source}" if source is not None else ""
    lines = [f"Booking {booking}{of_source} in {mailbox}", ""]
    if not (findings.items or findings.tombstones):
        return [*lines, "Nothing is known of it: no item in the calendar or in Deleted Items, and no tombstone."]
    in_calendar = [shown for shown in findings.items if shown.folder == "calendar"]
    thrown_away = [shown for shown in findings.items if shown.folder != "calendar"]
    dead_up_to = {one.tombstone.key: one.tombstone.dead_up_to for one in findings.tombstones}
    if not in_calendar:
        lines.append("It is not in the calendar.")
    for shown in in_calendar:
        lines.append(f"In the calendar: {shown.title}")
        lines += _content(shown, zone)
        lines.append("  edited:   " + (_edited(shown) or "no, it is as Callsheet wrote it"))
        if shown.item.revision <= dead_up_to.get(shown.item.key, -1):
            lines.append("  note:     it was cancelled at this revision or a later one; its deletion is still to come")
        if sum(1 for other in in_calendar if other.item.key == shown.item.key) > 1:
            lines.append("  note:     there is more than one item of this booking; the next event puts that in order")
    for shown in thrown_away:
        lines += ["", f"Thrown away, in Deleted Items: {shown.title}", *_content(shown, zone)]
    for one in findings.tombstones:
        lines += ["", *_remembered(one, zone)]
    for floor in findings.floors:
        lines += ["", *_floor(floor, zone)]
    return lines


def _floor(floor: "Floor", zone: tzinfo) -> list[str]:
    lines = []
    if floor.revision >= 0:
        lines.append(f"Floor of source {floor.source}: revision {floor.revision}. Where nothing is known of a booking,")
        lines.append("  an event at or below it is parked as too_old.")
    if floor.last is not None:
        lines.append(f"Last snapshot of source {floor.source}: up to revision {floor.last.as_of}, from")
        lines.append(f"  {_at(floor.last.start, zone)} to {_at(floor.last.end, zone)}. Where nothing is known of a")
        lines.append("  booking, an event at or below it for a time in there is stale.")
    return lines


def _content(shown: "Shown", zone: tzinfo) -> list[str]:
    item = shown.item
    states = [shown.show_as, *(["all day"] if shown.all_day else []), *(["private"] if shown.private else [])]
    return [
        f"  when:     {_at(item.start, zone)} to {_at(item.end, zone)}",
        f"  where:    {shown.location or '(no place)'}",
        f"  shown as: {', '.join(states)}",
        f"  revision: {item.revision}",
        f"  written:  {_by_event(shown.event, zone)}",
        f"  source:   {item.source}",
    ]


def _remembered(one: "Remembered", zone: tzinfo) -> list[str]:
    tombstone = one.tombstone
    said = {
        "cancelled": "It was cancelled: only an event with a higher revision brings it back.",
        "outside": "It lay outside the window: an event with the same revision or a higher one brings it back.",
        "absent": "A snapshot did not name it: only an event above this revision, or for another time, brings it back.",
    }
    return [
        f"Tombstone, {tombstone.state}: {said[tombstone.state]}",
        f"  revision: {tombstone.revision}",
        f"  written:  {_by_event(one.event, zone)}",
        f"  source:   {tombstone.source}",
        f"  until:    {_at(tombstone.expires, zone)}",
    ]


def _edited(shown: "Shown") -> str:
    """How somebody has changed what we wrote, as far as that can be told; empty if nobody has."""
    fields = _edited_fields(shown)
    if "kind" in fields:
        return "yes, somebody made a meeting or a series of it"
    if "categories" in fields:
        return "yes, categories that Callsheet wrote are gone; the digest cannot tell whether other fields changed"
    if not shown.item.as_written:
        return "yes: title, time, place, show-as or private are not as written (the digest cannot tell which)"
    return ""


def _edited_fields(shown: "Shown") -> list[str]:
    """The owned fields that have certainly been edited: the digest holds a mark for each of our categories."""
    from consumer.core.digest import Digest

    fields = []
    if not shown.item.plain:
        fields.append("kind")
    if shown.our_categories < len(Digest.parse(shown.item.digest).category_marks):
        fields.append("categories")
    return fields


def _by_event(text: str, zone: tzinfo) -> str:
    from consumer.calendars.ews.findings import event_of

    identifier, at = event_of(text)
    return f"by event {identifier or '(unknown)'}" + (f" of {_at(at, zone)}" if at else "")


def _at(instant: datetime, zone: tzinfo) -> str:
    return instant.astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z")


def _document(findings: "Findings", mailbox: str, booking: str, source: str | None) -> dict[str, Any]:
    return {
        "mailbox": mailbox,
        "booking": booking,
        "source": source,
        "source_mark": source_mark(source) if source is not None else None,
        "items": list(map(_item, findings.items)),
        "tombstones": [
            {
                "key": one.tombstone.key,
                "source_mark": one.tombstone.source,
                "state": str(one.tombstone.state),
                "revision": one.tombstone.revision,
                "dead_up_to": one.tombstone.dead_up_to,
                "expires": one.tombstone.expires.isoformat(),
                **_event(one.event),
            }
            for one in findings.tombstones
        ],
        "floors": [
            {
                "source_mark": floor.source,
                "revision": floor.revision,
                "last_snapshot": None if floor.last is None else _covered(floor.last),
            }
            for floor in findings.floors
        ],
    }


def _covered(covered: "Coverage") -> dict[str, Any]:
    return {"from": covered.start.isoformat(), "to": covered.end.isoformat(), "as_of": covered.as_of}


def _item(shown: "Shown") -> dict[str, Any]:
    item = shown.item
    return {
        "folder": "calendar" if shown.folder == "calendar" else "deleted_items",
        "key": item.key,
        "source_mark": item.source,
        "title": shown.title,
        "start": item.start.isoformat(),
        "end": item.end.isoformat(),
        "all_day": shown.all_day,
        "location": shown.location,
        "show_as": shown.show_as,
        "private": shown.private,
        "other_categories": list(item.other_categories),
        "revision": item.revision,
        **_event(shown.event),
        "edited": not (item.as_written and item.plain),
        "certainly_edited": _edited_fields(shown),
    }


def _event(text: str) -> dict[str, Any]:
    from consumer.calendars.ews.findings import event_of

    identifier, at = event_of(text)
    return {"event_id": identifier, "event_time": at.isoformat() if at else None}
