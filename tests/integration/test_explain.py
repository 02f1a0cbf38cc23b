"""What `explain` says is what stands in the mailbox."""

from datetime import datetime, timedelta

from contract.identity import booking_key, source_mark
from tests.consumer.calendars.owner import Owner
from tests.integration.conftest import StartSystem
from tests.integration.system import SOURCE, cancelled, changed
from tests.operator import call, call_each

ANNA = "anna@example.com"


async def test_an_item_is_explained_from_its_writing_to_its_edit_and_its_end(system: StartSystem) -> None:
    one = system([ANNA])
    owner = Owner(one.emulator, ANNA)
    assert call(one, "explain", ANNA, "B-1").code == 1
    await one.start_replicas(1)
    event = changed(ANNA, "B-1", 17, title="Feature X", location="Suite 4", categories=("Grading",), private=True)
    await one.publish([event])
    await one.settled(1)

    as_json, called, of_another_source, in_another_case = call_each(
        one,
        ["explain", ANNA.upper(), "B-1", "--json"],
        ["explain", ANNA, "B-1", "--source", SOURCE],
        ["explain", ANNA, "B-1", "--source", "other://source"],
        ["explain", ANNA, "b-1"],
    )
    document = as_json.json()
    (item,) = document["items"]
    assert (item["key"], item["source_mark"]) == (booking_key(SOURCE, "B-1"), source_mark(SOURCE))
    assert (item["title"], item["location"], item["private"], item["folder"]) == (
        "Feature X",
        "Suite 4",
        True,
        "calendar",
    )
    assert datetime.fromisoformat(item["start"]) == event.data.start
    assert (item["revision"], item["event_id"]) == (17, event.id)
    assert abs(datetime.fromisoformat(item["event_time"]) - event.time) < timedelta(seconds=1)
    assert (item["edited"], item["certainly_edited"], document["tombstones"]) == (False, [], [])
    assert called.code == 0
    for words in ("In the calendar: Feature X", "Suite 4", "17", event.id, "no, it is as Callsheet wrote it", "CET"):
        assert words in called.out
    assert (of_another_source.code, in_another_case.code) == (1, 1)

    owner.change(owner.only(), "item:Subject", "<t:Subject>Mine\x9b now &lt;b&gt;</t:Subject>")
    edited = call(one, "explain", ANNA, "B-1")
    assert "yes: title, time, place, show-as or private are not as written" in edited.out
    assert "Mine\\x9b now <b>" in edited.out
    owner.change(owner.only(), "item:Categories", "<t:Categories><t:String>Private life</t:String></t:Categories>")
    (item,) = call(one, "explain", ANNA, "B-1", "--json").json()["items"]
    assert (item["edited"], item["certainly_edited"]) == (True, ["categories"])
    assert item["other_categories"] == ["Private life"]

    owner.delete(owner.only())
    thrown = call(one, "explain", ANNA, "B-1")
    assert thrown.code == 0
    assert "It is not in the calendar." in thrown.out
    assert "Thrown away, in Deleted Items" in thrown.out

    cancellation = cancelled(ANNA, "B-1", 18)
    await one.publish([cancellation])
    await one.settled(2)
    ended, in_words = call_each(one, ["explain", ANNA, "B-1", "--json"], ["explain", ANNA, "B-1"])
    (tombstone,) = ended.json()["tombstones"]
    assert (tombstone["state"], tombstone["revision"], tombstone["event_id"]) == ("cancelled", 18, cancellation.id)
    assert "It was cancelled: only an event with a higher revision brings it back." in in_words.out


async def test_what_lies_outside_the_window_is_explained(system: StartSystem) -> None:
    one = system([ANNA])
    await one.start_replicas(1)
    far = changed(ANNA, "B-1", 3)
    far = changed(ANNA, "B-1", 3, start=far.data.start + timedelta(days=400), end=far.data.end + timedelta(days=400))
    await one.publish([far])
    await one.settled(1)
    called = call(one, "explain", ANNA, "B-1")
    assert called.code == 0
    assert "Tombstone, outside: It lay outside the window" in called.out


async def test_usage_settings_and_refusals(system: StartSystem) -> None:
    one = system([ANNA, {"address": "berit@example.com", "aliases": ["b@example.com"]}])
    wrong_address, pattern = call_each(one, ["explain", "Anna", "B-1"], ["explain", "*@example.com", "B-1"])
    assert (wrong_address.code, pattern.code) == (2, 2)
    missing = call(one, "explain", ANNA, "B-1", CALLSHEET_EWS_URL="")
    assert (missing.code, "CALLSHEET_EWS_URL" in missing.err) == (2, True)
    refused = call(one, "explain", "nobody@example.com", "B-1")
    assert (refused.code, refused.out) == (1, "")
    assert "nobody@example.com" in refused.err
    wrong = call(one, "explain", ANNA, "B-1", CALLSHEET_EWS_PASSWORD="Not-the-one-9")
    assert wrong.code == 1
    assert "HTTP401" in wrong.err
    assert "Not-the-one-9" not in wrong.err + wrong.out
