"""How an update can fail, in kinds that metrics and status name."""

from enum import StrEnum

from producers.publisher import PublishFailed
from producers.sources.damaged import DamagedFile
from producers.sync.patience import TimedOut
from producers.sync.request import UnknownName
from producers.sync.run import SyncRefused
from producers.sync.state import StateError
from producers.sync.view import UnknownField


class FailureKind(StrEnum):
    """What was at fault."""

    SOURCE = "source"
    """The source or one of our own files is damaged, away, or too slow."""
    REFUSED = "refused"
    """It would have done what nobody can have meant."""
    STATE = "state"
    BROKER = "broker"


SOURCE_ERRORS = (DamagedFile, TimedOut, OSError)
REFUSALS = (SyncRefused, UnknownName, UnknownField)
FAILURES = (*SOURCE_ERRORS, *REFUSALS, StateError, PublishFailed)
"""Everything that an update may raise, the text for a person. Nothing was lost: the next one does the rest."""


def kind_of(error: Exception) -> FailureKind:
    """The kind of one of :data:`FAILURES`."""
    if isinstance(error, REFUSALS):
        return FailureKind.REFUSED
    if isinstance(error, StateError):
        return FailureKind.STATE
    if isinstance(error, PublishFailed):
        return FailureKind.BROKER
    return FailureKind.SOURCE
