"""The XML of every request, against the published schema of EWS, where it is at hand."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from consumer.calendars.ews import elements, messages
from consumer.calendars.ews.keys import find_keys
from consumer.calendars.ews.soap import envelope
from consumer.calendars.ews.versions import DIALECTS, Dialect
from consumer.core.actions import UpdateItem
from consumer.core.coverage import Coverage
from consumer.core.mailbox import Item, ItemRef, TombstoneState
from tests.consumer.calendars.samples import EXPIRES, SINCE, START, appointment, cancelled, change

MAILBOX = "o'hara&co@example.com"
# Ids of Exchange are base64; these could not be told from markup without escaping.
REF = ItemRef("AAMk\"<>&'==", "CQAAA&=")
HOSTILE = "Håkan – Ærø 🎬 <b>&amp; ]]> \x07 \"quoted\" 'too'"


def schema_path() -> Path | None:
    """messages.xsd: in the folder of CALLSHEET_EWS_SCHEMA, or in ../shared/ews-schema beside the checkout."""
    named = os.environ.get("CALLSHEET_EWS_SCHEMA")
    folder = Path(named) if named else Path(__file__).resolve().parents[4] / "shared" / "ews-schema"
    path = folder if folder.suffix == ".xsd" else folder / "messages.xsd"
    return path if path.is_file() else None


def item(digest: str = "") -> Item:
    return Item(REF, "k" * 32, "s" * 16, 1, digest, START, START, ("Mine & yours",))


def bodies(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Every request that the gateway sends, by name."""
    wanted = appointment(HOSTILE, notes=HOSTILE + "\r\n", location=HOSTILE, categories=(HOSTILE,), private=True)
    bare = appointment("", notes="", location="", categories=(), show_as="oof", all_day=True, hours=24)
    reminded = appointment(HOSTILE, reminder=15, show_as="tentative")
    yield "find_ledger", messages.find_ledger(MAILBOX)
    yield "create_ledger", messages.create_ledger(MAILBOX)
    yield "find_items", messages.find_items(MAILBOX, SINCE, 249)
    yield "find one key", find_keys(MAILBOX, None, {"k" * 32}, 0)
    yield "find keys", find_keys(MAILBOX, REF.item_id, {"k" * 32, HOSTILE.replace("\x07", "")}, 249)
    yield "find_ledger_entries", messages.find_ledger_entries(REF.item_id, 0)
    changes = [change(2, one, booking=HOSTILE) for one in (wanted, bare, reminded)]
    yield "create_items", messages.create_items(MAILBOX, changes, dialect)
    updates = [
        elements.update_item(UpdateItem(item(before), one), dialect)
        for before in ("", reminded.digest, bare.digest)
        for one in changes
    ]
    yield "update_items", messages.update_items(updates)
    yield "fence and release", messages.update_items([elements.fence_item(item()), elements.release_item(item())])
    absent = replace(cancelled(3), state=TombstoneState.ABSENT, absent=Coverage(SINCE, EXPIRES, 3))
    entries = [elements.tombstone(cancelled(3)), elements.tombstone(absent), elements.floor("s" * 16, 7)]
    entries.append(elements.floor("s" * 16, -1, absent.absent))
    yield "create_entries", messages.create_entries(REF.item_id, entries)
    replaced = [elements.replace_tombstone(cancelled(3), REF), elements.replace_floor(REF, "s" * 16, 8)]
    replaced += [elements.replace_tombstone(absent, REF), elements.replace_floor(REF, "s" * 16, 8, absent.absent)]
    yield "replace_entries", messages.update_items(replaced)
    yield "delete_items", messages.delete_items([REF, REF], "SoftDelete")
    yield "delete_entries", messages.delete_items([REF], "HardDelete")


@pytest.mark.skipif(
    schema_path() is None, reason="no messages.xsd: set CALLSHEET_EWS_SCHEMA to the folder that holds it"
)
@pytest.mark.parametrize("version", DIALECTS)
def test_every_request_fits_the_schema(version: str) -> None:
    schema = etree.XMLSchema(etree.parse(str(schema_path())))
    for name, body in bodies(DIALECTS[version]):
        root = etree.fromstring(envelope(DIALECTS[version].schema, MAILBOX, body))
        (element,) = root[1]
        schema.validate(element)
        problems = [str(entry.message) for entry in schema.error_log]  # type: ignore[attr-defined]
        assert problems == [], f"{version} {name}"


@pytest.mark.parametrize("version", DIALECTS)
def test_every_request_is_xml_that_says_what_was_meant(version: str) -> None:
    dialect = DIALECTS[version]
    for name, body in bodies(dialect):
        root = etree.fromstring(envelope(dialect.schema, MAILBOX, body))
        texts = set(root.itertext())
        clean = HOSTILE.replace("\x07", "")
        if name in ("create_items", "update_items"):
            assert clean in texts
            assert clean + "\r\n" in texts, "a line break of Windows survives the parser"
        zones = {etree.QName(element).localname for element in root.iter() if "Zone" in str(element.tag)}
        if name in ("create_items", "update_items"):
            expected = {"MeetingTimeZone"} if version == "2007_SP1" else {"StartTimeZone", "EndTimeZone"}
            assert zones == expected
        ids = {element.get("Id") for element in root.iter() if str(element.tag).endswith("}ItemId")}
        assert ids <= {REF.item_id}


def test_nothing_is_ever_sent_to_anybody() -> None:
    for name, body in bodies(DIALECTS["2016"]):
        assert "SendToAll" not in body
        if "calendar" not in name and name in ("create_items", "update_items", "delete_items"):
            assert 'SendToNone"' in body
        if name in ("update_items", "replace_entries", "fence and release"):
            assert 'ConflictResolution="NeverOverwrite"' in body
