"""A call to the broker that ends as if it had been cancelled, though nobody has asked for that."""

import asyncio

import pytest

from consumer.amqp.calls import answered


async def test_an_answer_is_an_answer() -> None:
    assert await answered(asyncio.sleep(0, "here")) == "here"


async def test_what_a_lost_connection_cancels_is_a_connection_error() -> None:
    pending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(pending.cancel)
    with pytest.raises(ConnectionError, match="the connection was lost"):
        await answered(pending)


async def test_who_is_really_cancelled_stays_cancelled() -> None:
    task = asyncio.create_task(answered(asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_stays_a_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await answered(asyncio.sleep(60))
