"""Waits for Exchange before anything is taken from the broker."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from consumer.calendars.ews.connection import Endpoint
from consumer.telemetry.health import Health
from consumer.telemetry.logs import logger

_EVERY_SECONDS = 2.0
_CONNECT_SECONDS = 5.0


async def until_reachable(endpoint: Endpoint, health: Health, stop: asyncio.Event) -> None:
    """Return once the server accepts a (secure) connection, or ``stop`` is set. Says every failure in the log.

    No log-in is tried: with a wrong password that could lock the account.
    """
    parts = urlsplit(endpoint.url)
    secure = parts.scheme == "https"
    while not stop.is_set():
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, writer = await asyncio.open_connection(
                    parts.hostname, parts.port or (443 if secure else 80), ssl=endpoint.tls if secure else None
                )
            writer.close()
        except OSError as error:
            health.exchange = f"cannot connect: {error}"
            logger().warning("exchange_away", url=endpoint.url, error=f"{type(error).__name__}: {error}")
        else:
            health.exchange = "ok"
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_EVERY_SECONDS):
                await stop.wait()
