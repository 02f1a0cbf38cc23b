"""Small calendars of our own making."""

from pathlib import Path

NEW_YORK = "America/New_York"
_UNTIL_2007 = """\
BEGIN:VTIMEZONE
TZID:Eastern
BEGIN:STANDARD
DTSTART:19671029T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19870405T020000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
END:VTIMEZONE
"""


def event_ics(*lines: str, uid: str = "a", start: str = "DTSTART:20261201T090000Z", length: str = "PT1H") -> str:
    """A VEVENT of an hour; without ``length`` the lines say when it ends."""
    duration = [f"DURATION:{length}"] if length else []
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", start, *duration, *lines, "END:VEVENT"]) + "\n"


def calendar_ics(*events: str, header: str = "") -> str:
    """A VCALENDAR. It defines the zone ``Eastern``, New York's as it was until 2006."""
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{header}{_UNTIL_2007}{''.join(events)}END:VCALENDAR\n"


def write_ics(folder: Path, *events: str, header: str = "", name: str = "team.ics") -> Path:
    path = folder / name
    path.write_bytes(calendar_ics(*events, header=header).replace("\n", "\r\n").encode())
    return path
