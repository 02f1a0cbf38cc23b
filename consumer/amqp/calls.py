"""Calls to the broker whose end is always an error that can be handled."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Answer = TypeVar("Answer")


async def answered(call: Awaitable[Answer]) -> Answer:
    """The result of a call. A connection that is lost while it is under way is a ConnectionError.

    aiormq ends what is pending on a connection that has gone silent as if it had been cancelled. Nobody has asked for
    that: such a cancellation must not end the task that waits.
    """
    try:
        return await call
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise ConnectionError("the connection was lost while a call was under way") from None
