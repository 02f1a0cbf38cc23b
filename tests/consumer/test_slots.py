"""Places for lanes: never more than there are, and alone means alone."""

import asyncio
import random

import pytest

from consumer.lanes.slots import Slots


class Floor:
    """Who is at work, and what was seen of it."""

    def __init__(self) -> None:
        self.at_work: list[bool] = []
        self.most = 0
        self.together_with_one_alone = 0
        self.done = 0

    async def work(self, slots: Slots, alone: bool, turns: int) -> None:
        async with slots.take(alone=alone):
            self.at_work.append(alone)
            for _ in range(turns):
                self.most = max(self.most, len(self.at_work))
                if any(self.at_work) and len(self.at_work) > 1:
                    self.together_with_one_alone += 1
                await asyncio.sleep(0)
            self.at_work.remove(alone)
            self.done += 1


@pytest.mark.parametrize("seed", range(20))
async def test_alone_means_alone(seed: int) -> None:
    chance, slots, floor = random.Random(seed), Slots(lambda: 3), Floor()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        for _ in range(60):
            group.create_task(floor.work(slots, chance.random() < 0.2, chance.randrange(1, 5)))
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
    assert floor.done == 60
    assert floor.together_with_one_alone == 0
    assert floor.most == 3, "and otherwise as many as there are places"


async def test_who_waits_to_be_alone_is_not_overtaken_for_ever() -> None:
    slots, floor = Slots(lambda: 2), Floor()
    release = asyncio.Event()

    async def hold() -> None:
        async with slots.take(alone=False):
            await release.wait()

    first = asyncio.create_task(hold())
    await asyncio.sleep(0)
    lonely = asyncio.create_task(floor.work(slots, True, 1))
    await asyncio.sleep(0)
    others = [asyncio.create_task(floor.work(slots, False, 1)) for _ in range(50)]
    release.set()
    async with asyncio.timeout(10):
        await lonely
        assert floor.done == 1, "it came before those that came after it"
        await asyncio.gather(first, *others)


@pytest.mark.parametrize("alone", [False, True])
async def test_who_stops_waiting_gives_back_what_he_had(alone: bool) -> None:
    slots, floor = Slots(lambda: 2), Floor()
    async with slots.take(alone=False):
        waiting = [asyncio.create_task(floor.work(slots, one, 1)) for one in (alone, True)]
        for _ in range(5):
            await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
    async with asyncio.timeout(5):
        await floor.work(slots, True, 1)


@pytest.mark.parametrize("alone", [False, True])
async def test_a_fault_gives_the_place_back(alone: bool) -> None:
    slots = Slots(lambda: 2)
    for _ in range(5):
        with pytest.raises(KeyError):
            async with slots.take(alone=alone):
                raise KeyError("a fault")
    async with asyncio.timeout(5), slots.take(alone=True):
        pass


async def test_the_limit_may_change_at_any_time() -> None:
    limit, floor = 3, Floor()
    slots = Slots(lambda: limit)
    async with slots.take(alone=False), slots.take(alone=False):
        limit = 1
        waiting = [asyncio.create_task(floor.work(slots, False, 3)) for _ in range(10)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert floor.at_work == [], "two are at work, and only one may be"
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
    assert floor.most == 1
    limit = 3
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(floor.work(slots, False, 3))
    assert floor.most == 3
