"""Waiting for something that happens elsewhere, in its own time."""

import asyncio
import time
from collections.abc import Awaitable, Callable


def eventually(predicate: Callable[[], bool], deadline_seconds: float = 10.0, *, what: str = "") -> None:
    """Ask again and again until it is true. Raises AssertionError after the deadline."""
    deadline = time.monotonic() + deadline_seconds
    while not predicate():
        assert time.monotonic() < deadline, f"not within {deadline_seconds:g} s: {what or predicate}"
        time.sleep(0.02)


async def eventually_async(
    predicate: Callable[[], bool] | Callable[[], Awaitable[bool]], deadline_seconds: float = 10.0, *, what: str = ""
) -> None:
    """The same in an event loop, which goes on meanwhile; the predicate may be a coroutine function."""
    deadline = time.monotonic() + deadline_seconds
    while True:
        answer = predicate()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < deadline, f"not within {deadline_seconds:g} s: {what or predicate}"
        await asyncio.sleep(0.02)
