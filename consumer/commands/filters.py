"""Which messages a command means: the same options for every command, given to it as one selection."""

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from consumer.broker_settings import seconds
from consumer.parking.message import NO_REASON, Selection
from contract.reasons import Reason

# What RabbitMQ itself may give as the reason of a dead letter.
_OF_THE_BROKER: Final = ("delivery_limit", "expired", "maxlen", "rejected")
_KNOWN_REASONS: Final = frozenset({*map(str, Reason), *_OF_THE_BROKER, NO_REASON})


def _duration(text: str) -> timedelta:
    try:
        return timedelta(seconds=seconds(text))
    except (ValueError, OverflowError):
        raise typer.BadParameter("expected a duration like 90s, 30m, 2h or 7d") from None


def _reason(text: str) -> str:
    if text not in _KNOWN_REASONS:
        raise typer.BadParameter(f"{text!r} is no reason; expected one of {', '.join(sorted(_KNOWN_REASONS))}")
    return text


def _selection(
    reason: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="CODE", parser=_reason, help="Only with this reason; repeatable."),
    ] = None,
    mailbox: Annotated[
        str, typer.Option("--mailbox", metavar="PATTERN", help="Only of these mailboxes: `*@studio.example.com`.")
    ] = "",
    older_than: Annotated[
        timedelta | None,
        typer.Option("--older-than", metavar="AGE", parser=_duration, help="Only parked longer ago than this: `2h`."),
    ] = None,
    newer_than: Annotated[
        timedelta | None,
        typer.Option("--newer-than", metavar="AGE", parser=_duration, help="Only parked later than this: `2h` ago."),
    ] = None,
    ids: Annotated[
        list[str] | None, typer.Option("--id", metavar="ID", help="Only with this message id; repeatable.")
    ] = None,
) -> Selection:
    now = datetime.now(UTC)
    try:
        return Selection(
            reasons=frozenset(reason or ()),
            ids=frozenset(ids or ()),
            mailbox=mailbox,
            parked_before=None if older_than is None else now - older_than,
            parked_after=None if newer_than is None else now - newer_than,
        )
    except OverflowError:
        raise typer.BadParameter("an age reaches back before the year 1") from None


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each filter, in place of its parameter ``wanted``: a :class:`Selection`."""
    filters = inspect.signature(_selection).parameters
    own = [one for name, one in inspect.signature(command).parameters.items() if name != "wanted"]

    @functools.wraps(command)
    def with_filters(**given: Any) -> None:
        command(_selection(**{name: given.pop(name) for name in filters}), **given)

    # Typer reads the options from both.
    parameters = [*(one.replace(kind=one.KEYWORD_ONLY) for one in (*filters.values(), *own))]
    with_filters.__dict__["__signature__"] = inspect.Signature(parameters)
    with_filters.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_filters
