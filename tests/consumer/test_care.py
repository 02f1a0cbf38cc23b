"""How much is taken from a partition: by the breaker, and by what was delivered too often."""

import time

import pytest

from consumer.amqp import care as module
from consumer.amqp.care import Care
from consumer.breaker import Breaker, BreakerState
from consumer.calendars.errors import CalendarError, Remedy
from tests.support import eventually

AWAY = CalendarError("ConnectionRefused", "nobody listens", Remedy.OUTAGE)


def test_nothing_while_open_one_while_trying_all_while_closed() -> None:
    breaker = Breaker(time.monotonic)
    care = Care(breaker, 1000)
    assert (breaker.state, care.prefetch(3), care.available()) == (BreakerState.OPEN, 0, False)
    breaker.reached()
    assert (breaker.state, care.prefetch(3), care.available()) == (BreakerState.CLOSED, 1000, True)
    breaker.confirmed(AWAY)
    assert (breaker.state, care.prefetch(3), care.available()) == (BreakerState.OPEN, 0, False)
    breaker.reached()
    assert (breaker.state, care.prefetch(3), care.available()) == (BreakerState.TRYING, 1, True)
    breaker.succeeded("anna@example.com")
    assert (breaker.state, care.prefetch(3), care.available()) == (BreakerState.CLOSED, 1000, True)


def test_a_suspect_slows_its_own_partition_alone_and_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = Breaker(time.monotonic)
    breaker.reached()
    care = Care(breaker, 1000)
    care.suspect(3)
    assert [care.prefetch(number) for number in (2, 3, 4)] == [1000, 1, 1000]
    monkeypatch.setattr(module, "CAREFUL_SECONDS", 0.05)
    eventually(lambda: care.prefetch(3) == 1000, 5)


def test_a_suspect_does_not_open_what_the_breaker_has_shut() -> None:
    breaker = Breaker(time.monotonic)
    care = Care(breaker, 1000)
    care.suspect(3)
    assert care.prefetch(3) == 0
