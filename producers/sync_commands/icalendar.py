"""``callsheet-producer sync icalendar``."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from producers.sources.ical.download import Download
from producers.sources.interval import Interval
from producers.sync.schedule import ScheduledObject
from producers.sync.update import Read
from producers.sync_commands.names import SourceName, read_holder


def icalendar(
    place: Annotated[str, typer.Argument(metavar="FILE|URL", help="The calendar: a file, or an https address.")],
    of: Annotated[
        ScheduledObject | None,
        typer.Option(
            metavar="OBJECT",
            parser=read_holder,
            help="Whose calendar it is, like person:123 or room:Suite 4; left out: that of its attendees.",
        ),
    ] = None,
    source: SourceName = None,
    timezone: ZoneInfo | None = None,
    days_after: int | None = None,
) -> Read:
    """Publishes what changed in a calendar in iCalendar, each instance of what recurs as a booking of its own.

    Needs --days-after, because what recurs may do so for ever. --timezone is also that of floating times. An address is
    fetched again only when it has changed.
    """
    if days_after is None:
        raise typer.BadParameter("a calendar may recur for ever: expected --days-after, and --timezone")
    # Here, because every other command starts in half the time without the libraries of calendars.
    from producers.sources.ical.reader import CalendarOptions, read_icalendar

    options = CalendarOptions(source=source, timezone=None if timezone is None else timezone.key, holder=of)
    calendar = _place(place)
    return lambda window: read_icalendar(calendar, Interval(window.start, window.end), options)


def _place(text: str) -> Path | Download:
    if "://" in text:
        try:
            return Download(text)
        except ValueError as error:
            raise typer.BadParameter(f"{text!r}, expected {error}") from None
    if not Path(text).is_file():
        raise typer.BadParameter(f"file {text!r} does not exist, or is no file")
    return Path(text)
