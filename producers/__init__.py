"""Publishing schedules: a confirmed publisher, commands, sources of schedules, and the sync that finds what changed.

Imports ``contract`` and nothing else of Callsheet. Programs of your own use :class:`Publisher` in an event loop and
:class:`BlockingPublisher` elsewhere.
"""

from producers.blocking import BlockingPublisher
from producers.event_id import new_event_id
from producers.publisher import BrokerAway, BrokerRefused, Publisher, PublishFailed, Unroutable

__all__ = [
    "BlockingPublisher",
    "BrokerAway",
    "BrokerRefused",
    "PublishFailed",
    "Publisher",
    "Unroutable",
    "new_event_id",
]
