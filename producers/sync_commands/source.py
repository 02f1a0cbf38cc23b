"""From what a source's own options give to a command that has the common ones as well."""

import asyncio
import inspect
import os
from collections.abc import Callable
from typing import Any

from contract.event import Status
from producers.command_line import clear_errors
from producers.publisher import Publisher
from producers.settings import Settings
from producers.sync.update import Job, Read, Updater
from producers.sync_commands.execute import show_plan, stay, update_once
from producers.sync_commands.options import Options

_SOURCE_TIMEOUT_SECONDS = 60.0


def source_command(declare: Callable[..., Read]) -> Callable[..., None]:
    """The command of a source: a function with the parameters of ``declare`` and one for each of :class:`Options`.

    A parameter of ``declare`` that has the name of such an option is given its value. Name and help are those of
    ``declare``.
    """
    asked = inspect.signature(declare).parameters
    common = inspect.signature(Options).parameters
    own = {name: parameter for name, parameter in asked.items() if name not in common}

    def command(**given: Any) -> None:
        with clear_errors():
            options = Options(**{name: given[name] for name in common})
            options.check()
            _run(declare(**{name: given[name] for name in asked}), options)

    parameters = [*own.values(), *common.values()]
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    command.__name__, command.__doc__, command.__annotations__ = declare.__name__, declare.__doc__, {}
    command.__dict__["__signature__"] = inspect.Signature(keyword_only)
    return command


def _run(read: Read, options: Options) -> None:
    settings = Settings.read(os.environ, options.amqp_url)
    timeout = options.source_timeout
    job = Job(
        read=read,
        state=options.state,
        directory=options.directory,
        view_file=options.settings,
        statuses=options.statuses or frozenset(Status),
        days_before=options.days_before,
        days_after=options.days_after,
        zone=options.zone,
        source_timeout_seconds=_SOURCE_TIMEOUT_SECONDS if timeout is None else timeout.total_seconds(),
    )

    def connect() -> Publisher:
        return Publisher(settings.amqp_url, partitions=settings.partitions, deadline_seconds=options.wait)

    updater = Updater(job, connect)
    run = show_plan if options.plan else stay if options.stays else update_once
    asyncio.run(run(updater, options))
