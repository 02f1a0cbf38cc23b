"""What all lanes of a replica share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from consumer.calendars.errors import CalendarError
from consumer.calendars.port import Calendars
from consumer.core.window import Window
from consumer.lanes.delivery import Delivery, Settler
from consumer.lanes.memory import Memory
from consumer.lanes.slots import Slots
from consumer.lanes.writing import CountWrite


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes share.

    ``share`` is how many unsettled events one mailbox may hold while it is held up. ``promise_look`` sees to it that an
    event's mailbox is looked at a second time, whoever has its partition by then; it says whether the broker has
    confirmed that. ``broken`` says that a mailbox cannot be opened, for as long as its events will wait; ``late`` is
    told of events that were written when their partition may have been somebody else's already.
    """

    calendars: Calendars
    settler: Settler
    memory: Memory
    slots: Slots
    rungs: Sequence[str]
    share: int
    window: Callable[[], Window]
    now: Callable[[], datetime]
    count_write: CountWrite
    promise_look: Callable[[Delivery], Awaitable[bool]]
    broken: Callable[[str, CalendarError, str], None]
    late: Callable[[Sequence[Delivery]], None]
    report_fault: Callable[[str, Exception], None]
