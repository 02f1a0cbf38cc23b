"""Every kind of fault, as a client meets it."""

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from lxml import etree

from deploy.sandbox.stand_in import RunningEmulator
from tests.conftest import StartEmulator
from tests.emulator.soap import TIMEOUT_SECONDS, Client, codes
from tests.support import eventually


def test_latency_delays_and_many_wait_at_once(emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("latency", ms=300)
    clients = [Client(emulator) for _ in range(10)]
    began = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: client.create("x", mailbox=mailbox), clients))
    took = time.monotonic() - began
    assert [codes(answer) for answer in answers] == [["NoError"]] * 10
    assert 0.3 <= took < 2.0


def test_a_request_whose_client_goes_while_it_waits_is_not_applied(emulator: RunningEmulator, mailbox: str) -> None:
    emulator.add_fault("latency", ms=200, count=1)
    with pytest.raises(requests.Timeout):
        Client(emulator).create("impatient", mailbox=mailbox, timeout=0.05)
    emulator.add_fault("latency", ms=400, count=1)
    assert codes(Client(emulator).create("patient", mailbox=mailbox)) == ["NoError"]
    assert Client(emulator).subjects(mailbox) == ["patient"]


def test_latency_by_option(start_emulator: StartEmulator) -> None:
    emulator = start_emulator(["anna@example.com"], args=["--latency-ms", "250"])
    began = time.monotonic()
    Client(emulator).create("x", mailbox="anna@example.com")
    assert time.monotonic() - began >= 0.25


@pytest.mark.parametrize("policy_first", [True, False])
def test_server_busy(emulator: RunningEmulator, client: Client, mailbox: str, policy_first: bool) -> None:
    emulator.add_fault("server_busy", back_off_ms=1234, policy_first=policy_first)
    answer = client.create("x", mailbox=mailbox)
    assert answer.status_code == 500
    assert codes(answer) == ["ErrorServerBusy"]
    values = re.findall(r'Value Name="(\w+)">([^<]*)<', answer.text)
    assert values == [("Policy", "EwsCostThrottlingPolicy")] * policy_first + [("BackOffMilliseconds", "1234")]
    emulator.clear_faults()
    assert client.subjects(mailbox) == []


@pytest.mark.parametrize("status", [403, 413, 429, 502, 503, 504])
def test_http_status(emulator: RunningEmulator, client: Client, mailbox: str, status: int) -> None:
    emulator.add_fault("http_status", status=status, retry_after=7)
    answer = client.create("x", mailbox=mailbox)
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")
    emulator.clear_faults()
    assert client.subjects(mailbox) == []


def test_http_401_comes_with_the_schemes(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("http_status", status=401)
    answer = client.create("x", mailbox=mailbox)
    assert answer.status_code == 401
    assert "NTLM" in answer.headers["WWW-Authenticate"]


def test_soap_fault(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("soap_fault", code="ErrorMailboxFailover")
    answer = client.create("x", mailbox=mailbox)
    assert answer.status_code == 500
    assert codes(answer) == ["ErrorMailboxFailover"]


@pytest.mark.parametrize(
    ("fields", "expected", "stored"),
    [
        ({"code": "ErrorItemSave"}, ["ErrorItemSave"] * 3, []),
        ({"code": "ErrorItemSave", "index": 1}, ["NoError", "ErrorItemSave", "NoError"], ["a", "c"]),
        (
            {"code": "ErrorQuotaExceeded", "index": 1},
            ["NoError", "ErrorQuotaExceeded", "ErrorBatchProcessingStopped"],
            ["a"],
        ),
    ],
    ids=["every item", "one item", "a code that stops the batch"],
)
def test_item_error(
    emulator: RunningEmulator,
    client: Client,
    mailbox: str,
    fields: Mapping[str, Any],
    expected: list[str],
    stored: list[str],
) -> None:
    emulator.add_fault("item_error", operation="CreateItem", **fields)
    assert codes(client.create("a", "b", "c", mailbox=mailbox)) == expected
    assert client.subjects(mailbox) == stored
    assert emulator.counters()["items"].get("CreateItem", 0) == len(stored)


@pytest.mark.parametrize(
    ("kind", "fields", "stored"),
    [
        ("commit_then_drop", {}, ["a", "b", "c"]),
        ("partial_commit", {"items": 2}, ["a", "b"]),
        ("partial_commit", {"items": 0}, []),
        ("drop", {}, []),
        ("hang", {"seconds": 0.1}, []),
    ],
)
def test_the_connection_ends_without_an_answer(
    emulator: RunningEmulator, client: Client, mailbox: str, kind: str, fields: Mapping[str, Any], stored: list[str]
) -> None:
    emulator.add_fault(kind, operation="CreateItem", **fields)
    with pytest.raises(requests.ConnectionError):
        client.create("a", "b", "c", mailbox=mailbox)
    assert client.subjects(mailbox) == stored
    assert emulator.counters()["faults"] == {kind: 1}


def test_commit_late_applies_what_its_client_gave_up(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("commit_late", operation="CreateItem", ms=400)
    with pytest.raises(requests.Timeout):
        Client(emulator).create("late", mailbox=mailbox, timeout=0.1)
    assert client.subjects(mailbox) == []
    eventually(lambda: client.subjects(mailbox) == ["late"], what="the late item")


def test_commit_late_answers_a_client_that_waits(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("commit_late", ms=150, count=1)
    assert codes(client.create("late", mailbox=mailbox)) == ["NoError"]


@pytest.mark.parametrize("ended_by", ["its own removal", "removal of all"])
@pytest.mark.parametrize("count", [None, 1])
def test_a_hang_lasts_until_it_is_taken_away(
    emulator: RunningEmulator, mailbox: str, count: int | None, ended_by: str
) -> None:
    number = emulator.add_fault("hang", operation="CreateItem", count=count)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(Client(emulator).create, "x", mailbox=mailbox)
        eventually(lambda: emulator.counters()["faults"] == {"hang": 1})
        assert not answer.done()
        if ended_by == "removal of all" or count == 1:
            emulator.clear_faults()
        else:
            emulator.remove_fault(number)
        with pytest.raises(requests.ConnectionError):
            answer.result(TIMEOUT_SECONDS)
    assert Client(emulator).subjects(mailbox) == []


def test_refuse_closes_the_port_and_opens_it_again(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    client.create("before", mailbox=mailbox)
    number = emulator.add_fault("refuse")
    for refused in (client, Client(emulator)):
        with pytest.raises(requests.ConnectionError):
            refused.create("during", mailbox=mailbox)
    emulator.remove_fault(number)
    assert codes(client.create("after", mailbox=mailbox)) == ["NoError"]
    assert client.subjects(mailbox) == ["after", "before"]


def test_refuse_ends_after_its_time(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("refuse", seconds=0.2)

    def works() -> bool:
        try:
            return client.subjects(mailbox) == []
        except requests.ConnectionError:
            return False

    assert not works()
    eventually(works, what="the port to be open again")


def test_truncate_applies_and_answers_half(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("truncate", operation="CreateItem")
    answer = client.create("x", mailbox=mailbox)
    assert answer.status_code == 200
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.content)
    assert client.subjects(mailbox) == ["x"]


def test_faults_strike_only_what_they_name(emulator: RunningEmulator, client: Client) -> None:
    emulator.add_fault("soap_fault", code="ErrorInternalServerError", operation="CreateItem", mailbox="user-1@*")
    assert codes(client.create("struck", mailbox="user-1@example.com")) == ["ErrorInternalServerError"]
    assert codes(client.create("spared", mailbox="user-2@example.com")) == ["NoError"]
    assert "struck" not in client.subjects("user-1@example.com")
    assert "spared" in client.subjects("user-2@example.com")


def test_count_and_time_end_a_fault(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    emulator.add_fault("soap_fault", code="ErrorInternalServerError", count=2)
    seen = [codes(client.create("x", mailbox=mailbox)) for _ in range(3)]
    assert seen == [["ErrorInternalServerError"], ["ErrorInternalServerError"], ["NoError"]]
    emulator.add_fault("soap_fault", code="ErrorInternalServerError", seconds=0.2)
    assert codes(client.create("x", mailbox=mailbox)) == ["ErrorInternalServerError"]
    eventually(lambda: codes(client.create("x", mailbox=mailbox)) == ["NoError"])


def test_the_first_of_two_faults_strikes_and_latency_comes_on_top(
    emulator: RunningEmulator, client: Client, mailbox: str
) -> None:
    emulator.add_fault("soap_fault", code="ErrorInternalServerError")
    emulator.add_fault("http_status", status=503)
    emulator.add_fault("latency", ms=150)
    began = time.monotonic()
    assert codes(client.create("x", mailbox=mailbox)) == ["ErrorInternalServerError"]
    assert time.monotonic() - began >= 0.15
    assert emulator.counters()["faults"] == {"soap_fault": 1, "latency": 1}
