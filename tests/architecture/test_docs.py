"""What the documents say of the checkout is so: links, make targets, paths, commands, names."""

import re
from pathlib import Path

import pytest

from consumer.commands import app as consumer_app
from consumer.core.actions import Outcome
from contract import names
from tests.architecture.documents import (
    CHECKOUT,
    DOCS,
    DOCUMENTS,
    FENCE,
    INLINE,
    LINK,
    anchors_of,
    code_of,
    short,
    text_of,
)


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_relative_links_lead_somewhere(file: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", text_of(file))):
        target, _, anchor = link.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        place = (file.parent / target).resolve() if target else file
        if not place.exists() or (anchor and anchor not in anchors_of(place)):
            dead.append(link)
    assert not dead, f"{short(file)}: {dead}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_make_targets_exist(file: Path) -> None:
    makefile = text_of(CHECKOUT / "Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = [
        word
        for code in code_of(text_of(file))
        for words in re.findall(r"(?:^|[;&|(] *)make((?: +[a-z-]+)+)", code, re.MULTILINE)
        for word in words.split()
    ]
    assert set(named) <= targets, f"{short(file)} names {sorted(set(named) - targets)}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_paths_in_the_checkout_exist(file: Path) -> None:
    tops = {path.name for path in CHECKOUT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    named = INLINE.findall(FENCE.sub("", text_of(file)))
    missing = [
        code
        for code in named
        if re.fullmatch(r"[\w.-]+(/[\w.-]*)+", code)
        and code.partition("/")[0] in tops
        and not list(CHECKOUT.glob(code.rstrip("/")))
    ]
    assert not missing, f"{short(file)} names {missing}"


def test_every_decision_is_in_the_index() -> None:
    files = {file.name for file in (DOCS / "adr").glob("[0-9]*.md")}
    rows = re.findall(r"^\| \d{4} \| \[(.*?)\]\((.*?)\)", text_of(DOCS / "adr" / "README.md"), re.MULTILINE)
    assert {target for _, target in rows} == files
    for title, target in rows:
        decision = text_of(DOCS / "adr" / target)
        assert decision.startswith(f"# {int(target[:4])}. {title}\n"), target
        for heading in ("Context", "Decision", "The alternative that lost", "Consequences"):
            assert f"\n## {heading}\n" in decision, f"{target} lacks {heading}"
        assert "\nStatus: " in decision


def test_the_properties_are_named_as_they_are_written() -> None:
    text = text_of(DOCS / "architecture.md")
    ours = {value for name, value in vars(names).items() if name.startswith("PROPERTY_") and name != "PROPERTY_SET"}
    assert names.PROPERTY_SET in text
    assert set(re.findall(r"^\| `(Callsheet\w+)` \|", text, re.MULTILINE)) == ours
    assert names.TOMBSTONE_CLASS in text
    assert names.FLOOR_CLASS in text


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_only_commands_that_there_are_are_shown(file: Path) -> None:
    there = {command.name or getattr(command.callback, "__name__", "") for command in consumer_app.registered_commands}
    there |= {group.name for group in consumer_app.registered_groups}
    shown = {
        word
        for code in code_of(text_of(file))
        for word in re.findall(r"(?:^|[`;&|] *)callsheet-consumer +([a-z]+)", code, re.MULTILINE)
    }
    assert shown <= there


@pytest.mark.parametrize("file", DOCUMENTS, ids=short)
def test_outcomes_in_metrics_are_real(file: Path) -> None:
    shown = set(re.findall(r'outcome="(\w+)"', text_of(file)))
    assert shown <= {str(outcome) for outcome in Outcome}
