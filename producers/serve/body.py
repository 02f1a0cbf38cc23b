"""Reading a request's body: not more than it may have, not longer than it may take, not more of all than fits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import Request

from producers.serve.limits import Limits
from producers.serve.problems import Code, Problem

_CLOSE: Final = {"Connection": "close"}
"""What was not read is not waited for: the connection ends with the answer."""


class Bodies:
    """Reads bodies, and keeps count of what all requests together hold in memory."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request) -> AsyncIterator[bytes]:
        """The whole body; its memory counts until the context ends.

        Raises :class:`Problem`, and Starlette's ClientDisconnect when nobody is there any more.
        """
        announced = request.headers.get("content-length", "")
        if announced.isdigit() and int(announced[:20]) > self._limits.body_bytes:
            raise self._too_large(f"{announced[:20]} are announced")
        parts: list[bytes] = []
        held = 0
        try:
            async with asyncio.timeout(self._limits.request_seconds) as deadline:
                async for part in request.stream():
                    if held + len(part) > self._limits.body_bytes:
                        raise self._too_large("there are more")
                    self._take(len(part))
                    held += len(part)
                    parts.append(part)
            yield b"".join(parts)
        except TimeoutError:
            if not deadline.expired():
                raise
            detail = f"the body was not complete within {self._limits.request_seconds:g} s"
            raise Problem(
                Code.BODY_TOO_SLOW, f"{detail}; nothing was published: send it again", headers=_CLOSE
            ) from None
        finally:
            self._held -= held

    def _take(self, size: int) -> None:
        if self._held + size > self._limits.all_bodies_bytes:
            detail = "other requests fill the memory that bodies may take; nothing was published: send it again"
            raise Problem(Code.OVERLOADED, detail, headers=_CLOSE, retry_after_seconds=1)
        self._held += size

    def _too_large(self, found: str) -> Problem:
        detail = (
            f"a body may have {self._limits.body_bytes} bytes, {found}; nothing was published: send smaller batches"
        )
        return Problem(Code.TOO_LARGE, detail, headers=_CLOSE)
