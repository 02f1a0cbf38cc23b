"""docs/producers/sync.md tells what `callsheet-producer sync` can: its options, its metrics, its settings file."""

import inspect
import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from producers.sync.metrics import SyncMetrics
from producers.sync.view_file import read_view_settings
from producers.sync_commands.options import Options
from tests.architecture.documents import DOCS, blocks, section

SYNC = DOCS / "producers" / "sync.md"


def test_every_option_is_explained() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)` \|", section(SYNC, "The options"), re.MULTILINE)
    renamed = {"as_json": "json"}
    names = [renamed.get(name, name) for name in inspect.signature(Options).parameters if name != "who"]
    assert sorted(rows) == sorted(f"--{name.replace('_', '-')}" for name in names)


def test_every_metric_is_explained() -> None:
    rows = set(re.findall(r"^\| `(callsheet_sync_\w+)", section(SYNC, "What it tells"), re.MULTILINE))
    registry: CollectorRegistry = SyncMetrics().registry
    there = {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}
    assert rows == there


def test_the_example_of_a_settings_file_can_be_read(tmp_path: Path) -> None:
    (example,) = [block for block in blocks(SYNC, "toml") if "[templates]" in block]
    path = tmp_path / "settings.toml"
    path.write_text(example, encoding="utf-8")
    settings = read_view_settings(path)
    assert settings.templates.notes is not None
    assert settings.templates.notes.names == {"company", "client", "notes"}
    assert len(settings.privacy_rules.classes) == len(settings.privacy_rules.mailboxes) == 1
