"""A plan for people, as a table, and for programs, as JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from producers.sync.difference import Place
from producers.sync.plan import Plan
from producers.sync.schedule import Content

_WIDTH_IN_FILES = 160


@dataclass(frozen=True, slots=True)
class _Row:
    """One event to be published."""

    place: Place
    action: str
    content: Content | None

    def as_json(self) -> dict[str, Any]:
        data = None if self.content is None else orjson.loads(self.content)
        return {"mailbox": self.place.mailbox, "booking": self.place.booking, "action": self.action, "data": data}


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """Every event, with the data it will carry; for a cancellation, with the data that go."""
    return {
        "source": plan.schedule.source,
        "bookings": len(plan.schedule.bookings),
        "from": plan.window.start.isoformat(),
        "to": plan.window.end.isoformat(),
        "events": [row.as_json() for row in _rows(plan)],
        "snapshots": list(plan.snapshots),
        "unmapped": [
            {"kind": item.kind, "id": item.id, "name": plan.schedule.names.get(item, item.id)}
            for item in sorted(plan.unmapped)
        ],
        "refused": plan.refusal,
    }


def print_plan(plan: Plan) -> None:
    """The table on standard output, by mailbox; below it what else there is to say."""
    out = Console(markup=False, highlight=False)
    if not out.is_terminal:
        out = Console(markup=False, highlight=False, width=_WIDTH_IN_FILES)
    table = Table("mailbox", "what", "booking", "start", "end", "title")
    mailbox = None
    rows = list(_rows(plan))
    for row in rows:
        fields = {} if row.content is None else orjson.loads(row.content)
        repeated = row.place.mailbox == mailbox
        mailbox = row.place.mailbox
        texts = ("" if repeated else mailbox, row.action, row.place.booking)
        times = (str(fields.get("start", ""))[:16].replace("T", " "), str(fields.get("end", ""))[:16].replace("T", " "))
        table.add_row(*map(Text, (*texts, *times, str(fields.get("title", "")))))
    if rows:
        out.print(table)
    mailboxes = len({row.place.mailbox for row in rows} | set(plan.snapshots))
    for item in sorted(plan.unmapped):
        out.print(f"no mailbox for {item} ({plan.schedule.names.get(item, item.id)})")
    out.print(
        f"plan: source={plan.schedule.source} events={len(rows)} snapshots={len(plan.snapshots)} mailboxes={mailboxes} "
        f"unmapped={len(plan.unmapped)}; nothing was published",
        soft_wrap=True,
    )


def _rows(plan: Plan) -> Iterator[_Row]:
    for change in plan.publish:
        before = plan.published.get(change.place)
        if change.content is None:
            yield _Row(change.place, "cancel", before.content if before is not None else None)
        else:
            yield _Row(change.place, "new" if before is None or before.content is None else "change", change.content)
    for place, entry in plan.again.items():
        yield _Row(place, "again", entry.content)
