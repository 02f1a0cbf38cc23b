"""What the page is served from: its files, the mailboxes and calendars as JSON, the live feed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from emulator.ews.zones import zone
from emulator.http.message import HttpRequest, HttpResponse, Outcome, json_response, text_response
from emulator.organisation import Organisation
from emulator.page.live import LiveFeed
from emulator.store import CalendarEntry, Store

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
)
_LONGEST_VIEW = timedelta(days=62)


class Site:
    """Answers the page's requests. There is no log-in: who reaches the port may see every calendar."""

    def __init__(self, organisation: Organisation, store: Store, live: LiveFeed) -> None:
        self._organisation = organisation
        self._store = store
        self._live = live
        self._files = {
            f"/{path.name}": (path.read_bytes(), _TYPES[path.suffix])
            for path in _STATIC.iterdir()
            if path.suffix in _TYPES
        }
        self._files["/"] = self._files["/index.html"]

    def answer(self, request: HttpRequest) -> Outcome:
        """Answer one request; GET and HEAD only."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(405, b"The page only reads: use GET.\n", headers=(("Allow", "GET, HEAD"),))
        path = request.path
        if found := self._files.get(path):
            return HttpResponse(200, found[0], found[1], _HEADERS)
        if path == "/events" and request.method == "GET":
            return self._live.stream()
        if path == "/api/mailboxes":
            return json_response([[box.address, box.name, box.kind] for box in self._organisation.mailboxes])
        if path == "/api/calendar":
            return self._calendar(request.query)
        return text_response(404, "Nothing here. EWS is at /EWS/Exchange.asmx, the calendars at /.")

    def _calendar(self, query: dict[str, str]) -> HttpResponse:
        mailbox = self._organisation.mailbox(query.get("mailbox", ""))
        if mailbox is None:
            return json_response({"error": "mailbox: not in the organisation"}, 404)
        start, end = _instant(query.get("start")), _instant(query.get("end"))
        if start is None or end is None or not timedelta() < end - start <= _LONGEST_VIEW:
            return json_response({"error": "start, end: expected instants with offset, at most 62 days apart"}, 400)
        return json_response([_as_json(entry) for entry in self._store.calendar(mailbox.address, start, end)])


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _as_json(entry: CalendarEntry) -> dict[str, object]:
    start, end = entry.start.astimezone(UTC), entry.end.astimezone(UTC)
    return {
        "id": entry.id,
        "title": entry.subject,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "dates": [_date(at, entry.time_zone).isoformat() for at in (start, end)] if entry.all_day else None,
        "place": entry.location,
        "show_as": entry.free_busy,
        "categories": list(entry.categories),
        "private": entry.private,
        "zone": entry.time_zone,
        "text": entry.body[:4000],
    }


def _date(midnight: datetime, zone_id: str | None) -> date:
    """The date that begins at this instant.

    An all-day entry belongs to dates, whatever zone the page shows. In the entry's own zone the instant is a midnight.
    If that zone is not known: the midnights of one date lie within twelve hours of its UTC midnight, but for a few
    zones in the Pacific, so rounding finds the date.
    """
    known = zone(zone_id) if zone_id else None
    return midnight.astimezone(known).date() if known else (midnight + timedelta(hours=12)).date()
