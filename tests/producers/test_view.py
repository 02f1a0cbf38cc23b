"""How bookings are shown: statuses, templates, privacy, and the file that says so."""

from pathlib import Path

import pytest

from contract.event import Status
from producers.sources.damaged import DamagedFile
from producers.sync.privacy import Privacy, PrivacyRules
from producers.sync.schedule import Booking, Content, Schedule, content_of
from producers.sync.template import Template, TemplateError
from producers.sync.view import AS_READ, UnknownField, View
from producers.sync.view_file import read_view_settings

FIELDS = {"project": "Feature X", "container": "Grading", "booking": "Reel 3", "company": "", "client": "Nordic Film"}


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("{a} / {b} / {c}", {"a": "A", "b": "B", "c": "C"}, "A / B / C"),
        ("{a} / {b} / {c}", {"a": "A", "c": "C"}, "A / C"),
        ("{a} / {b} / {c}", {"b": "B"}, "B"),
        ("{a} / {b} / {c}", {"a": " ", "c": " C "}, "C"),
        ("{a} / {b}", {}, ""),
        ("[{a}] {b}", {"a": "A", "b": "B"}, "[A] B"),
        ("Client: {a}\nStudio\n{b}, {c}", {"b": "B"}, "Studio\nB"),
        ("Client: {a} (paid)", {"a": "A"}, "Client: A (paid)"),
        ("{{{a}}}", {"a": "A"}, "{A}"),
        ("no field", {}, "no field"),
    ],
)
def test_what_is_empty_takes_its_separator_with_it(template: str, values: dict[str, str], text: str) -> None:
    assert Template.read(template).fill(values) == text


@pytest.mark.parametrize("template", ["{", "{}", "{0}", "{a.b}", "{a!r}", "{a:>5}", "a}"])
def test_a_text_that_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(TemplateError, match="names in braces"):
        Template.read(template)


def booking(content: dict[str, object], **fields: str) -> Booking:
    times = {"start": "2026-12-01T08:00:00Z", "end": "2026-12-01T09:00:00Z"}
    return Booking("B-1", content_of({**times, "title": "Reel 3", **content}), frozenset(), fields)


def shown(view: View, given: Booking) -> dict[str, Content]:
    chosen = view.chosen(Schedule("farmerswife://studio", {given.id: given}, {}))
    return {key: found.content for key, found in chosen.bookings.items()}


def test_templates_write_title_and_notes() -> None:
    view = View(title=Template.read("{project} / {container} / {booking}"), notes=Template.read("{company} / {client}"))
    written = booking({"title": "Feature X / Grading / Reel 3", "notes": "Nordic Film"})
    assert shown(view, booking({"notes": "from the source"}, **FIELDS)) == {"B-1": written.content}
    assert shown(AS_READ, written) == {"B-1": written.content}
    without = {"project": "", "container": "", "booking": "", "company": "", "client": ""}
    assert shown(view, booking({"notes": "gone"}, **without)) == {"B-1": booking({}).content}


def test_every_template_may_use_what_an_event_carries() -> None:
    view = View(notes=Template.read("{title} in {location} ({status})\n{notes}"))
    written = booking(
        {"location": "Suite 4", "notes": "Reel 3 in Suite 4 (tentative)\nBring it", "status": "tentative"}
    )
    assert shown(view, booking({"location": "Suite 4", "notes": "Bring it", "status": "tentative"})) == {
        "B-1": written.content
    }


def test_a_template_with_a_name_that_the_source_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownField, match=r"title names cleint, .* expected booking, client, .* title"):
        shown(View(title=Template.read("{cleint} {booking}")), booking({}, **FIELDS))


def test_only_the_chosen_statuses_are_shown() -> None:
    confirmed = View(statuses=frozenset([Status.CONFIRMED]))
    assert shown(confirmed, booking({"status": "tentative"})) == {}
    assert shown(confirmed, booking({})) == {"B-1": booking({}).content}
    assert shown(View(statuses=frozenset([Status.TENTATIVE])), booking({})) == {}
    assert shown(AS_READ, booking({"status": "tentative"})) == {"B-1": booking({"status": "tentative"}).content}


FULL = {
    "location": "Suite 4",
    "notes": "secret",
    "categories": ["Sickness"],
    "url": "https://x.example/",
    "private": True,
}


@pytest.mark.parametrize(
    ("mailbox", "kind", "kept"),
    [
        ("anna@example.com", "work", {**FULL, "categories": ["Work"]}),
        ("anna@example.com", "Sickness", {"private": True, "title": "Away"}),
        ("ceo@board.example.com", "work", {"private": True}),
        ("ceo@board.example.com", "Sickness", {"private": True, "title": "Away"}),
        ("ceo@sub.board.example.com", "work", {**FULL, "categories": ["Work"]}),
    ],
)
def test_the_strictest_rule_of_class_and_mailbox_wins(mailbox: str, kind: str, kept: dict[str, object]) -> None:
    rules = PrivacyRules(
        classes={"sickness": Privacy.BUSY_ONLY},
        mailboxes={"*@Board.example.com": Privacy.TITLE_ONLY},
        busy_title="Away",
    )
    content_for = View(privacy=rules).content_for()
    by_class = booking({**FULL, "categories": ["Work"]}, **{"class": kind})
    assert content_for(by_class, mailbox) == booking(kept).content
    assert content_for(by_class, mailbox) == booking(kept).content  # the second time it is remembered


def test_a_category_is_a_class_too() -> None:
    content_for = View(privacy=PrivacyRules(classes={"SICKNESS": Privacy.TITLE_ONLY})).content_for()
    assert content_for(booking(FULL), "anna@example.com") == booking({"private": True}).content


def test_the_file_of_settings(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        '[templates]\ntitle = "{project} / {booking}"\n[privacy]\ndefault = "title_only"\nbusy_title = "Taken"\n'
        '[privacy.classes]\nSickness = "busy_only"\n[privacy.mailboxes]\n"*@board.example.com" = "busy_only"\n'
    )
    found = read_view_settings(path)
    assert found.templates.title == Template.read("{project} / {booking}")
    assert found.templates.notes is None
    assert found.privacy_rules == PrivacyRules(
        Privacy.TITLE_ONLY, {"Sickness": Privacy.BUSY_ONLY}, {"*@board.example.com": Privacy.BUSY_ONLY}, "Taken"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[templates", "not TOML"),
        ('[template]\ntitle = "x"', "template is no setting: expected"),
        ('[templates]\ntitle = "{x"', "templates.title: found '{x', expected names in braces"),
        ("[templates]\nnotes = 7", "templates.notes: found 7, expected a text"),
        (
            '[privacy]\ndefault = "secret"',
            "privacy.default: found 'secret', expected 'full', 'title_only'",
        ),
        ('[privacy.classes]\nSick = "all"', "privacy.classes.Sick: found 'all'"),
    ],
)
def test_a_file_of_settings_that_is_wrong_says_where(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(DamagedFile) as caught:
        read_view_settings(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
