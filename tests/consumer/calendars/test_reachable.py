"""Waiting for Exchange before anything is taken from the broker."""

import asyncio
from pathlib import Path

from consumer.calendars.ews.connection import tls_context
from consumer.calendars.reachable import until_reachable
from consumer.telemetry.health import Health
from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import StartEmulator
from tests.consumer.calendars.samples import endpoint
from tests.support import eventually_async


async def test_it_is_there(emulator: RunningEmulator) -> None:
    health = Health()
    async with asyncio.timeout(5):
        await until_reachable(endpoint(emulator), health, asyncio.Event())
    assert health.exchange == "ok"
    counters = emulator.counters()
    assert counters["requests"] == {}
    assert counters["auth"] == {"ntlm_handshakes": 0, "refused": 0}, "no log-in is tried"


async def test_it_is_away_and_comes_back(emulator: RunningEmulator) -> None:
    emulator.add_fault("refuse")
    health = Health()
    waiting = asyncio.create_task(until_reachable(endpoint(emulator), health, asyncio.Event()))
    await eventually_async(lambda: health.exchange.startswith("cannot connect: "))
    assert not waiting.done()
    emulator.clear_faults()
    async with asyncio.timeout(10):
        await waiting
    assert health.exchange == "ok"


async def test_stopping_ends_the_wait(emulator: RunningEmulator) -> None:
    health, stop = Health(), asyncio.Event()
    nowhere = endpoint(emulator, url="http://127.0.0.1:1/EWS/Exchange.asmx")
    waiting = asyncio.create_task(until_reachable(nowhere, health, stop))
    await eventually_async(lambda: health.exchange.startswith("cannot connect: "))
    stop.set()
    async with asyncio.timeout(1):
        await waiting
    assert health.exchange != "ok"


async def test_a_certificate_that_is_not_trusted_is_no_exchange(start_emulator: StartEmulator, tmp_path: Path) -> None:
    secure = start_emulator(["anna@example.com"], args=["--tls", str(tmp_path / "tls")])
    health, stop = Health(), asyncio.Event()
    async with asyncio.timeout(5):
        await until_reachable(endpoint(secure), health, stop)
    assert health.exchange == "ok"
    distrusting = endpoint(secure, tls=tls_context(None, insecure=False))
    waiting = asyncio.create_task(until_reachable(distrusting, health, stop))
    await eventually_async(lambda: "certificate verify failed" in health.exchange)
    stop.set()
    async with asyncio.timeout(5):
        await waiting
