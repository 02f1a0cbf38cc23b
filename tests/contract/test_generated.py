"""The files that others read: up to date, well-formed, and in agreement with the golden events."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from contract import generate, names
from contract.codec import decode
from contract.event import EventType
from contract.reasons import EventError
from tests.contract.samples import CONTRACT, golden, with_value, without


def schema_file(event_type: EventType) -> Path:
    return CONTRACT / "schemas" / f"{event_type}.json"


def test_the_committed_files_are_what_the_code_says() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "contract.generate", "--check"],
        cwd=CONTRACT.parent,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_an_old_file_is_noticed_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = tmp_path / "contract"
    (here / "schemas").mkdir(parents=True)
    (here / "golden").mkdir()
    for event_type in EventType:
        (here / "golden" / f"{event_type}.json").write_text(json.dumps(golden(event_type)))
        (here / "schemas" / f"{event_type}.json").write_text(schema_file(event_type).read_text("utf-8"), "utf-8")
    monkeypatch.setattr(generate, "HERE", here)
    (here / "schemas" / f"{EventType.CHANGED}.json").write_text("{}")
    assert generate.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "contract/schemas/schedule.booking.changed.v1.json is out of date" in said
    assert "contract/asyncapi.yaml is out of date: run python -m contract.generate" in said
    assert "cancelled" not in said
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


@pytest.mark.parametrize("event_type", list(EventType))
def test_a_golden_event_fits_its_schema(event_type: EventType) -> None:
    schema = json.loads(schema_file(event_type).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(golden(event_type))


@pytest.mark.parametrize(
    ("event_type", "body"),
    [
        *(
            (EventType.CHANGED, without(EventType.CHANGED, path))
            for path in ("id", "subject", "data.title", "data.end")
        ),
        *((EventType.CANCELLED, without(EventType.CANCELLED, path)) for path in ("source", "data.revision")),
        *((EventType.SNAPSHOT, without(EventType.SNAPSHOT, path)) for path in ("time", "data.from", "data.bookings")),
        (EventType.CHANGED, with_value(EventType.CHANGED, "data.revision", -1)),
        (EventType.CHANGED, with_value(EventType.CHANGED, "data.status", "maybe")),
        (EventType.CHANGED, with_value(EventType.CHANGED, "data.categories", "Grading")),
        (EventType.CHANGED, with_value(EventType.CHANGED, "subject", "anna")),
        (EventType.CHANGED, with_value(EventType.CHANGED, "type", "schedule.booking.changed.v2")),
    ],
)
def test_what_the_schema_refuses_is_refused_by_the_code(event_type: EventType, body: bytes) -> None:
    schema = json.loads(schema_file(event_type).read_text("utf-8"))
    with pytest.raises(ValidationError):
        Draft202012Validator(schema).validate(json.loads(body))
    with pytest.raises(EventError):
        decode(body)


def test_the_asyncapi_document() -> None:
    document: Any = yaml.safe_load((CONTRACT / "asyncapi.yaml").read_text("utf-8"))
    assert document["asyncapi"] == "3.0.0"
    channel = document["channels"]["changes"]
    assert channel["address"] == "p{partition}"
    exchange = {"name": names.EXCHANGE, "type": "direct", "durable": True, "autoDelete": False}
    assert channel["bindings"]["amqp"]["exchange"] == exchange
    messages = document["components"]["messages"]
    assert set(messages) == set(EventType)
    for event_type, message in messages.items():
        assert message["contentType"] == "application/cloudevents+json"
        assert (CONTRACT / message["payload"]["$ref"]).resolve() == schema_file(event_type).resolve()
        assert message["examples"][0]["payload"] == golden(event_type)
    for reference in channel["messages"].values():
        assert reference["$ref"].removeprefix("#/components/messages/") in messages
