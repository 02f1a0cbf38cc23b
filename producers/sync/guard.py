"""The guard against a source that has lost something: a smaller schedule is not published before a person agrees.

A file cut short, a query without half of its rows, a filter set wrong: all of them look like cancellations.
"""

from collections.abc import Mapping
from typing import Final

from producers.sync.difference import Entry, Place
from producers.sync.schedule import Booking, ScheduledObject
from producers.sync.window import Side, Window

SHARE: Final = 0.3
COUNT: Final = 5
"""Up to this many, or up to this share, may go at once without a question."""


def shrinking(
    published: Mapping[Place, Entry],
    bookings: Mapping[str, Booking],
    window: Window,
    *,
    allow_empty: bool = False,
    accept_shrink: bool = False,
) -> str | None:
    """Why this schedule should not be published before a person has agreed, and what to do; None when all is well.

    Compared is what stands in calendars and is not history: the bookings that are gone, and of those that are left the
    people and rooms they have lost without getting others. Who is in the directory makes no difference. With nothing
    left at all, even a few bookings are a question.
    """
    holders: dict[str, set[ScheduledObject]] = {}
    for place, entry in published.items():
        if entry.content is not None and window.side(entry.content) is not Side.BEFORE:
            holders.setdefault(place.booking, set()).update(entry.holders)
    if not holders:
        return None
    if not bookings:
        return (
            None
            if allow_empty
            else (
                f"the schedule has no booking at all, and {len(holders)} bookings of it stand in calendars: "
                "if they shall really go, say --allow-empty"
            )
        )
    if accept_shrink:
        return None
    gone = holders.keys() - bookings.keys()
    if too_many(len(gone), len(holders)):
        return (
            f"{len(gone)} of {len(holders)} bookings that stand in calendars are no longer in the schedule, for "
            f"instance {', '.join(sorted(gone)[:3])}. If they shall really go, say --accept-shrink"
        )
    before = sum(len(holders[booking]) for booking in holders.keys() - gone)
    lost = sum(max(0, len(holders[booking]) - len(bookings[booking].objects)) for booking in holders.keys() - gone)
    if too_many(lost, before):
        return (
            f"the bookings in calendars are for {before} people and rooms in all, and the schedule has lost {lost} of "
            "them. If that is meant, say --accept-shrink"
        )
    return None


def too_many(gone: int, of: int) -> bool:
    """Whether so many may not go without a question."""
    return gone > COUNT and gone > SHARE * of
