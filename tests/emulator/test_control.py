"""The control endpoint."""

from typing import Any

import pytest
import requests

from deploy.sandbox.stand_in import RunningEmulator
from tests.emulator.soap import TIMEOUT_SECONDS, Client


def call(emulator: RunningEmulator, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = requests.request(method, emulator.control_url + path, json=body, timeout=TIMEOUT_SECONDS)
    return answer.status_code, answer.json()


def test_counters_count_and_start_again(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    client.create("a", "b", mailbox=mailbox)
    client.subjects(mailbox)
    client.create("c", mailbox="nobody@example.com")
    assert call(emulator, "GET", "/counters") == (
        200,
        {
            "requests": {"CreateItem": 2, "FindItem": 1},
            "items": {"CreateItem": 2},
            "by_mailbox": {mailbox: {"CreateItem": 1, "FindItem": 1}},
            "faults": {},
            "auth": {"ntlm_handshakes": 0, "refused": 0},
        },
    )
    assert call(emulator, "DELETE", "/counters") == (200, {})
    assert call(emulator, "GET", "/counters")[1]["requests"] == {}


def test_the_journal_has_every_request_with_its_times(emulator: RunningEmulator, client: Client, mailbox: str) -> None:
    call(emulator, "DELETE", "/journal")
    emulator.add_fault("latency", ms=50, per_item_ms=50, operation="CreateItem")
    client.create("a", "b", mailbox=mailbox)
    client.subjects(mailbox)
    status, entries = call(emulator, "GET", "/journal")
    assert status == 200
    assert [(one["account"], one["operation"], one["mailbox"]) for one in entries] == [
        (emulator.user, "CreateItem", mailbox),
        (emulator.user, "FindItem", mailbox),
    ]
    create, find = entries
    assert create["ended"] - create["began"] >= 0.15
    assert create["ended"] <= find["began"] <= find["ended"]
    assert call(emulator, "DELETE", "/journal") == (200, {})
    assert emulator.journal() == []


def test_faults_are_added_listed_and_removed(emulator: RunningEmulator) -> None:
    everything = {"kind": "latency", "operation": None, "mailbox": None, "share": 1.0, "count": None, "seconds": None}
    _, added = call(emulator, "POST", "/faults", everything | {"ms": 1})
    _, other = call(emulator, "POST", "/faults", {"kind": "drop", "mailbox": "x@*", "count": 3})
    status, faults = call(emulator, "GET", "/faults")
    assert status == 200
    assert faults == [
        {"id": added["id"], "kind": "latency", "ms": 1.0, "per_item_ms": 0.0, "share": 1.0, "left": None, "struck": 0},
        {"id": other["id"], "kind": "drop", "mailbox": "x@*", "share": 1.0, "count": 3, "left": 3, "struck": 0},
    ]
    assert call(emulator, "DELETE", f"/faults/{added['id']}") == (200, {})
    assert call(emulator, "DELETE", f"/faults/{added['id']}")[0] == 404
    assert call(emulator, "DELETE", "/faults") == (200, {})
    assert call(emulator, "GET", "/faults") == (200, [])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({}, "kind"),
        ({"kind": "earthquake"}, "earthquake"),
        ({"kind": "latency"}, "latency.ms: Field required"),
        ({"kind": "latency", "ms": -1}, "latency.ms: Input should be greater than or equal to 0"),
        ({"kind": "latency", "ms": 1, "milliseconds": 1}, "latency.milliseconds: Extra inputs"),
        ({"kind": "drop", "share": 1.5}, "drop.share"),
        ({"kind": "item_error", "code": "<b>"}, "item_error.code"),
        ({"kind": "refuse", "mailbox": "x@*"}, "refuse.mailbox"),
        ([], "fault"),
    ],
)
def test_wrong_faults_are_refused_with_the_field(emulator: RunningEmulator, fault: Any, message: str) -> None:
    status, answer = call(emulator, "POST", "/faults", fault)
    assert status == 400
    assert message in answer["error"]
    assert call(emulator, "GET", "/faults") == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("PUT", "/faults", 405), ("POST", "/counters", 405), ("GET", "/faults/1", 405)],
)
def test_other_requests_are_told_what_there_is(emulator: RunningEmulator, method: str, path: str, status: int) -> None:
    answered, answer = call(emulator, method, path)
    assert answered == status
    assert "/faults" in answer["error"] or "/counters" in answer["error"]


def test_a_body_that_is_not_json(emulator: RunningEmulator) -> None:
    answer = requests.post(emulator.control_url + "/faults", data=b"{", timeout=TIMEOUT_SECONDS)
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]
