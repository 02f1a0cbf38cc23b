"""What is published of a schedule, and how: chosen statuses, title and notes by template, privacy. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from contract.event import MAX_NOTES_BYTES, Status
from contract.text import one_line
from producers.sources.plain_text import cut_to_bytes
from producers.sync.privacy import SHOW_ALL, Privacy, PrivacyRules
from producers.sync.schedule import Booking, Content, Schedule, content_of
from producers.sync.template import Template

_LONGEST_TITLE: Final = 20_000
_FROM_CONTENT: Final = ("title", "notes", "location", "status")

ContentFor = Callable[[Booking, str], Content]
"""What a mailbox is sent of a booking."""


class UnknownField(Exception):
    """A template names what the source does not know. The text says what there is."""


@dataclass(frozen=True)
class View:
    """How bookings are shown. Without templates, title and notes stay as the source wrote them."""

    statuses: frozenset[Status] = frozenset(Status)
    title: Template | None = None
    notes: Template | None = None
    privacy: PrivacyRules = SHOW_ALL

    def chosen(self, schedule: Schedule) -> Schedule:
        """The schedule with the bookings of the chosen statuses, titled and described by the templates.

        Raises :class:`UnknownField`.
        """
        if self.statuses >= frozenset(Status) and self.title is None and self.notes is None:
            return schedule
        self._check_names(schedule.bookings)
        written: dict[str, Booking] = {}
        for booking in schedule.bookings.values():
            fields = orjson.loads(booking.content)
            if Status(fields.get("status", Status.CONFIRMED)) in self.statuses:
                written[booking.id] = replace(booking, content=content_of(self._worded(booking, fields)))
        return replace(schedule, bookings=written)

    def content_for(self) -> ContentFor:
        """What each mailbox is sent, after privacy. What was worked out once is remembered."""
        hidden: dict[tuple[str, Privacy], Content] = {}

        def content(booking: Booking, mailbox: str) -> Content:
            mode = self.privacy.mode(_classes(booking), mailbox)
            if mode is Privacy.FULL:
                return booking.content
            known = hidden.get((booking.id, mode))
            if known is None:
                fields = self.privacy.hidden(orjson.loads(booking.content), mode)
                known = hidden[booking.id, mode] = content_of(fields)
            return known

        if self.privacy == SHOW_ALL:
            return lambda booking, _: booking.content
        return content

    def _worded(self, booking: Booking, fields: dict[str, Any]) -> dict[str, Any]:
        values = {**{name: str(fields.get(name, "")) for name in _FROM_CONTENT}, **booking.fields}
        if self.title is not None:
            fields["title"] = one_line(self.title.fill(values), _LONGEST_TITLE) or fields["title"]
        if self.notes is not None:
            fields["notes"] = cut_to_bytes(self.notes.fill(values), MAX_NOTES_BYTES)
        return {name: value for name, value in fields.items() if name != "notes" or value}

    def _check_names(self, bookings: Mapping[str, Booking]) -> None:
        known = {*_FROM_CONTENT, *(name for booking in bookings.values() for name in booking.fields)}
        for what, template in (("title", self.title), ("notes", self.notes)):
            unknown = sorted(template.names - known) if template is not None and bookings else []
            if unknown:
                raise UnknownField(
                    f"the template of {what} names {', '.join(unknown)}, which no booking of this source has: "
                    f"expected {', '.join(sorted(known))}"
                )


AS_READ: Final = View()


def _classes(booking: Booking) -> frozenset[str]:
    """The booking's class where the source has one, and its categories."""
    categories = orjson.loads(booking.content).get("categories", [])
    return frozenset(name.casefold() for name in (booking.fields.get("class", ""), *categories) if name)
