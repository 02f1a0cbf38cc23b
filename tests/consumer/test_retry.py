"""The first layer of retry, as a table: what each remedy waits for, and what becomes of it in the end."""

import pytest

from consumer.calendars.errors import CalendarError, Remedy
from consumer.lanes import retry
from contract.reasons import Reason


def error(remedy: Remedy, retry_after: float | None = None) -> CalendarError:
    return CalendarError("Code", "what happened", remedy, retry_after)


@pytest.mark.parametrize(
    ("remedy", "again", "doubtful", "unknown", "reason"),
    [
        (Remedy.RETRY_SOON, True, False, False, Reason.MAILBOX_UNAVAILABLE),
        (Remedy.LOOK_FIRST, True, True, True, Reason.EXCHANGE_UNAVAILABLE),
        (Remedy.REREAD, True, True, False, Reason.CONFLICT),
        (Remedy.SEND_AGAIN, True, False, False, Reason.EXCHANGE_UNAVAILABLE),
        (Remedy.MAILBOX, False, False, False, Reason.MAILBOX_UNAVAILABLE),
        (Remedy.OUTAGE, True, False, False, Reason.EXCHANGE_UNAVAILABLE),
        (Remedy.REJECTED, False, False, False, Reason.REJECTED_BY_EXCHANGE),
        (Remedy.REJECTED_AGAIN, True, False, False, Reason.REJECTED_BY_EXCHANGE),
        (Remedy.UNKNOWN, True, True, True, Reason.UNKNOWN_ERROR),
    ],
)
def test_the_table(remedy: Remedy, again: bool, doubtful: bool, unknown: bool, reason: Reason) -> None:
    one = error(remedy)
    assert retry.worth_another_attempt(one, refused_before=False) is again
    once_more = remedy in (Remedy.REJECTED_AGAIN, Remedy.UNKNOWN)
    assert retry.worth_another_attempt(one, refused_before=True) is (again and not once_more)
    assert retry.memory_is_doubtful(one) is doubtful
    assert retry.outcome_is_unknown(one) is unknown
    assert retry.parking_reason(one) is reason


async def waits(*failures: CalendarError, then_well: bool = False) -> list[float]:
    """How long is waited between attempts that fail like this, the last one for ever."""
    slept: list[float] = []
    attempts = 0

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async for attempt in retry.attempts(sleep):
        with attempt:
            attempts += 1
            if attempts > len(failures) and then_well:
                continue
            raise retry.Unfinished(failures[min(attempts, len(failures)) - 1])
    return slept


async def test_it_is_tried_eight_times_and_then_given_up() -> None:
    tried = 0

    async def always(failure: CalendarError) -> None:
        nonlocal tried
        async for attempt in retry.attempts(_no_wait):
            with attempt:
                tried += 1
                raise retry.Unfinished(failure)

    with pytest.raises(retry.Unfinished) as caught:
        await always(error(Remedy.RETRY_SOON))
    assert tried == 8
    assert str(caught.value.error) == "Code: what happened"


@pytest.mark.parametrize("remedy", [Remedy.RETRY_SOON, Remedy.LOOK_FIRST, Remedy.OUTAGE, Remedy.UNKNOWN])
async def test_the_waits_grow_and_are_jittered(remedy: Remedy) -> None:
    seen = [await waits(*[error(remedy)] * 7, then_well=True) for _ in range(40)]
    for number in range(7):
        column = [one[number] for one in seen]
        assert max(column) <= min(0.25 * 2**number, 10)
        assert min(column) >= 0
        assert len(set(column)) > 30, "never all at once"
    assert sum(max(one[number] for one in seen) for number in range(7)) < retry.TOTAL_SECONDS


@pytest.mark.parametrize("remedy", [Remedy.REREAD, Remedy.SEND_AGAIN])
async def test_the_first_conflict_waits_for_nothing(remedy: Remedy) -> None:
    slept = await waits(*[error(remedy)] * 4, then_well=True)
    assert slept[0] == 0.0
    assert max(slept) > 0


@pytest.mark.parametrize("remedy", list(Remedy))
@pytest.mark.parametrize("asked", [0.0, 0.5, 12.25])
async def test_what_the_server_asks_for_is_honoured(remedy: Remedy, asked: float) -> None:
    assert await waits(error(remedy, asked), error(remedy, asked), then_well=True) == [asked, asked]


async def test_well_at_once_waits_for_nothing() -> None:
    assert await waits(then_well=True) == []


async def test_a_fault_of_ours_is_not_repeated() -> None:
    tried = 0

    async def faulty() -> None:
        nonlocal tried
        async for attempt in retry.attempts(_no_wait):
            with attempt:
                tried += 1
                raise KeyError("a fault")

    with pytest.raises(KeyError):
        await faulty()
    assert tried == 1


async def _no_wait(_: float) -> None:
    """As long as it may be asked for."""
